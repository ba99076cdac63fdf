"""The invented evening: made the same every time, and found again by the rules as it was planted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import geopandas
import pytest
import yaml

from ingestion.fuse import Fused, Fuser
from ingestion.places import gazetteer
from ingestion.reading import view_of, what_it_says
from ingestion.sample import make_sample
from ingestion.source import sources
from models.cascades import metres
from models.domain import Evidence, Feature, Impact, Incident, Quarantined

SAMPLE = make_sample.HERE
FILES = {"warning": "warnings.json", "hotline": "hotline.xlsx", "social": "social.jsonl"}
NOW = datetime(2026, 7, 19, tzinfo=UTC)


@cache
def truth() -> dict[str, Any]:
    return yaml.safe_load((SAMPLE / "truth.yml").read_text("utf-8"))


@cache
def heard() -> list[Evidence]:
    """Every message and warning of the sample, in the order a desk that was always up to date would have heard them."""
    known = sources()
    items = [one for name, file in FILES.items() for one in known[name].read(SAMPLE / file, NOW) if isinstance(one, Evidence)]
    return sorted(items, key=lambda one: (one.sent_at, one.id))


@cache
def night(order: str = "time") -> tuple[dict[str, Fused], dict[str, str], dict[str, Incident], dict[str, dict[str, Impact]]]:
    """The evening through the rules: by external id what became of each, where each ended, the incidents and their figures.

    `order` is "time", or "source": all of one source before the next, as when three exports are loaded one after another.
    """
    fuser, known, names = Fuser(), sources(), gazetteer("南京市")
    fused, home, incidents, impacts = {}, {}, {}, {}
    external = {one.id: one.external_id for one in heard()}
    for evidence in heard() if order == "time" else sorted(heard(), key=lambda one: (one.source, one.sent_at)):
        understanding, statements = what_it_says(evidence, names, "南京市")
        one = fuser.place(view_of(evidence, known[evidence.source].source, understanding), understanding, statements)
        fused[evidence.external_id] = one
        if one.incident is not None:
            home[evidence.external_id] = one.incident.id
            incidents[one.incident.id] = one.incident
            impacts[one.incident.id] = {impact.type: impact for impact in one.impacts}
        for view, match in one.also:
            home[external[view.id]] = match.incident
    return fused, home, incidents, impacts


def planted() -> Iterator[tuple[dict[str, Any], Incident | None]]:
    """Each planted incident with the one found for it: same mode, hazard and scope, near enough, and named for it."""
    _, _, incidents, _ = night()
    for one in truth()["incidents"]:
        fitting = [
            found
            for found in incidents.values()
            if (found.mode, found.hazard, found.scope) == (one["mode"], one["hazard"], one["scope"])
            and all(word in found.title for word in one["title_words"])
            and (one["scope"] == "area" or metres(found.place.lon or 0, found.place.lat or 0, one["lon"], one["lat"]) < 500)
        ]
        yield one, fitting[0] if len(fitting) == 1 else None


# How it is made


def test_making_the_sample_again_gives_the_same_files(tmp_path: Path) -> None:
    make_sample.make(tmp_path, gazetteer=tmp_path / "gazetteer.yml")
    for name in ("hotline.xlsx", "social.jsonl", "warnings.json", "truth.yml"):
        assert (tmp_path / name).read_bytes() == (SAMPLE / name).read_bytes(), name
    assert (tmp_path / "gazetteer.yml").read_bytes() == make_sample.GAZETTEER.read_bytes()
    for layer in geopandas.list_layers(SAMPLE / "survey.gpkg")["name"]:
        made, kept = (geopandas.read_file(folder / "survey.gpkg", layer=layer) for folder in (tmp_path, SAMPLE))
        assert made.equals(kept), layer


def test_the_sample_is_about_three_hundred_messages_and_small() -> None:
    assert 280 <= len(heard()) <= 330
    assert sum(file.stat().st_size for file in SAMPLE.iterdir() if file.is_file()) < 1_500_000


def test_every_record_of_the_sample_is_read_and_none_is_quarantined() -> None:
    known = sources()
    records = [one for name, file in FILES.items() for one in known[name].read(SAMPLE / file, NOW)]
    assert not [one for one in records if isinstance(one, Quarantined)]
    assert all(one.sent_at is not None and one.external_id for one in records if isinstance(one, Evidence))


def test_every_number_of_the_truth_is_a_message_of_the_sample() -> None:
    ids = [number for one in truth()["incidents"] for number in one["evidence"]]
    ids += [number for about in ("rumour", "denial", "prank", "irrelevant") for number in truth()[about]]
    assert len(ids) == len(set(ids))
    assert set(ids) == {one.external_id for one in heard() if one.source != "warning"}


def test_every_telephone_number_is_an_invented_one() -> None:
    text = "\n".join(one.text + json.dumps(one.fields, ensure_ascii=False) for one in heard())
    numbers = re.findall(r"1[3-9]\d{9}", text)
    assert numbers
    assert all(number.startswith("1380000") for number in numbers)


def test_the_survey_reads_with_depots_shelters_people_and_underpasses() -> None:
    features = [one for one in sources()["survey"].read(SAMPLE / "survey.gpkg", NOW) if isinstance(one, Feature)]
    kinds = {kind: sum(one.kind == kind for one in features) for kind in {one.kind for one in features}}
    assert kinds["building"] >= 300
    assert kinds["population"] > 90
    assert {"road", "school", "hospital", "chemical_plant", "shelter", "depot", "underpass", "river"} <= kinds.keys()
    stock = next(one.properties["stock"] for one in features if one.kind == "depot")
    assert all({"quantity", "unit"} == set(held) for held in json.loads(str(stock)).values())


# What the rules find


def test_the_incidents_found_are_those_planted() -> None:
    _, _, incidents, _ = night()
    pairs = list(planted())
    missed = [one["key"] for one, found in pairs if found is None]
    spurious = [one.title for one in incidents.values() if one.id not in {found.id for _, found in pairs if found}]
    assert (missed, spurious) == ([], [])


def test_sources_loaded_one_after_another_give_the_same_incidents() -> None:
    _, home, incidents, _ = night()
    _, other_home, other, _ = night("source")
    assert {one.title for one in other.values()} == {one.title for one in incidents.values()}
    assert {number: other[where].title for number, where in other_home.items()} == {
        number: incidents[where].title for number, where in home.items()
    }


def test_no_exercise_message_is_in_an_actual_incident_and_no_actual_one_in_the_exercise() -> None:
    _, home, incidents, _ = night()
    drills = {number for one in truth()["incidents"] if one["mode"] == "exercise" for number in one["evidence"]}
    assert {number for number, where in home.items() if incidents[where].mode == "exercise"} == drills


def test_no_prank_and_no_rumour_opened_an_incident() -> None:
    fused, home, _, _ = night()
    assert not [number for number in truth()["prank"] if number in home]
    assert not [number for number in truth()["rumour"] if fused[number].match.opens]


def test_the_rumour_is_never_a_believed_figure() -> None:
    _, _, _, impacts = night()
    assert all((figures["dead"].best or 0) < 10 for figures in impacts.values() if "dead" in figures)


def test_the_last_figures_are_those_the_script_ends_with() -> None:
    _, _, _, impacts = night()
    wrong = []
    for one, found in planted():
        for name, value in truth()["last_figures"].get(one["key"], {}).items():
            figure = impacts[found.id].get(name) if found else None
            if figure is None or figure.best != value:
                wrong.append((one["key"], name, value, figure and figure.best))
    assert wrong == []


@pytest.mark.parametrize(("about", "least"), [("irrelevant", 0.97)])
def test_irrelevant_messages_stay_out_of_incidents(about: str, least: float) -> None:
    _, home, _, _ = night()
    stray = [number for number in truth()[about] if number in home]
    assert 1 - len(stray) / len(truth()[about]) >= least, stray


def test_nine_in_ten_messages_about_a_site_are_fused_into_it_and_hardly_any_into_another() -> None:
    _, home, incidents, _ = night()
    share, wrong = {}, []
    for one, found in planted():
        if found and one["scope"] == "site":
            share[one["key"]] = sum(home.get(number) == found.id for number in one["evidence"]) / len(one["evidence"])
            wrong += [
                number
                for number in one["evidence"]
                if number in home and home[number] != found.id and incidents[home[number]].scope == "site"
            ]
    assert min(share.values()) >= 0.9, share
    assert not wrong
