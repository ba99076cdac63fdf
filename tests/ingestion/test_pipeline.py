"""The journey of evidence, with a real ledger and the real graph engine: received, understood, fused, each exactly once."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import geopandas
import pytest
from shapely import Point

from graph.knowledge import Knowledge
from ingestion import reading, receiving
from ingestion.pipeline import UnderstoodCount, dossier_of_text, receive, understand_waiting
from models.domain import BEIJING, Place, Receipt
from models.errors import BadInput, NotFound, Refused
from models.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "../shared/data"

FIRE = "银杏里小区3幢5楼起火了，浓烟很大，有2人被困，快来！"


def calls(path: Path, *texts: str, start: int = 1) -> Path:
    rows = "".join(f"{start + n},2026/7/18 20:{n % 60:02d}:00,{text}\n" for n, text in enumerate(texts))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("工单编号,来电时间,诉求内容\n" + rows, encoding="utf-8")
    return path


def ingest(knowledge: Knowledge, source: str, path: Path) -> tuple[Receipt, UnderstoodCount]:
    return receive(knowledge, source, path), understand_waiting(knowledge)


def totals(receipt: object) -> tuple[int, int, int, int]:
    return receipt.read, receipt.new, receipt.duplicate, receipt.quarantined  # type: ignore[attr-defined]


def test_a_second_reading_of_a_file_receives_nothing_new(knowledge: Knowledge, tmp_path):
    path = calls(tmp_path / "a.csv", "桥下积水", "井盖丢了", "桥下积水")
    assert totals(receive(knowledge, "hotline", path)) == (3, 3, 0, 0)
    assert totals(receive(knowledge, "hotline", path)) == (3, 0, 3, 0)


def test_counts_add_up_when_some_rows_are_bad(knowledge: Knowledge, tmp_path):
    path = calls(tmp_path / "a.csv", "桥下积水", "", "井盖丢了")
    receipt = receive(knowledge, "hotline", path)
    assert totals(receipt) == (3, 2, 0, 1)
    assert knowledge.ledger.counts()["quarantined"] == 1


def test_a_batch_boundary_loses_nothing(knowledge: Knowledge, tmp_path, monkeypatch):
    monkeypatch.setattr(receiving, "BATCH", 10)
    seen: list[int] = []
    path = calls(tmp_path / "a.csv", *(f"第{n}号路灯不亮" for n in range(30)))
    receipt = receive(knowledge, "hotline", path, progress=lambda so_far: seen.append(so_far.read))
    assert totals(receipt) == (30, 30, 0, 0)
    assert seen == [10, 20, 30]


def test_a_folder_is_read_in_name_order_and_one_bad_file_does_not_stop_it(knowledge: Knowledge, tmp_path):
    calls(tmp_path / "in/b/2.csv", "井盖丢了")
    calls(tmp_path / "in/1.csv", "桥下积水")
    (tmp_path / "in/0.csv").touch()
    (tmp_path / "in/notes.md").write_text("不是来电")
    with pytest.raises(BadInput, match=r"0\.csv：文件为空(.|\n)*") as refused:
        receive(knowledge, "hotline", tmp_path / "in")
    assert "新增 2" in str(refused.value)
    assert {item.text for item in knowledge.ledger.waiting(10)} == {"桥下积水", "井盖丢了"}


def test_a_folder_without_anything_to_read_is_no_quiet_evening(knowledge: Knowledge, tmp_path):
    with pytest.raises(BadInput, match=r"\.csv"):
        receive(knowledge, "hotline", tmp_path)


def test_an_unknown_source_names_the_known_ones(knowledge: Knowledge, tmp_path):
    with pytest.raises(NotFound, match="hotline"):
        receive(knowledge, "radio", tmp_path)


def test_every_run_is_written_down_with_its_counts_or_its_error(knowledge: Knowledge, tmp_path):
    receive(knowledge, "hotline", calls(tmp_path / "a.csv", "桥下积水"))
    (tmp_path / "b.csv").touch()
    with pytest.raises(BadInput):
        receive(knowledge, "hotline", tmp_path / "b.csv")
    good, bad = (entry.payload for entry in knowledge.ledger.entries(kinds=["source.run"]))
    assert (good["receipt"]["new"], good["error"], good["file"]) == (1, None, "a.csv")
    assert "文件为空" in bad["error"]


def test_a_surveyed_body_is_in_the_graph_when_receive_returns(knowledge: Knowledge, tmp_path):
    frame = geopandas.GeoDataFrame({"name": ["青梅小学"]}, geometry=[Point(118.79, 32.04)], crs=4490)
    frame.to_file(tmp_path / "s.gpkg", layer="schools")
    assert totals(receive(knowledge, "survey", tmp_path / "s.gpkg")) == (1, 1, 0, 0)
    assert [feature.name for feature in knowledge.store.features(kinds=["school"])] == ["青梅小学"]


def test_a_fire_with_people_trapped_opens_an_incident_and_its_echo_joins_it(knowledge: Knowledge, tmp_path):
    calls(tmp_path / "a.csv", f"鼓楼区{FIRE}", f"鼓楼区{FIRE}", "想问一下公积金怎么提取")
    _, count = ingest(knowledge, "hotline", tmp_path / "a.csv")
    assert (count.understood, count.opened, count.fused) == (3, 1, 2)
    [incident] = knowledge.store.incidents()
    assert incident.hazard == "fire"
    assert {impact.type: impact.best for impact in knowledge.store.impacts([incident.id])[incident.id]}["trapped"] == 2


def test_understanding_twice_writes_nothing_twice(knowledge: Knowledge, tmp_path):
    ingest(knowledge, "hotline", calls(tmp_path / "a.csv", f"鼓楼区{FIRE}"))
    before = knowledge.ledger.last_seq()
    assert understand_waiting(knowledge).understood == 0
    assert knowledge.ledger.last_seq() == before


def test_an_incident_of_yesterday_is_joined_after_a_restart(knowledge: Knowledge, tmp_path):
    ingest(knowledge, "hotline", calls(tmp_path / "a.csv", f"鼓楼区{FIRE}"))
    ingest(knowledge, "hotline", calls(tmp_path / "b.csv", "鼓楼区银杏里小区着火，楼道全是烟，消防车到了", start=50))
    [incident] = knowledge.store.incidents()
    assert incident.evidence_count == 2


def test_the_graph_rebuilt_from_the_ledger_is_the_same(knowledge: Knowledge, tmp_path):
    ingest(knowledge, "hotline", calls(tmp_path / "a.csv", f"鼓楼区{FIRE}", "秦淮区长干桥下穿通道积水，一辆车被困", "路灯不亮"))
    before = knowledge.store.digest()
    knowledge.rebuild()
    assert knowledge.store.digest() == before


def test_no_telephone_number_leaves_the_archive(knowledge: Knowledge, tmp_path):
    said = f"鼓楼区{FIRE}联系人王小明13800005678"
    path = tmp_path / "a.csv"
    path.write_text(f"编号,标题,内容,来电号码\n1,找13800005678,{said},13800005678\n", encoding="utf-8")
    ingest(knowledge, "hotline", path)
    ledger = "".join(json.dumps(entry.payload, ensure_ascii=False) for entry in knowledge.ledger.entries())
    graph = "".join(view.model_dump_json() for view in knowledge.store.evidence(10))
    assert "13800005678" not in ledger + graph
    assert FIRE in graph


def test_every_quote_in_the_record_is_in_the_masked_text(knowledge: Knowledge, tmp_path):
    ingest(
        knowledge, "hotline", calls(tmp_path / "a.csv", f"我是李建国，电话13900001234，鼓楼区{FIRE}", "江宁区竹山路7月18日19时许积水50厘米")
    )
    for entry in knowledge.ledger.entries(kinds=["evidence.understood"]):
        text = entry.payload["understanding"]["masked_text"]
        quotes = [statement["quote"] for statement in entry.payload["statements"]]
        quotes += [impact["quote"] for impact in entry.payload["understanding"]["impacts"]]
        assert quotes
        assert all(quote in text for quote in quotes)


def test_a_very_long_text_is_read_in_part_and_says_so(knowledge: Knowledge, tmp_path):
    long = f"鼓楼区{FIRE}" + "今天天气不错。" * 5000
    (tmp_path / "p.jsonl").write_text(json.dumps({"id": "1", "text": long}, ensure_ascii=False), encoding="utf-8")
    _, count = ingest(knowledge, "social", tmp_path / "p.jsonl")
    [view] = knowledge.store.evidence(1)
    assert count.understood == 1
    assert reading.CUT in view.credibility_reasons
    assert len(view.text) <= reading.READ_CHARACTERS


def test_a_number_cut_in_half_is_not_shown():
    text = "水" * (reading.READ_CHARACTERS - 5) + "13800005678"
    assert "138" not in reading._opening(text)


def test_a_text_the_rules_trip_over_goes_to_a_person_and_the_others_go_on(knowledge: Knowledge, tmp_path, monkeypatch):
    real = reading.understand

    def trips(text: str, **rest: object) -> object:
        if "坏" in text:
            raise IndexError("13800005678")
        return real(text, **rest)

    monkeypatch.setattr(reading, "understand", trips)
    _, count = ingest(knowledge, "hotline", calls(tmp_path / "a.csv", "这条坏了 13800005678", f"鼓楼区{FIRE}"))
    assert (count.understood, count.waiting_for_person, count.opened) == (2, 1, 1)
    [view] = knowledge.store.evidence(5, waiting_for_person=True)
    assert view.match_reasons == (reading.UNREAD,)
    assert "13800005678" not in view.text


def test_the_log_of_such_a_text_does_not_quote_it(knowledge: Knowledge, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(reading, "understand", lambda text, **_: int(text))
    ingest(knowledge, "hotline", calls(tmp_path / "a.csv", "王小明13800005678"))
    assert "ValueError" in caplog.text
    assert "13800005678" not in caplog.text


def test_a_full_disk_is_not_mistaken_for_an_odd_text(knowledge: Knowledge, tmp_path, monkeypatch):
    receive(knowledge, "hotline", calls(tmp_path / "a.csv", "桥下积水"))

    def full(*_: object, **__: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reading, "understand", full)
    with pytest.raises(OSError, match="No space"):
        understand_waiting(knowledge)
    assert len(knowledge.ledger.waiting(10)) == 1


def test_a_crash_between_record_and_graph_is_made_up_for(knowledge: Knowledge, tmp_path, monkeypatch):
    receive(knowledge, "hotline", calls(tmp_path / "a.csv", f"鼓楼区{FIRE}"))
    real = type(knowledge).catch_up
    runs: list[int] = []

    def dies_second(self: Knowledge) -> int:
        runs.append(1)
        if len(runs) == 2:
            raise ConnectionError("killed here")
        return real(self)

    monkeypatch.setattr(type(knowledge), "catch_up", dies_second)
    with pytest.raises(ConnectionError):
        understand_waiting(knowledge)
    monkeypatch.undo()
    assert understand_waiting(knowledge).understood == 0
    assert knowledge.store.counts()["Evidence"] == 1


def test_one_worker_at_a_time(knowledge: Knowledge):
    with knowledge.ledger.sole_worker(), pytest.raises(Refused):
        understand_waiting(knowledge)


def test_an_exercise_flagged_by_the_source_stays_one(knowledge: Knowledge, tmp_path):
    (tmp_path / "d.json").write_text(json.dumps({"text": f"鼓楼区{FIRE}", "mode": "exercise"}), encoding="utf-8")
    ingest(knowledge, "desk", tmp_path / "d.json")
    assert [incident.mode for incident in knowledge.store.incidents()] == ["exercise"]


def test_a_message_that_waited_is_in_the_incident_that_opens_later(knowledge: Knowledge, tmp_path):
    ingest(knowledge, "hotline", calls(tmp_path / "a.csv", "江宁区竹山路下穿通道有点积水"))
    ingest(knowledge, "hotline", calls(tmp_path / "b.csv", "江宁区竹山路下穿通道积水很深，有3人被困车里", start=50))
    [incident] = knowledge.store.incidents()
    assert len(knowledge.store.dossier(incident.id).evidence) == incident.evidence_count


@pytest.mark.parametrize(
    ("text", "hint", "name", "adcode"),
    [
        ("着火了，快来", "鼓楼区", "鼓楼区", "320106"),
        ("银杏里小区着火了，快来", "鼓楼区", "银杏里小区", "320106"),
        ("秦淮区着火了", "鼓楼区", "秦淮区", "320104"),
    ],
)
def test_the_place_a_source_gives_outside_the_text_fills_what_the_text_leaves_open(
    knowledge: Knowledge, tmp_path, text, hint, name, adcode
):
    (tmp_path / "d.json").write_text(json.dumps({"text": text, "place_hint": hint}), encoding="utf-8")
    ingest(knowledge, "desk", tmp_path / "d.json")
    [entry] = knowledge.ledger.entries(kinds=["evidence.understood"])
    place = Place.model_validate(entry.payload["understanding"]["places"][0])
    assert (place.name, place.adcode) == (name, adcode)


def test_one_text_makes_a_dossier_without_any_store():
    evening = datetime(2026, 7, 18, 20, 30, tzinfo=BEIJING)
    dossier = dossier_of_text(f"今晚8点鼓楼区{FIRE}", evening, evening, Settings())
    assert dossier.incident.hazard == "fire"
    assert [impact.best for impact in dossier.impacts if impact.type == "trapped"] == [2]
    assert dossier.incident.started_at == datetime(2026, 7, 18, 20, 0, tzinfo=BEIJING)
    assert dossier.provisions


def test_one_text_without_a_time_assumes_nothing_about_the_date():
    dossier = dossier_of_text(f"2月3日鼓楼区{FIRE}", None, datetime(2026, 7, 18, 20, 30, tzinfo=BEIJING), Settings())
    assert dossier.incident.started_at_assumed
    assert not any(statement.holds_at for statement in dossier.statements)


@pytest.mark.parametrize("text", ["想问公积金怎么提取", "", " \n"])
def test_one_text_about_nothing_is_refused(text):
    with pytest.raises(Refused):
        dossier_of_text(text, None, datetime(2026, 7, 18, tzinfo=BEIJING), Settings())


# --- the real exports -------------------------------------------------------------------------------------------------------------

REAL = [
    ("hotline", "taidi_gov_messages/xlsx/留言导出_300.xlsx", 300),
    ("social", "henan_flood_weibo/posts_dev.jsonl", 1238),
    ("social", "guangdong_media_monitor/stream_dev.jsonl", 1171),
]


@pytest.mark.skipif(not DATA.is_dir(), reason="the real exports are not on this machine")
@pytest.mark.parametrize(("source", "name", "rows"), REAL)
def test_every_row_of_the_real_exports_is_accounted_for(knowledge: Knowledge, source, name, rows):
    first = receive(knowledge, source, DATA / name)
    assert first.read == first.new + first.duplicate + first.quarantined == rows
    again = receive(knowledge, source, DATA / name)
    assert (again.new, again.read) == (0, rows)


# --- SIGKILL ----------------------------------------------------------------------------------------------------------------------


def test_two_kills_lose_nothing_and_repeat_nothing(tmp_path):
    from tests.ingestion.killing import killed_often

    outcome = killed_often(tmp_path, messages=400, kills=2, seed=11)
    assert outcome.received == outcome.in_graph == outcome.understood_entries == 400
    assert outcome.is_chain_whole
    assert outcome.kills == 2
