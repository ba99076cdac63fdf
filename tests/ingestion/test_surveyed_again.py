"""A body surveyed again keeps its id: the graph holds its newest survey, the ledger both. And the command that counts over it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import geopandas
import pytest
import shapely
from shapely import Point
from typer.testing import CliRunner

import anlan
from graph.knowledge import Knowledge
from ingestion.pipeline import receive
from ingestion.sample import FOLDER
from ingestion.sources import survey
from models import footprints
from models.domain import Feature

SPOT = Point(118.79, 32.04)


def written(path: Path, rows: list[dict[str, object]], layer: str = "population") -> Path:
    frame = geopandas.GeoDataFrame(rows, geometry="geometry", crs=4490)
    frame.to_file(path, layer=layer)
    return path


def read(path: Path) -> list[Feature]:
    return [one for one in survey.read(path, datetime.now(UTC)) if isinstance(one, Feature)]


def town(people: int, *, id: str | None = "JD-017", shape: shapely.Geometry = SPOT, **more: object) -> dict[str, object]:
    return {"name": "青梅街道", "people": people, "adcode": "320104", "geometry": shape} | ({"id": id} if id else {}) | more


def test_a_new_survey_takes_the_place_of_the_old_in_the_graph_and_the_ledger_keeps_both(knowledge: Knowledge, tmp_path: Path) -> None:
    old = receive(knowledge, "survey", written(tmp_path / "a.gpkg", [town(1_000)]))
    new = receive(knowledge, "survey", written(tmp_path / "b.gpkg", [town(1_200, shape=Point(118.7901, 32.0402))]))
    again = receive(knowledge, "survey", written(tmp_path / "c.gpkg", [town(1_200, shape=Point(118.7901, 32.0402))]))
    assert [(one.new, one.duplicate) for one in (old, new, again)] == [(1, 0), (1, 0), (0, 1)]
    [kept] = knowledge.store.features(["population"])
    assert (kept.properties["people"], kept.lon) == (1_200, pytest.approx(118.7901))
    versions = [entry.payload["feature"]["properties"]["people"] for entry in knowledge.ledger.entries(kinds=["feature.received"])]
    assert versions == [1_000, 1_200]
    assert knowledge.ledger.counts()["features"] == 1


def test_without_its_own_id_a_body_is_its_name_and_place(tmp_path: Path) -> None:
    [old] = read(written(tmp_path / "a.gpkg", [town(1_000, id=None)]))
    [new] = read(written(tmp_path / "b.gpkg", [town(1_200, id=None)]))
    [elsewhere] = read(written(tmp_path / "c.gpkg", [town(1_000, id=None, shape=Point(118.8, 32.1))]))
    assert old.id == new.id != elsewhere.id


def test_row_numbers_and_ids_that_recur_make_no_two_bodies_one(tmp_path: Path) -> None:
    """Every file counts its rows from 1, and a code column may hold a class; a body that disappears would be a lost one."""
    one, other = (read(written(tmp_path / f"{n}.gpkg", [town(1_000, id="1", shape=Point(118.7 + n, 32))]))[0] for n in (0.1, 0.2))
    assert one.id != other.id
    classed = read(written(tmp_path / "c.gpkg", [town(1_000, id="A-class", shape=Point(118.7 + n / 10, 32)) for n in range(3)]))
    assert len({body.id for body in classed}) == 3
    path = written(tmp_path / "d.gpkg", [town(1, id="S-01")], "schools")
    written(path, [town(1, id="S-01", shape=Point(118.9, 32))], "中小学")
    assert len({body.id for body in read(path)}) == 2
    districts = [read(written(tmp_path / f"{code}.gpkg", [town(1, id="S-01", adcode=code)]))[0].id for code in ("320104", "320105")]
    assert len(set(districts)) == 2


# The command


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(anlan.app, ["exposure", *words])
    return result.exit_code, result.stdout if result.exception is None else f"{result.stdout}{result.exception}"


def test_the_sample_is_counted_from_the_command_line_with_every_group() -> None:
    code, out = run("--circle", "118.8012,31.9935,500,1500", "--survey", str(FOLDER / "survey.gpkg"), "--json")
    found = json.loads(out)
    assert code == 0
    assert set(found["people"]) == {"all", "children", "elderly", "alone", "disabled"}
    assert found["people"]["all"]["best"] == pytest.approx(sum(street["people"]["all"]["best"] for street in found["streets"]))
    assert {"road", "underpass", "school", "hospital", "shelter"} <= {site["kind"] for site in found["sites"]}
    assert {row["structure"] for row in found["buildings"]} >= {"砖木", "砖混", "土木"}
    code, out = run("--area", "秦淮区", "--survey", str(FOLDER / "survey.gpkg"))
    assert code == 0
    assert "总人口" in out
    assert "缺口" in out or "有人口数据的面积 100.0%" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--circle", "118.8,31.99"), "半径"), (("--circle", "a,b,c"), "--circle"), (("--circle", "18.8,31.99,100"), "普查范围之外"), (("--area", "乌有街道"), "乌有街道"),
     (("--footprint", "/nowhere.geojson"), "不是文件"), (("--circle", "118.8,31.99,500", "--near", "-1"), "附近")],
)  # fmt: skip
def test_what_cannot_be_counted_is_one_clear_line(words: tuple[str, ...], said: str) -> None:
    code, out = run(*words, "--survey", str(FOLDER / "survey.gpkg"))
    assert code != 0
    assert said in out


def test_the_wrong_usage_is_told() -> None:
    assert run("--circle", "118.8,31.99,500", "--area", "秦淮区")[0] == 2
    assert run()[0] == 2


def test_the_graph_hands_out_every_body_that_reaches_into_the_footprint(knowledge: Knowledge) -> None:
    receive(knowledge, "survey", FOLDER / "survey.gpkg")
    ring = footprints.circle(118.8012, 31.9935, [500, 1_500], origin="x")
    from models.exposure import exposure

    around = knowledge.store.features_around(*footprints.bounds(ring))
    everything = read(FOLDER / "survey.gpkg")
    assert len(around) < len(everything)
    assert exposure(ring, around) == exposure(ring, everything)
