"""What leaves as a file: JSON, PDF and CAP 1.2, each only what the record says, and a change to it is noticed."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from defusedxml import ElementTree

from graph.knowledge import Knowledge
from models.domain import Person, ReportState
from models.errors import Refused
from reports import pdf
from reports.cap import NAMESPACE, cap
from reports.render import json_bytes, render, rendered_intact
from reports.signoff import record_of, submit, withdraw, write_draft
from reports.subject import dossier_of
from tests.reports.invented import SETTINGS, fire, flood, take_in
from tests.signing import sign

INFO = {
    "category": {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"},
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}
"""Code values of CAP 1.2."""


def signed(knowledge: Knowledge, people: dict[str, Person], kind: str | None = None) -> ReportState:
    state = write_draft(knowledge, "in-1", people["duty"], report_type=kind)
    digest = state.report.content_digest()
    submit(knowledge, state.report.id, version=1, digest=digest, by=people["duty"])
    return sign(knowledge, state.report.id, version=1, digest=digest, by=people["signer"])


def message(knowledge: Knowledge, report_id: str) -> dict[str, str]:
    """Element name -> text, of the alert, its info and its area; checked against the mandatory rules of CAP 1.2."""
    state = record_of(knowledge, report_id).state
    root = ElementTree.fromstring(cap(state, dossier_of(knowledge, "in-1"), SETTINGS))
    assert root.tag == f"{{{NAMESPACE}}}alert"
    at = f"{{{NAMESPACE}}}"
    (info,) = root.findall(f"{at}info")
    (area,) = info.findall(f"{at}area")
    found = {one.tag.removeprefix(at): one.text or "" for part in (root, info, area) for one in part}
    order = [one.tag.removeprefix(at) for one in root]
    sequence = ["identifier", "sender", "sent", "status", "msgType", "scope", "restriction", "note", "references", "info"]
    assert order == [name for name in sequence if name in order], "the schema is a sequence"
    assert set(sequence[:6]) <= set(order)
    assert {"category", "event", "urgency", "severity", "certainty", "language", "areaDesc"} <= set(found)
    for name, values in INFO.items():
        assert found[name] in values
    for name in ("identifier", "sender"):
        assert not re.search(r"[\s,<&]", found[name])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", found["sent"])
    if found["scope"] == "Restricted":
        assert found["restriction"]
    return found


def test_a_signed_initial_report_is_an_alert(knowledge: Knowledge, people: dict[str, Person]) -> None:
    take_in(knowledge, fire())
    state = signed(knowledge, people)
    told = message(knowledge, state.report.id)
    assert (told["status"], told["msgType"], told["language"], told["category"], told["event"]) == (
        "Actual",
        "Alert",
        "zh-CN",
        "Fire",
        "火灾",
    )
    assert told["headline"] == state.report.title
    assert "晴川苑" in told["areaDesc"]
    assert "references" not in told
    assert all(claim.text in told["description"] for claim in state.report.claims)
    assert datetime.fromisoformat(told["sent"]) == state.decisions[-1].at.replace(microsecond=0)


def test_a_followup_updates_every_message_before_it_and_a_withdrawal_cancels(knowledge: Knowledge, people: dict[str, Person]) -> None:
    take_in(knowledge, fire())
    first = signed(knowledge, people)
    second = signed(knowledge, people, "followup")
    told, before = message(knowledge, second.report.id), message(knowledge, first.report.id)
    assert told["msgType"] == "Update"
    assert told["references"] == f"{before['sender']},{before['identifier']},{before['sent']}"
    digest = second.report.content_digest()
    withdraw(knowledge, second.report.id, version=1, digest=digest, by=people["signer"], reason="数字有误")
    gone = message(knowledge, second.report.id)
    assert (gone["msgType"], gone["note"]) == ("Cancel", "数字有误")
    assert gone["references"] == f"{told['sender']},{told['identifier']},{told['sent']}"
    assert gone["identifier"] != told["identifier"]


def test_an_exercise_says_exercise(knowledge: Knowledge, people: dict[str, Person]) -> None:
    drill = fire()
    evidence = tuple(item.model_copy(update={"mode": "exercise"}) for item in drill.evidence)
    take_in(knowledge, drill.model_copy(update={"incident": drill.incident.model_copy(update={"mode": "exercise"}), "evidence": evidence}))
    told = message(knowledge, signed(knowledge, people).report.id)
    assert told["status"] == "Exercise"
    assert told["headline"].startswith("【演练】")


def test_nothing_unsigned_and_no_advice_leaves_as_cap(knowledge: Knowledge, people: dict[str, Person]) -> None:
    take_in(knowledge, fire())
    draft = write_draft(knowledge, "in-1", people["duty"])
    with pytest.raises(Refused, match="已签发"):
        render(knowledge, draft.report.id, None, people["duty"], form="cap")
    advice = signed(knowledge, people, "response_advice")
    with pytest.raises(Refused, match="不作为 CAP"):
        render(knowledge, advice.report.id, None, people["duty"], form="cap")


def test_control_characters_of_a_caller_leave_valid_xml(knowledge: Knowledge, people: dict[str, Person]) -> None:
    take_in(knowledge, fire())
    state = signed(knowledge, people)
    claims = tuple(claim.model_copy(update={"text": claim.text + "\x00\x0b]]><&"}) for claim in state.report.claims)
    report = state.report.model_copy(update={"claims": claims})
    decision = state.decisions[-1].model_copy(update={"digest": report.content_digest()})
    hostile = state.model_copy(update={"report": report, "decisions": (decision,)})
    assert "]]><&" in "".join(ElementTree.fromstring(cap(hostile, dossier_of(knowledge, "in-1"), SETTINGS)).itertext())


def test_json_holds_the_text_the_digest_the_decisions_and_the_times(knowledge: Knowledge, people: dict[str, Person]) -> None:
    take_in(knowledge, flood())
    state = signed(knowledge, people)
    told = json.loads(json_bytes(state, dossier_of(knowledge, "in-1")))
    assert told["digest"] == state.report.content_digest() == told["decisions"][-1]["digest"]
    assert told["signed"] is True
    assert told["times"]["occurred"] == "2026-07-18T19:40:00+08:00"
    assert told["AIGC"]["Label"] == "2"
    draft = write_draft(knowledge, "in-1", people["duty"])
    assert json.loads(json_bytes(draft, dossier_of(knowledge, "in-1")))["signed"] is False


def test_a_file_changed_after_it_was_written_is_noticed(knowledge: Knowledge, people: dict[str, Person], tmp_path: Path) -> None:
    take_in(knowledge, fire())
    state = signed(knowledge, people)
    path = render(knowledge, state.report.id, tmp_path / "out.cap.xml", people["signer"], form="cap")
    assert rendered_intact(knowledge, state.report.id) == []
    path.write_bytes(path.read_bytes().replace("晴川苑".encode(), "晴山苑".encode()))
    assert "被改动" in rendered_intact(knowledge, state.report.id)[0]


@pytest.mark.skipif(not pdf.is_available(), reason="LibreOffice is not installed")
def test_a_pdf_has_the_words_of_the_report(knowledge: Knowledge, people: dict[str, Person], tmp_path: Path) -> None:
    import pypdfium2

    take_in(knowledge, fire())
    state = signed(knowledge, people)
    path = render(knowledge, state.report.id, tmp_path / "out.pdf", people["signer"], form="pdf")
    document = pypdfium2.PdfDocument(path)
    text = "".join(document[number].get_textpage().get_text_bounded() for number in range(len(document)))
    assert "死亡：2人" in "".join(text.split())
    width, height = document[0].get_size()
    assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (210, 297)


def test_without_libreoffice_the_reason_is_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert not pdf.is_available()
    with pytest.raises(Refused, match="没有安装 LibreOffice"):
        pdf.pdf(b"PK")
