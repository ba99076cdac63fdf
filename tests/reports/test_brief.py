"""The one-page brief: figures with who said them and never added up, the gravest first, what is late said, one page, and on its face that it is not signed."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from docx import Document

from graph.knowledge import Knowledge
from models.domain import Dossier, Person
from reports import brief as briefing
from reports.pdf import is_available
from tests.reports.invented import at, fire, flood, take_in

NOW = at(21, 30)


@pytest.fixture
def desk(knowledge: Knowledge) -> Knowledge:
    take_in(knowledge, fire())
    take_in(knowledge, Dossier.model_validate_json(flood().model_dump_json().replace('"in-1"', '"in-2"').replace('"im-', '"im-2-')))
    return knowledge


def test_the_gravest_comes_first_with_who_said_each_figure(desk: Knowledge) -> None:
    made = briefing.brief_of(desk, None, "actual", NOW)
    first = made.lines[0]
    assert (made.open, made.harmed, first.incident.id) == (2, 2, "in-1")
    assert first.rank < 4
    dead = next(words for words in first.figures if words.startswith("死亡"))
    assert "另称" in dead
    assert any(view.source_title in dead for view in desk.store.evidence(50, incident="in-1"))


def test_nothing_is_added_up_and_drills_are_apart(desk: Knowledge) -> None:
    drill = briefing.brief_of(desk, None, "exercise", NOW)
    assert (drill.open, drill.lines) == (0, ())
    assert "没有相加" in "".join(briefing.words(briefing.brief_of(desk, None, "actual", NOW)))


def test_a_person_of_one_district_sees_only_it(desk: Knowledge) -> None:
    elsewhere = Person(name="w", display_name="王", role="officer", districts=("320118",))
    assert briefing.brief_of(desk, elsewhere, "actual", NOW).open < 2


def test_what_is_late_is_said_and_counted(desk: Knowledge) -> None:
    made = briefing.brief_of(desk, None, "actual", NOW + timedelta(days=2))
    late = [line for line in made.lines if line.is_late(made.at)]
    assert late
    assert all("【已超时限】" in briefing.cells(made, line)[3] for line in late)
    assert f"报告时限已过的{len(late)}起" in "".join(briefing.words(made))


def test_every_form_says_on_its_face_that_it_is_not_signed(desk: Knowledge, people: dict[str, Person], tmp_path: Path) -> None:
    made = briefing.brief_of(desk, people["officer"], "actual", NOW)
    page = briefing.write(desk, made, people["officer"], "html", tmp_path / "b.html").read_text("utf-8")
    paper = Document(str(briefing.write(desk, made, people["officer"], "docx", tmp_path / "b.docx")))
    assert briefing.NOT_SIGNED in page
    assert briefing.NOT_SIGNED in "".join(p.text for p in paper.sections[0].header.paragraphs)
    entries = list(desk.ledger.entries(kinds=["brief.rendered"]))
    assert [(entry.by, entry.payload["incidents"]) for entry in entries] == [(people["officer"].name, ["in-1", "in-2"])] * 2


def test_a_hostile_title_stays_words(desk: Knowledge) -> None:
    made = briefing.brief_of(desk, None, "actual", NOW)
    line = made.lines[0]
    loud = line.incident.model_copy(update={"title": "<script>x</script>"})
    page = briefing.page_html(replace(made, lines=(replace(line, incident=loud),)))
    assert "<script" not in page


@pytest.mark.skipif(not is_available(), reason="LibreOffice is not installed")
@pytest.mark.live
def test_a_full_brief_is_one_page(desk: Knowledge) -> None:
    from reports.pdf import pdf

    made = briefing.brief_of(desk, None, "actual", NOW)
    full = replace(made, lines=made.lines[:1] * 40, open=40)
    kept = briefing.fitting(full)
    assert 1 < len(kept) < 40
    assert f"另有{40 - len(kept)}起" in "".join(briefing.words(full))
    content = pdf(briefing.docx_bytes(full))
    assert content.count(b"/Type/Page\n") + content.count(b"/Type/Page/") == 1
    assert io.BytesIO(content).read(4) == b"%PDF"
