"""Colours hold WCAG 2.2's contrasts on every ground they stand on, in the dark and in the light; severity is told apart without colour sight, too."""

from __future__ import annotations

import itertools
import re

import pytest

from dashboard import look
from dashboard.serve import OPTIONS

PAIRS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(
        r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", look.STYLE.read_text(encoding="utf-8")
    )
}
WORDS = ("dim", "chip", "good", "soon", "unverified", "ai", "info", "old", "new", "link")
SIGNS = ("sev-0", "sev-1", "sev-2", "sev-3", "sev-4", "sev-5", "soon-line", "good-line", "info-line", "over")


def grounds(scheme: str) -> list[str]:
    return [OPTIONS[f"theme.{scheme}.backgroundColor"], OPTIONS[f"theme.{scheme}.secondaryBackgroundColor"], PAIRS["panel"][scheme]]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_on_every_ground(scheme: str) -> None:
    weak = {(name, ground) for name in WORDS for ground in grounds(scheme) if contrast(PAIRS[name][scheme], ground) < 4.5}
    assert weak == set()
    assert contrast("#ffffff", PAIRS["over"][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shapes_and_edges_can_be_seen_on_every_ground(scheme: str) -> None:
    assert {(name, ground) for name in SIGNS for ground in grounds(scheme) if contrast(PAIRS[name][scheme], ground) < 3} == set()


def test_the_map_and_the_dark_page_use_the_same_severity_colours() -> None:
    assert [colour for colour, _ in look.SHAPES] == [PAIRS[f"sev-{rank}"]["dark"] for rank in range(len(look.SHAPES))]


def test_every_severity_has_a_shape_of_its_own_on_the_page_and_on_the_map() -> None:
    sheet = look.STYLE.read_text(encoding="utf-8")
    cut = re.findall(r"\.anlan-shape-\d \{ ([^}]*) \}", sheet)
    assert len(cut) == len(set(cut)) == len(look.SHAPES)
    assert all(one != other for (_, one), (_, other) in itertools.combinations(look.SHAPES, 2))
