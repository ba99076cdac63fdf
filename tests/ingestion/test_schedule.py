"""When evidence comes in: inboxes with real files, the real scheduler, a real ledger and graph."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import geopandas
import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from shapely import Point

from graph.knowledge import Knowledge
from ingestion import schedule
from ingestion.schedule import inbox, read_inbox, scheduled
from ingestion.source import SourceModule, sources
from models.domain import BEIJING
from models.errors import Unreachable

CALL = "工单编号,来电时间,诉求内容\n{0},2026/7/18 20:05:00,{1}\n"


def left(knowledge: Knowledge, source: str, name: str, text: str, *, seconds_ago: float = 60) -> Path:
    """A file someone left in a source's inbox a while ago."""
    path = inbox(knowledge, source) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    aged(path, seconds_ago)
    return path


def aged(path: Path, seconds_ago: float = 60) -> None:
    os.utime(path, (time.time() - seconds_ago,) * 2)


def below(knowledge: Knowledge, source: str, folder: str) -> list[str]:
    """Names of the files cleared away into `done` or `failed`, without their day."""
    box = inbox(knowledge, source) / folder
    return sorted("/".join(path.relative_to(box).parts[1:]) for path in box.rglob("*") if path.is_file())


def hotline() -> SourceModule:
    return sources()["hotline"]


def test_a_file_is_received_and_cleared_away(knowledge: Knowledge):
    path = left(knowledge, "hotline", "1.csv", CALL.format(1, "桥下积水"))
    [receipt] = read_inbox(knowledge, hotline())
    assert receipt.new == 1
    assert not path.exists()
    assert below(knowledge, "hotline", "done") == ["1.csv"]


@pytest.mark.parametrize(("name", "seconds_ago"), [("1.csv", 0), ("1.csv.part", 60), ("1.csv.tmp", 60), (".1.csv", 60)])
def test_a_file_still_being_written_is_left_alone(knowledge: Knowledge, name, seconds_ago):
    path = left(knowledge, "hotline", name, CALL.format(1, "桥下"), seconds_ago=seconds_ago)
    assert read_inbox(knowledge, hotline()) == []
    assert path.exists()


def test_a_bad_file_is_set_aside_with_its_reason_and_the_next_is_read(knowledge: Knowledge):
    left(knowledge, "hotline", "1.csv", "")
    left(knowledge, "hotline", "2.csv", CALL.format(1, "桥下积水"))
    [receipt] = read_inbox(knowledge, hotline())
    assert receipt.new == 1
    assert below(knowledge, "hotline", "failed") == ["1.csv", "1.csv.reason.txt"]
    [reason] = (inbox(knowledge, "hotline") / "failed").rglob("*.reason.txt")
    assert "文件为空" in reason.read_text("utf-8")


def test_a_file_received_before_a_crash_is_only_cleared_away(knowledge: Knowledge, monkeypatch):
    left(knowledge, "hotline", "1.csv", CALL.format(1, "桥下积水"))
    with monkeypatch.context() as patch:
        patch.setattr(schedule, "_moved", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            read_inbox(knowledge, hotline())
    runs = len(list(knowledge.ledger.entries(kinds=["source.run"])))
    assert read_inbox(knowledge, hotline()) == []
    assert below(knowledge, "hotline", "done") == ["1.csv"]
    assert len(list(knowledge.ledger.entries(kinds=["source.run"]))) == runs


def test_a_file_that_grew_after_it_was_read_is_read_again(knowledge: Knowledge):
    left(knowledge, "hotline", "1.csv", CALL.format(1, "桥下积水"))
    read_inbox(knowledge, hotline())
    left(knowledge, "hotline", "1.csv", CALL.format(1, "桥下积水") + "2,2026/7/18 20:06:00,井盖丢了\n")
    [receipt] = read_inbox(knowledge, hotline())
    assert (receipt.new, receipt.duplicate) == (1, 1)
    assert len(below(knowledge, "hotline", "done")) == 2


def test_files_in_folders_keep_their_folder(knowledge: Knowledge):
    left(knowledge, "hotline", "江宁/1.csv", CALL.format(1, "桥下积水"))
    read_inbox(knowledge, hotline())
    assert below(knowledge, "hotline", "done") == ["江宁/1.csv"]


def test_a_shapefile_moves_with_all_its_parts_and_its_sidecar(knowledge: Knowledge):
    box = inbox(knowledge, "survey")
    frame = geopandas.GeoDataFrame({"name": ["青梅小学"]}, geometry=[Point(118.79, 32.04)], crs=4490)
    frame.to_file(box / "schools.shp", engine="pyogrio")
    (box / "schools.shp.source.yml").write_text("surveyed_on: 2025-11-30\n")
    for path in box.iterdir():
        aged(path)
    [receipt] = read_inbox(knowledge, sources()["survey"])
    assert receipt.new == 1
    assert [path.name for path in box.iterdir() if path.is_file()] == []
    assert {"schools.shp", "schools.dbf", "schools.shp.source.yml"} <= set(below(knowledge, "survey", "done"))


def test_when_the_graph_does_not_answer_the_file_stays_for_the_next_run(knowledge: Knowledge, monkeypatch):
    path = left(knowledge, "hotline", "1.csv", CALL.format(1, "桥下积水"))

    def gone(*_: object, **__: object) -> object:
        raise Unreachable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(schedule, "receive_file", gone)
        assert read_inbox(knowledge, hotline()) == []
    assert path.exists()
    assert read_inbox(knowledge, hotline())[0].new == 1


def until(is_true: object, seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_true():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def test_a_scheduled_run_receives_and_understands(knowledge: Knowledge):
    left(knowledge, "hotline", "1.csv", CALL.format(1, "鼓楼区银杏里小区3幢起火，2人被困"))
    left(knowledge, "desk", "a.json", json.dumps({"text": "化工园气味刺鼻"}))
    with scheduled(knowledge):
        assert until(lambda: knowledge.store.counts()["Evidence"] == 2)
    assert [incident.hazard for incident in knowledge.store.incidents()][:1] == ["fire"]


def test_a_broken_source_does_not_delay_the_others(knowledge: Knowledge, monkeypatch):
    real = schedule.read_inbox

    def breaks(known: Knowledge, module: SourceModule) -> object:
        if module.source.name == "social":
            raise RuntimeError("this source is broken")
        return real(known, module)

    monkeypatch.setattr(schedule, "read_inbox", breaks)
    left(knowledge, "hotline", "1.csv", CALL.format(1, "桥下积水"))
    with scheduled(knowledge):
        assert until(lambda: below(knowledge, "hotline", "done") == ["1.csv"])


def test_a_late_run_is_made_up_for_and_never_skipped(knowledge: Knowledge):
    # The library's default would skip every job that is a second late, in silence.
    with scheduled(knowledge) as jobs:
        for job in jobs.get_jobs():
            assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (None, True, 1)


def test_every_source_has_its_own_job(knowledge: Knowledge):
    with scheduled(knowledge) as jobs:
        assert {job.id for job in jobs.get_jobs()} == {*sources(), "understand", "quarantine", "queue", "anchor"}


def test_when_the_clock_is_set_back_everything_is_read_at_once_and_the_record_says_so(knowledge: Knowledge, monkeypatch) -> None:
    monkeypatch.setattr(schedule, "CLOCK_SECONDS", 0.02)
    shown = [time.time()]
    runs: list[str] = []
    jobs = BackgroundScheduler()
    # As a clock an hour ahead would have planned it.
    jobs.add_job(lambda: runs.append("read"), "interval", hours=1, id="read", next_run_time=datetime.now(BEIJING) + timedelta(hours=1))
    jobs.start()
    leaving = threading.Event()
    watcher = threading.Thread(target=schedule.watch_clock, args=(knowledge, jobs, leaving, lambda: shown[0] + time.monotonic()))
    watcher.start()
    try:
        time.sleep(0.1)
        assert runs == []
        shown[0] -= 3600
        end = time.monotonic() + 20
        while not runs and time.monotonic() < end:
            time.sleep(0.02)
        assert runs == ["read"]
    finally:
        leaving.set()
        watcher.join()
        jobs.shutdown()
    [entry] = knowledge.ledger.entries(kinds=["clock.set_back"])
    assert 3590 < entry.payload["seconds"] < 3610


def test_a_file_dated_in_the_future_is_read(knowledge: Knowledge) -> None:
    box = schedule.inbox(knowledge, "hotline")
    file = box / "a.csv"
    file.write_text("工单编号,来电时间,诉求内容\n1,2026/7/18 20:00:00,桥下积水\n", "utf-8")
    os.utime(file, (time.time() + 3600, time.time() + 3600))
    [receipt] = schedule.read_inbox(knowledge, sources()["hotline"])
    assert receipt.new == 1
