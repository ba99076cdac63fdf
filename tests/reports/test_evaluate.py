"""The look-up that judges drafts finds what is invented, and drafts by rules of the public corpus hold nothing that is not in the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.one_text import dossier_of_text
from models.settings import Settings
from reports.draft import draft
from reports.evaluate import RECEIVED, drafts, not_in_text

CEC = Path(__file__).resolve().parents[3] / "shared" / "data" / "cec" / "cec_dev.jsonl"
TEXT = "８月２５日晚，江宁区东山街道一家厂房起火，下午3点半，造成两人死亡，转移2.1万人，无人失踪。"


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("死亡3人", "numbers"),
        ("转移22000人", "numbers"),
        ("8月25日18时00分起火", "times"),
        ("2025年8月25日起火", "times"),
        ("16时30分起火", "times"),
        ("苏州市厂房起火", "places"),
        ("江宁区竹山路厂房起火", "places"),
    ],
)
def test_what_nobody_said_is_found(sentence: str, kind: str) -> None:
    assert [name for name, found in not_in_text([sentence], TEXT).items() if found] == [kind]


@pytest.mark.parametrize(
    "sentence",
    [
        "死亡2人，转移21000人，失踪0人",
        "15时30分，江宁区东山街道厂房起火",
        "8月25日，江苏省南京市江宁区",
        "2026年11月17日4时47分接报，厂房起火",
    ],
)
def test_what_was_said_in_other_figures_is_not(sentence: str) -> None:
    assert not any(not_in_text([sentence], TEXT).values())


@pytest.mark.parametrize(
    ("text", "said", "unsaid"),
    [
        ("2026年8月25日晚，晴川苑发生火灾，1人受伤。", "2026年8月25日（待核）", "18时"),
        ("晴川苑发生火灾，数百人被困。", "“数百人被困", "200"),
        ("晴川苑发生火灾，1人受伤。", "晴川苑", "南京市晴川苑"),
        ("江宁区晴川苑发生火灾，1人受伤。", "南京市江宁区晴川苑", "江宁区江宁区"),
    ],
)
def test_a_draft_is_no_finer_than_what_was_said(text: str, said: str, unsaid: str) -> None:
    report = draft(dossier_of_text(text, None, RECEIVED, Settings()), by="duty", at=RECEIVED, settings=Settings())
    told = "\n".join(claim.text for claim in report.claims if claim.kind in ("fact", "missing"))
    assert said in told
    assert unsaid not in told


def test_drafts_of_the_public_corpus_hold_nothing_that_is_not_in_the_text(tmp_path: Path) -> None:
    if not CEC.is_file():
        pytest.skip("the shared evaluation data is not on this machine")
    part = tmp_path / "every_third.jsonl"
    part.write_text("\n".join(CEC.read_text("utf-8").splitlines()[::3]), encoding="utf-8")
    figures = drafts(part, dossier_of_text, Settings())
    assert figures["drafts"] >= 45
    assert figures["sentences"] >= 10 * figures["drafts"]
    assert [figures[f"{kind}_not_in_text"] for kind in ("numbers", "times", "places")] == [0, 0, 0], figures["examples"]


@pytest.mark.parametrize(
    ("text", "told", "untold"),
    [
        ("白下区瑞晴路发生火灾，造成1人死亡。", "白下区瑞晴路", "秦淮区"),
        ("秦淮区瑞晴路（原白下区）发生火灾，造成1人死亡。", "秦淮区瑞晴路", "秦淮区白下区"),
    ],
)
def test_a_district_told_by_its_former_name_stays_as_it_was_told(text: str, told: str, untold: str) -> None:
    dossier = dossier_of_text(text, None, RECEIVED, Settings())
    said = "".join(claim.text for claim in draft(dossier, by="duty", at=RECEIVED, settings=Settings()).claims)
    assert told in said
    assert untold not in said
