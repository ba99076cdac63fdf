"""The picture every page shares: what is counted where, and that only what is new is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dashboard import reading
from dashboard.board import SNAP, Board, Points, Wanted, snap, squares
from graph import judgements
from graph.knowledge import Knowledge
from graph.store import Store
from models.domain import Feature
from tests.dashboard.evening import PEOPLE, SURVEY, Evening

NOON = datetime(2026, 7, 18, 4, 0, tzinfo=UTC)


def piece(id: str, lon: float | None = 118.8, lat: float | None = 32.0, minutes: int = 0, **more: object) -> dict[str, object]:
    return {
        "id": id, "lon": lon, "lat": lat, "received": (NOON + timedelta(minutes=minutes)).isoformat(), "mode": "actual", "hazard": "flood",
        "adcode": None, "incident": "in-1", **more,
    }  # fmt: skip


def points(*rows: dict[str, object]) -> Points:
    return Points().added(rows)  # type: ignore[arg-type]


def named(found: Points, wanted: Wanted) -> list[str]:
    return [found.ids[line] for line in found.lines(wanted)]


def test_a_piece_written_again_keeps_its_one_line() -> None:
    found = points(piece("a"), piece("b"), piece("a", incident="in-2"))
    assert len(found) == 2
    assert named(found, Wanted("actual", incidents=frozenset({"in-1"}))) == ["b"]
    assert named(found, Wanted("actual", incidents=frozenset({"in-2"}))) == ["a"]


def test_who_reads_one_picture_never_sees_the_next_being_made() -> None:
    before = points(piece("a"))
    after = before.added([piece("a", mode="exercise"), piece("b", mode="exercise")])
    assert named(before, Wanted("actual")) == ["a"]
    assert len(before) == 1
    assert named(after, Wanted("exercise")) == ["a", "b"]


def test_three_thousand_pieces_are_all_there() -> None:
    found = points(*(piece(str(n), lon=118 + n / 10_000) for n in range(3_000)))
    assert len(found.lines(Wanted("actual"))) == 3_000
    assert found.column("lon")[2_999] == pytest.approx(118.2999)


def test_exercise_and_actual_are_never_counted_together() -> None:
    found = points(piece("a"), piece("b", mode="exercise"))
    assert named(found, Wanted("actual")) == ["a"]
    assert named(found, Wanted("exercise")) == ["b"]


def test_looking_back_shows_only_what_had_been_received() -> None:
    found = points(piece("a"), piece("b", minutes=30))
    assert named(found, Wanted("actual", until=NOON + timedelta(minutes=10))) == ["a"]


def test_a_box_leaves_out_what_is_outside_and_what_is_nowhere() -> None:
    found = points(piece("a"), piece("b", lon=119.5), piece("c", lon=None, lat=None))
    assert named(found, Wanted("actual", box=(118.0, 31.0, 119.0, 33.0))) == ["a"]


def test_filters_narrow_by_hazard_and_by_incident() -> None:
    found = points(piece("a"), piece("b", hazard="fire", incident="in-2"), piece("c", hazard=None, incident=None))
    assert named(found, Wanted("actual", hazards=frozenset({"fire"}))) == ["b"]
    assert named(found, Wanted("actual", hazards=frozenset({"never heard of"}))) == []
    assert named(found, Wanted("actual", incidents=frozenset({"in-1"}))) == ["a"]


def test_squares_lose_and_double_nothing() -> None:
    chance = np.random.default_rng(5)
    lat, lon = chance.uniform(31.8, 32.3, 20_000), chance.uniform(118.4, 119.1, 20_000)
    for zoom in (8, 11, 14):
        assert sum(square.count for square in squares(lat, lon, zoom)) == 20_000
    assert len(squares(lat, lon, 8)) < len(squares(lat, lon, 11)) < 2_000


def test_a_blurred_position_does_not_tell_where_in_its_square_it_was() -> None:
    assert float(snap(118.79999)) == float(snap(118.79501))
    assert abs(float(snap(32.00123)) - 32.00123) <= SNAP / 2


def test_the_picture_is_read_once_and_then_only_what_is_new(known: Knowledge, evening: Evening, monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board(reading._row)
    picture = board.follow(known.store, known.store.projected())
    assert {evening.flood, evening.fire, evening.drill} <= set(picture.rows)
    assert len(picture.points) >= evening.waiting
    asked: list[tuple[str, int]] = []
    ask = Store._ask

    def counted(self: Store, query: str, **values: object) -> list[dict[str, object]]:
        rows = ask(self, query, **values)
        asked.append((query, len(rows)))
        return rows

    monkeypatch.setattr(Store, "_ask", counted)
    assert board.follow(known.store, picture.seq) is picture
    assert asked == []
    body = Feature(
        id="fe-new", kind="shelter", name="新避难场所", geometry={"type": "Point", "coordinates": [118.7, 32.1]}, lon=118.7, lat=32.1
    )
    known.ledger.receive(SURVEY, [], features=[body])
    known.catch_up()
    asked.clear()
    assert "fe-new" in board.follow(known.store, known.store.projected()).survey.bodies
    assert "fe-new" not in picture.survey.bodies
    assert sum(rows for query, rows in asked if "changed" in query) == 1


def test_a_picture_brought_along_is_the_picture_read_anew(known: Knowledge, evening: Evening) -> None:
    officer = next(person for person in PEOPLE if person.name == "wang")
    followed, told = Board(reading._row), []
    followed.follow(known.store, known.store.projected())
    view = known.store.evidence_one(evening.hostile)
    told.append(judgements.move(known, [view.id], evening.flood, officer, "说的是这里").id)
    followed.follow(known.store, known.store.projected())
    told.append(judgements.merge(known, evening.fire, evening.flood, officer, "同一起").id)
    now = known.store.projected()
    for board in (followed, Board(reading._row)):
        picture = board.follow(known.store, now)
        assert evening.fire not in picture.rows
        heard = named(picture.points, Wanted("actual", incidents=frozenset({evening.flood})))
        assert len(heard) == picture.rows[evening.flood].incident.evidence_count
    for id in reversed(told):
        judgements.undo(known, id, officer, "试完了")
    now = known.store.projected()
    old, new = followed.follow(known.store, now), Board(reading._row).follow(known.store, now)
    assert old.rows == new.rows
    assert sorted(old.points.ids) == sorted(new.points.ids)
    for incident in (evening.flood, evening.fire):
        wanted = Wanted("actual", incidents=frozenset({incident}))
        assert sorted(named(old.points, wanted)) == sorted(named(new.points, wanted))


def test_points_of_the_graph_are_each_given_once(known: Knowledge, evening: Evening) -> None:
    before = known.store.projected()
    rows = list(known.store.points(0, before))
    assert len({row["id"] for row in rows}) == len(rows)
    assert list(known.store.points(before, before)) == []
    piecemeal = [row for seq in range(1, before) for row in known.store.points(seq, seq + 1)]
    assert sorted(piecemeal, key=lambda row: row["id"]) == sorted(rows, key=lambda row: row["id"])
    assert {row["lon"] for row in rows} > {None}
    assert {row["mode"] for row in rows} == {"actual", "exercise"}
