"""The main job, start to finish, as a user runs it: the shipped evening comes in, incidents are found, two people sign."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from docx import Document

from graph.knowledge import open_knowledge
from models.domain import Dossier
from models.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
TRUTH = yaml.safe_load((ROOT / "ingestion/sample/truth.yml").read_text("utf-8"))


def anlan(home: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "anlan.py"), *arguments],
        env={**os.environ, "ANLAN_HOME": str(home)},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=ROOT,
    )


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    home = tmp_path_factory.mktemp("evening") / "var"
    return home, answer(anlan(home, "demo", "--headless", "--json", "--evening", "2026-07-18"))


def test_every_planted_incident_is_found_and_no_other(evening: tuple[Path, dict[str, Any]]) -> None:
    planted = {(one["mode"], one["hazard"], one["scope"], one["place"]) for one in TRUTH["incidents"]}
    found = [(one["mode"], one["hazard"], one["scope"], one["place"]["name"]) for one in evening[1]["incidents"]]
    missed = {p for p in planted if not any(p[:3] == f[:3] and (p[3] in f[3] or f[3] in p[3]) for f in found)}
    assert not missed
    assert len(found) == len(planted)


def test_everything_read_is_new_duplicate_or_quarantined(evening: tuple[Path, dict[str, Any]]) -> None:
    for receipt in evening[1]["received"]:
        assert receipt["read"] == receipt["new"] + receipt["duplicate"] + receipt["quarantined"] > 0


@pytest.fixture(scope="module")
def dossiers(evening: tuple[Path, dict[str, Any]]) -> list[Dossier]:
    with open_knowledge(Settings(home=evening[0])) as knowledge:
        return [knowledge.store.dossier(one["id"]) for one in evening[1]["incidents"]]


@pytest.fixture(scope="module")
def numbers(evening: tuple[Path, dict[str, Any]]) -> dict[str, str]:
    """Evidence id -> the source's own number, from the exported ledger."""
    entries = [json.loads(line) for line in anlan(evening[0], "audit", "export").stdout.splitlines()]
    return {entry["subject"]: json.loads(entry["payload"])["external_id"] for entry in entries if entry["kind"] == "evidence.received"}


def test_no_exercise_message_is_in_an_actual_incident_and_no_prank_opens_one(dossiers: list[Dossier], numbers: dict[str, str]) -> None:
    drills = {number for one in TRUTH["incidents"] if one["mode"] == "exercise" for number in one["evidence"]}
    pranks = set(TRUTH["prank"])
    assert drills
    assert pranks
    for dossier in dossiers:
        assert all(view.mode == dossier.incident.mode for view in dossier.evidence)
        heard = {numbers[view.id] for view in dossier.evidence}
        assert not heard & pranks
        assert bool(heard & drills) == (dossier.incident.mode == "exercise")


def test_the_rumour_is_heard_and_not_stated_as_fact(dossiers: list[Dossier], numbers: dict[str, str]) -> None:
    flooded = [one for one in dossiers if one.incident.hazard == "flood" and one.incident.scope == "site"]
    assert len(flooded) == 2
    assert {numbers[view.id] for one in flooded for view in one.evidence} & set(TRUTH["rumour"])
    for one in flooded:
        assert all(impact.best in (None, 0) for impact in one.impacts if impact.type in ("dead", "missing"))


def test_two_reports_are_signed_and_the_chain_holds(evening: tuple[Path, dict[str, Any]]) -> None:
    home, result = evening
    assert len(result["signed"]) == 2
    assert all(Path(path).read_bytes().startswith(b"PK") for path in result["signed"])
    verdict = answer(anlan(home, "audit", "verify", "--json"))
    assert verdict["ok"]


FLOODED = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"depth": depth}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for depth, ring in (
            (0.3, [[118.785, 31.98], [118.817, 31.98], [118.817, 32.007], [118.785, 32.007], [118.785, 31.98]]),
            (1.2, [[118.793, 31.987], [118.808, 31.987], [118.808, 31.999], [118.793, 31.999], [118.793, 31.987]]),
        )
    ],
}
"""An invented depth of water around the flooded underpass."""


def test_from_the_flooded_ground_to_a_signed_relief_plan_with_its_gap(evening: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    home, result = evening
    flood = next(one["id"] for one in result["incidents"] if "绮云路" in one["title"])
    (tmp_path / "depth.geojson").write_text(json.dumps(FLOODED), "utf-8")
    by = {}
    for name, password in json.loads((home / "demo/accounts.json").read_text("utf-8")).items():
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_text(password, "utf-8")
        by[name] = ("--as", name, "--password-file", str(tmp_path / name))
    ground = ("--footprint", str(tmp_path / "depth.geojson"), "--depth", "default", "--standard", "planning")
    with open_knowledge(Settings(home=home)):  # one engine for all commands
        plan = answer(anlan(home, "relief", flood, *ground, "--propose", *by["duty"], "--json"))
        read = ("--digest", plan["digest"], "--json")
        answer(anlan(home, "submit", plan["plan"], *by["duty"], *read))
        alone = anlan(home, "sign", plan["plan"], *by["duty"], *read)
        signed = answer(anlan(home, "sign", plan["plan"], *by["signer"], *read))
        left = answer(anlan(home, "relief", "stock", "--json"))["lots"]

    def beds(lines: list[dict[str, Any]]) -> float:
        return sum(one["quantity"] for one in lines if one["item"] == "折叠床")

    assert plan["exposure"]["people"]["all"]["best"] > 0
    assert next(one for one in plan["basis"]["all"] if one["key"] == "relocated")["origin"] == "estimated"
    assert beds(plan["allocation"]) == beds(plan["stock"]) > 0
    assert beds(plan["allocation"]) + beds(plan["gap"]) == beds(plan["needs"])
    assert alone.returncode == 1
    assert signed["status"] == "signed"
    assert beds(left) == 0
    paper = Document(signed["docx"])
    assert f"折叠床{beds(plan['gap']):g}张" in "".join(paragraph.text for paragraph in paper.paragraphs)
    assert "未核实" in "".join(cell.text for table in paper.tables for row in table.rows for cell in row.cells)


def test_the_evening_as_a_daily_report_and_a_signed_report_as_files(evening: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    home, result = evening
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text(json.loads((home / "demo/accounts.json").read_text("utf-8"))["duty"], "utf-8")
    password.chmod(0o600)
    by = ("--as", "duty", "--password-file", str(password))
    actual = answer(anlan(home, "draft", "day-2026-07-18", *by, "--json"))
    drill = answer(anlan(home, "draft", "day-2026-07-18-exercise", *by, "--json"))
    for told, mode in ((actual, "actual"), (drill, "exercise")):
        text = "".join(claim["text"] for claim in told["report"]["claims"] if claim["section"] == "incidents")
        for one in result["incidents"]:
            assert (one["title"] in text) == (one["mode"] == mode)
        assert not [finding for finding in told["findings"] if finding["severity"] == "block"]
    signed = Path(result["signed"][0]).name.partition("-v")[0]
    for form, start in (("json", b"{"), ("cap", b"<?xml")):
        out = tmp_path / f"out.{form}"
        assert answer(anlan(home, "report", signed, "--format", form, "--out", str(out), *by, "--json"))["format"] == form
        assert out.read_bytes().startswith(start)
    refused = anlan(home, "report", actual["report"]["id"], "--format", "cap", "--out", str(tmp_path / "no.xml"), *by)
    assert refused.returncode == 1
    assert not (tmp_path / "no.xml").exists()


def test_a_second_run_receives_nothing_new_and_signs_nothing_again(evening: tuple[Path, dict[str, Any]]) -> None:
    again = answer(anlan(evening[0], "demo", "--headless", "--json", "--evening", "2026-07-18"))
    assert sum(receipt["new"] for receipt in again["received"]) == 0
    assert again["signed"] == evening[1]["signed"]
    assert [one["id"] for one in again["incidents"]] == [one["id"] for one in evening[1]["incidents"]]


def test_graph_rebuilt_from_the_ledger_is_the_same_graph(evening: tuple[Path, dict[str, Any]]) -> None:
    with open_knowledge(Settings(home=evening[0])) as knowledge:
        before = knowledge.store.digest()
    rebuilt = anlan(evening[0], "graph", "rebuild")
    assert before in rebuilt.stdout, rebuilt.stderr


def test_a_signed_file_changed_afterwards_is_reported(evening: tuple[Path, dict[str, Any]]) -> None:
    signed = Path(evening[1]["signed"][0])
    original = signed.read_bytes()
    signed.write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
    try:
        done = anlan(evening[0], "audit", "verify", "--json")
        assert done.returncode == 1
        assert signed.name in " ".join(json.loads(done.stdout)["files"])
    finally:
        signed.write_bytes(original)


def test_demo_refuses_a_folder_with_real_data(tmp_path: Path) -> None:
    post = tmp_path / "post.jsonl"
    post.write_text(json.dumps({"id": "1", "time": "2026-07-18T20:00:00+08:00", "text": "路口积水很深"}, ensure_ascii=False), "utf-8")
    home = tmp_path / "var"
    assert anlan(home, "ingest", str(post), "--source", "social").returncode == 0
    done = anlan(home, "demo", "--headless")
    assert done.returncode == 1
    assert "ANLAN_HOME" in done.stderr


def test_one_text_is_drafted_without_storing_anything(tmp_path: Path) -> None:
    text = tmp_path / "call.txt"
    text.write_text("今天下午3点20分左右，鼓楼区某仓库发生火灾，已造成2人受伤，消防救援人员已到场处置。", "utf-8")
    home = tmp_path / "var"
    drafted = answer(anlan(home, "draft", "--text", str(text), "--json"))
    assert drafted["report"]["stage"] == "初报"
    assert any("2" in claim["text"] and "伤" in claim["text"] for claim in drafted["report"]["claims"])
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("needs", "--people", "many", "--days", "1"), 2),
        (("nonsense",), 2),
        (("needs", "--people", "10", "--days", "1", "--standard", "no-such-standard"), 1),
        (("ingest", "no-such-file.csv", "--source", "hotline"), 1),
        (("ingest", "README.md", "--source", "no-such-source"), 1),
        (("incident", "in-unknown"), 1),
        (("bench", "no-such-bench"), 1),
    ],
)
def test_exit_status_tells_a_refusal_from_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], status: int) -> None:
    done = anlan(tmp_path / "var", *arguments)
    assert done.returncode == status
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_understand_prints_one_object_a_line_and_only_quotes_the_input(tmp_path: Path) -> None:
    texts = ["昨晚8点许，江宁区一处工地坍塌，3人被困。", "路灯坏了三天没人修"]
    lines = "\n".join(
        json.dumps({"id": str(n), "text": text, "time": "2026-07-18T09:00:00"}, ensure_ascii=False) for n, text in enumerate(texts)
    )
    done = anlan(tmp_path / "var", "understand", "-", "--json", stdin=lines)
    seen = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["id"] for one in seen] == ["0", "1"]
    assert seen[0]["occurred_at"]["from"].startswith("2026-07-17T20")
    for one, text in zip(seen, texts, strict=True):
        spans = [one["occurred_at"], one["trigger"], *one["places"], *one["impacts"]]
        assert all(span["quote"] in text for span in spans if span)
    assert not seen[1]["impacts"]


def test_up_stops_everything_it_started_when_told_to(tmp_path: Path) -> None:
    home = tmp_path / "var"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    running = subprocess.Popen(
        [sys.executable, str(ROOT / "anlan.py"), "up"],
        env={**os.environ, "ANLAN_HOME": str(home), "ANLAN_PORT": port},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    assert running.stdout is not None
    assert any("安澜已启动" in line for line in iter(running.stdout.readline, ""))
    parts = psutil.Process(running.pid).children(recursive=True)
    assert len(parts) >= 2
    running.send_signal(signal.SIGTERM)
    output = running.stdout.read()
    assert running.wait(60) == 0, output
    _, alive = psutil.wait_procs(parts, timeout=30)
    assert not alive
