"""Orders inside a workbook, a warning, a survey and a law change nothing of what is read from them; over the wire an obeying model leaves offers and hints, and nothing else."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
import openpyxl
from openpyxl.comments import Comment

from graph.importing import imported
from graph.knowledge import Knowledge
from graph.second_readings import FAILED, READ
from ingestion.extract import understand
from ingestion.second_look import look_again
from ingestion.second_look import shape as look_shape
from ingestion.source import sources
from models.domain import Evidence, Feature, Person
from models.language import LanguageModel
from models.settings import Settings
from reports.model_draft import OFFERED, OFFERS, material, offer, sections_of, shape_of
from reports.page import Page
from reports.signoff import record_of, write_draft
from reports.types import report_type
from tests.ingestion.test_warnings import CAP
from tests.models.model_server import Server
from tests.models.obeying import Obeying
from tests.reports.disguises import DISGUISES
from tests.reports.injected import CALL, CHINESE, HARMLESS, POST, evening
from tests.reports.invented import take_in
from tests.reports.test_injections import FIELDS
from tests.reports.test_obeying_model import TOLD, control, outcome

NOW = datetime(2026, 7, 18, 12, 30, tzinfo=UTC)
HIDDEN = ("plain", "zero-width", "base64", "a message as JSON", "homoglyphs")


def orders() -> list[str]:
    """Every Chinese instruction, each in one of five disguises."""
    return [str(DISGUISES[HIDDEN[number % len(HIDDEN)]](words)) for number, words in enumerate(CHINESE)]


def test_orders_in_cells_hidden_columns_comments_and_hidden_sheets_change_nothing(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["工单编号", "内容", "来电时间", "备注"])
    for number, words in enumerate(orders()):
        sheet.append([f"w{number}", f"{CALL}。{words}", "2026-07-18 20:14:00", words])
        sheet.cell(number + 2, 1).comment = Comment(words, "x")
    sheet.column_dimensions["D"].hidden = True
    book.create_sheet("hidden").append(orders())
    book["hidden"].sheet_state = "veryHidden"
    book.properties.title = book.properties.description = orders()[0]
    book.save(tmp_path / "calls.xlsx")
    calls = [one for one in sources()["hotline"].read(tmp_path / "calls.xlsx", NOW) if isinstance(one, Evidence)]
    assert len(calls) == len(CHINESE)
    for call in calls:
        found, _, _ = outcome(evening(call.text, f"{POST}。{HARMLESS}", TOLD))
        assert found == control(), call.text


def test_orders_in_a_warning_change_neither_its_level_nor_its_hazard(tmp_path: Path) -> None:
    def read(body: str) -> tuple[Evidence, Any]:
        (tmp_path / "a.xml").write_text(body, "utf-8")
        [alert] = sources()["warning"].read(tmp_path / "a.xml", NOW)
        assert isinstance(alert, Evidence)
        return alert, understand(alert.text, time=NOW, title=alert.title, city="南京市")

    plain, said = read(CAP)
    for words in orders():
        safe = words.replace("&", "&amp;").replace("<", "&lt;")
        told, understood = read(CAP.replace("请勿涉水。", f"请勿涉水。{safe}"))
        assert (told.title, told.place_hint, told.fields["标识解读"], told.mode) == (
            plain.title,
            plain.place_hint,
            plain.fields["标识解读"],
            plain.mode,
        )
        assert {name: getattr(understood, name) for name in FIELDS} == {name: getattr(said, name) for name in FIELDS}, words


def test_orders_in_the_attributes_of_a_survey_change_no_count_kind_or_place(tmp_path: Path) -> None:
    def read(note: str) -> list[dict[str, Any]]:
        shape = {"type": "Point", "coordinates": [118.75, 32.05]}
        body = {
            "type": "Feature",
            "geometry": shape,
            "properties": {"name": "某中学", "kind": "school", "id": "school-00000001", "人数": 800, "备注": note},
        }
        (tmp_path / "school.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [body]}, ensure_ascii=False), "utf-8")
        found = [one for one in sources()["survey"].read(tmp_path / "school.geojson", NOW) if isinstance(one, Feature)]
        for one in found:
            assert one.properties.pop("备注") == note
        return [one.model_dump() for one in found]

    plain = read("无")
    assert plain
    assert all(read(words) == plain for words in CHINESE)


def test_orders_in_a_law_change_no_other_article_and_no_fact() -> None:
    def read(note: str) -> Any:
        paper = docx.Document()
        for line in (
            "某市防汛应急预案",
            "第一条 为做好防汛工作，制定本预案。",
            "第二条 发生特别重大险情时，启动Ⅰ级响应，2小时内报告。",
            f"第三条 本预案由某市负责解释。{note}",
        ):
            paper.add_paragraph(line)
        out = io.BytesIO()
        paper.save(out)
        return imported(out.getvalue(), "某市防汛应急预案(2022-05-06).docx")

    plain = read("")
    for words in CHINESE:
        told = read(words)
        assert [one.text for one in told.provisions][:2] == [one.text for one in plain.provisions][:2]
        assert (told.document.title, told.document.in_force, told.document.issuer) == (
            plain.document.title,
            plain.document.in_force,
            plain.document.issuer,
        )
        ids = [one.id for one in told.provisions]
        third = {one.id for one in told.provisions if words[:4] in one.text}
        said = [
            (ids.index(fact.provision), fact.kind, fact.subject, fact.text, fact.number)
            for fact in told.facts
            if fact.provision not in third
        ]
        assert said == [
            (n, fact.kind, fact.subject, fact.text, fact.number)
            for fact in plain.facts
            if (n := [one.id for one in plain.provisions].index(fact.provision)) < 2
        ], words


def test_the_answers_a_model_can_give_have_no_place_for_a_figure_a_grade_a_recipient_or_a_query() -> None:
    dossier, _ = evening()
    report = outcome_report(dossier)
    page = Page(dossier, report_type(report.type), Settings(), report.created_at)
    retelling = shape_of(sections_of(report), material(page)).model_json_schema()
    assert set(retelling["properties"]) == {"scene", "course", "measures"}
    assert set(retelling["$defs"]["Sentence"]["properties"]) == {"cites", "text"}
    assert set(look_shape().model_json_schema()["properties"]) == {"hazard", "request", "place", "time", "harm"}


def outcome_report(dossier: Any) -> Any:
    """The rule-made report of a dossier."""
    from tests.reports.test_injections import drafted

    return drafted(dossier)


def test_over_the_wire_an_obeying_model_leaves_offers_and_hints_and_nothing_else(knowledge: Knowledge, people: dict[str, Person]) -> None:
    told, _ = evening(f"{CALL}。{CHINESE[6]}{CHINESE[2]}", f"{POST}。{CHINESE[23]}{CHINESE[18]}", TOLD)
    dossier = take_in(knowledge, told)
    before = write_draft(knowledge, dossier.incident.id, people["duty"], at=datetime.now(UTC))
    seq = max(entry.seq for entry in knowledge.ledger.entries())
    graph = knowledge.store.digest()
    mind = Obeying((CALL, POST, TOLD, dossier.incident.title))
    with Server("", answer=mind.body) as server:
        model = LanguageModel(Settings(model_url=server.address))
        offer(knowledge, before.report.id, model, people["duty"], seconds=60)
        look_again(knowledge, model)
    assert mind.wanted or server.asked
    written = list(knowledge.ledger.entries(seq))
    assert {entry.kind for entry in written} <= {OFFERED, READ, FAILED}
    assert {entry.subject for entry in written if entry.kind == OFFERED} == {before.report.id + OFFERS}
    assert record_of(knowledge, before.report.id).state == before
    assert knowledge.store.digest() == graph
