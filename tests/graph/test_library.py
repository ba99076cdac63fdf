"""The starter library: complete, sourced, dated, in our own words, and stopped at the start when a file is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from graph.library import HERE, Library, read, starter
from models.domain import Provision
from models.errors import BrokenDefinition
from models.hazards import hazards

COMPILED = date(2026, 11, 21)
"""The day the library was written; what was repealed by then must name what replaced it."""

CODES = {"report_clock", "grading", "response", "sign_off", "relief", "privacy", "ai", "natural_disaster", "production_accident"}
HAZARDS = {"fire", "explosion", "hazmat_leak", "flood", "typhoon", "earthquake", "geological", "traffic"}
DATA = Path(__file__).resolve().parents[2] / "../shared/data"
CHINESE_RUN = re.compile(r"[\u4e00-\u9fff，、；：（）0-9]{24,}")


@pytest.fixture(scope="module")
def library() -> Library:
    return starter()


@pytest.fixture
def shelf(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write one file of a small library; the rest of it is sound."""
    for folder in ("regulations", "plans", "cases"):
        (tmp_path / folder).mkdir()

    def put(name: str, text: str) -> Path:
        (tmp_path / name).write_text(dedent(text), "utf-8")
        return tmp_path

    put(
        "regulations/dike.yml",
        """
        document: {id: DIKE, title: 护堤规定, issuer: 某局, level: rule, in_force: 2020-01-01, reference: 本局文本}
        provisions:
          - {id: DIKE-1, article: 第一条, text: 巡堤发现渗水先报后查。, verified: true}
        """,
    )
    return put


def law_on(library: Library, day: date) -> dict[str, Provision]:
    return {
        provision.id: provision
        for provision in library.provisions
        if (provision.in_force is None or provision.in_force <= day) and (provision.repealed is None or day < provision.repealed)
    }


def test_the_shelf_holds_sixty_provisions_of_ten_documents_and_the_sixteen_cases(library: Library) -> None:
    assert len(library.provisions) >= 60
    assert len({provision.document for provision in library.provisions}) >= 10
    assert [case.id for case in library.cases] == [f"C{number:02}" for number in range(1, 17)]


def test_every_provision_says_what_it_requires_and_where_that_was_read(library: Library) -> None:
    assert [p.id for p in library.provisions if not (p.text.strip() and p.source.strip() and p.article.strip() and p.topics)] == []


def test_what_nobody_has_read_is_flagged_and_says_so_in_its_text(library: Library) -> None:
    doubtful = re.compile("未见|未核|凭记忆|推定|没有读到")
    flagged = {provision.id for provision in library.provisions if not provision.verified}
    assert flagged == {provision.id for provision in library.provisions if doubtful.search(provision.text)}
    assert "SAWS21-7" in flagged


def test_every_reference_leads_to_a_provision(library: Library) -> None:
    known = {provision.id for provision in library.provisions}
    assert {target for provision in library.provisions for target in (*provision.cites, *provision.supersedes)} <= known


def test_nothing_is_repealed_before_it_is_in_force(library: Library) -> None:
    dated = [item for item in (*library.documents, *library.provisions) if item.in_force and item.repealed]
    assert dated
    assert [item.id for item in dated if item.in_force and item.repealed and item.repealed <= item.in_force] == []


def test_whatever_is_no_longer_law_names_its_successor_from_that_day(library: Library) -> None:
    successors = {old: provision for provision in library.provisions for old in provision.supersedes}
    gone = [provision for provision in library.provisions if provision.repealed and provision.repealed <= COMPILED]
    assert gone
    assert [provision.id for provision in gone if successors[provision.id].in_force != provision.repealed] == []


def test_the_law_of_the_day_changes_with_the_day(library: Library) -> None:
    assert {"ERL2007-39", "CSL2016-21", "NP2016-5.1"} <= law_on(library, date(2021, 7, 20)).keys()
    today = law_on(library, COMPILED)
    assert {"ERL2024-61", "CSL-23", "NP2024-5.1.1", "HAZCHEM-93"} <= today.keys()
    assert not {"ERL2007-39", "CSL2016-21", "NP2016-5.1"} & today.keys()


def test_a_provision_takes_dates_and_source_from_its_document(library: Library) -> None:
    document = next(document for document in library.documents if document.id == "R493")
    article = next(provision for provision in library.provisions if provision.id == "R493-12")
    assert (article.document, article.in_force, article.source) == ("R493", date(2007, 6, 1), document.reference)


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_dossier_finds_law_under_each_topic_it_asks_for(library: Library, code: str) -> None:
    assert any(code in provision.topics and provision.verified for provision in law_on(library, COMPILED).values())


@pytest.mark.parametrize("hazard", sorted(HAZARDS))
def test_each_hazard_has_provisions_of_its_own(library: Library, hazard: str) -> None:
    assert any(hazard in provision.topics for provision in library.provisions)


def test_topics_without_chinese_are_codes_the_dossier_knows(library: Library) -> None:
    # The store takes any other ASCII topic, even a phone number, for a hazard, and leaves the provision out of every dossier.
    codes = {topic for provision in library.provisions for topic in provision.topics if topic.isascii()}
    assert codes - CODES - {"other_place"} <= hazards().keys()


def test_another_places_rules_are_never_found_as_ours(library: Library) -> None:
    elsewhere = {document.id for document in library.documents if document.region not in {"中国", "江苏省", "南京市"}}
    theirs = [provision for provision in library.provisions if provision.document in elsewhere]
    assert {"SZ", "GD"} <= elsewhere
    assert [provision.id for provision in theirs if "other_place" not in provision.topics or CODES & set(provision.topics)] == []


def test_nanjings_plan_is_known_and_offers_no_number(library: Library) -> None:
    plan = next(document for document in library.documents if document.region == "南京市")
    assert plan.number == "宁政办发〔2025〕27号"
    assert "没有读到" in plan.note
    assert [provision.id for provision in library.provisions if provision.document == plan.id] == []


def test_cases_name_hazards_we_know_or_none(library: Library) -> None:
    assert {case.hazard for case in library.cases} <= {*hazards(), None}
    assert all(case.lessons and case.reference for case in library.cases)


def test_a_sound_file_is_read_and_the_same_words_have_the_same_digest(shelf: Callable[[str, str], Path], tmp_path: Path) -> None:
    before = read(tmp_path)
    assert [provision.id for provision in before.provisions] == ["DIKE-1"]
    assert read(tmp_path).digest == before.digest
    shelf("regulations/dike.yml", (tmp_path / "regulations/dike.yml").read_text("utf-8").replace("先报后查", "边报边查"))
    assert read(tmp_path).digest != before.digest


HEAD = "document: {id: GATE, title: 闸门规定, issuer: 某局, level: rule, in_force: 2020-01-01, reference: 本局文本}\n"
ONE = "{id: GATE-1, article: 第一条, text: 关闸先报。, verified: true"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("document: [", "not readable"),
        ("document: {}", "top level"),
        (HEAD + "provisions: []\nprovisions: []", "a key stands twice"),
        (HEAD.replace("level: rule", "level: 通知") + "provisions: []", "document.level"),
        (HEAD.replace("2020-01-01", "2020-02-30") + "provisions: []", "document.in_force"),
        (HEAD.replace("reference", "repealed: 2019-12-31, reference") + "provisions: []", "document.repealed"),
        (HEAD + "provisions: {}", "provisions: must be a list"),
        (HEAD + "provisions: [第一条]", "provisions[0]"),
        (HEAD + "provisions: [{id: GATE-1, article: 第一条, verified: true}]", "provisions[0] (GATE-1).text"),
        (HEAD + "provisions: [{id: GATE-1, article: 第一条, text: 关闸先报。}]", "provisions[0] (GATE-1).verified"),
        (HEAD + f"provisions: [{ONE}, colour: 红}}]", "provisions[0] (GATE-1).colour"),
        (HEAD + f"provisions: [{ONE}, repealed: 2020-01-01}}]", "provisions[0] (GATE-1).repealed"),
        (HEAD + f"provisions: [{ONE.replace('GATE-1', 'DIKE-9')}}}]", "provisions[0].id"),
        (HEAD + f"provisions: [{ONE}}}, {ONE}}}]", "id: 'GATE-1' is used twice"),
        (HEAD.replace("GATE", "DIKE") + "provisions: []", "id: 'DIKE' is used twice"),
        (HEAD + f"provisions: [{ONE}, cites: [DIKE-7]}}]", "GATE-1.cites: no provision 'DIKE-7'"),
        (HEAD + f"provisions: [{ONE}, supersedes: [DIKE-1]}}]", "GATE-1.supersedes: 'DIKE-1' has no date of repeal"),
    ],
)
def test_a_broken_document_stops_the_start_naming_file_and_field(
    shelf: Callable[[str, str], Path], tmp_path: Path, text: str, field: str
) -> None:
    shelf("regulations/gate.yml", text)
    with pytest.raises(BrokenDefinition) as refusal:
        read(tmp_path)
    assert "gate.yml" in str(refusal.value)
    assert field in str(refusal.value)


def test_a_broken_case_stops_the_start_naming_file_and_field(shelf: Callable[[str, str], Path], tmp_path: Path) -> None:
    shelf("cases/fire.yml", "case: {id: F1, name: 某火灾, date: 2024-13-01, place: 某市}")
    with pytest.raises(BrokenDefinition, match=r"fire\.yml: case\.date"):
        read(tmp_path)


def test_a_file_that_is_not_utf8_is_refused_by_name(tmp_path: Path, shelf: Callable[[str, str], Path]) -> None:
    (tmp_path / "plans/old.yml").write_bytes("document: 防汛".encode("gb18030"))
    with pytest.raises(BrokenDefinition, match=r"old\.yml: not readable as UTF-8"):
        read(tmp_path)


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data to compare with is not on this machine")
def test_no_sentence_is_copied_from_the_texts_we_read() -> None:
    ours = {}
    for path in HERE.rglob("*.yml"):
        # A folded scalar breaks a sentence over lines; it is one sentence all the same.
        for run in CHINESE_RUN.findall(re.sub(r"\n +", "", path.read_text("utf-8"))):
            ours |= {run[start : start + 24]: path.name for start in range(len(run) - 23)}
    texts = [path for path in DATA.rglob("*") if path.suffix in {".md", ".jsonl", ".txt", ".csv"} and path.stat().st_size < 8_000_000]
    assert ours
    assert texts
    copied = set()
    for path in texts:
        for run in CHINESE_RUN.findall(path.read_text("utf-8", "ignore")):
            copied |= {(ours[span], span) for start in range(len(run) - 23) if (span := run[start : start + 24]) in ours}
    assert copied == set()
