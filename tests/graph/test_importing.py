"""Import is idempotent, resumable and honest: what is there is skipped, what changed is replaced, what cannot be read is told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from graph import importing
from graph.citations import Shelf
from graph.importing import add, expiring, files_in, held, plan_of, read_document, reading_of, remove, stale_references
from graph.ledger import Ledger
from models.domain import Document
from models.errors import BadInput, NotFound, Refused
from tests.graph.shelf_files import LAW, OLD_LAW, PLAN


@dataclass
class Desk:
    """The ledger alone: what the graph makes of it is tested with the graph."""

    ledger: Ledger
    caught_up: int = 0
    names: list[str] = field(default_factory=list)

    def catch_up(self) -> int:
        self.caught_up += 1
        return 0


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield Desk(ledger)
    ledger.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inbox = tmp_path / "法规"
    inbox.mkdir()
    (inbox / "灯塔安全法(2022-05-06).md").write_text(LAW, "utf-8")
    (inbox / "灯塔安全法(2010-03-01).md").write_text(OLD_LAW, "utf-8")
    (inbox / "云湖市雪灾应急预案.md").write_text(PLAN, "utf-8")
    (inbox / "PROVENANCE.txt").write_text("not a document", "utf-8")
    return inbox


def by_title(desk: Desk) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = {}
    for item in held(desk).values():
        found.setdefault(item.document.title, []).append(item.document)
    return found


def test_a_folder_is_imported_with_its_versions_linked(desk: Desk, folder: Path) -> None:
    count = add(desk, [folder], by="planner")
    assert (count.new, count.changed, count.same, count.unreadable) == (3, 0, 0, [])
    old, new = sorted(by_title(desk)["中华人民共和国灯塔安全法"], key=lambda d: d.version_date or date.min)
    assert new.supersedes == (old.id,)
    assert old.repealed == date(2022, 9, 1)
    assert {p.repealed for p in reading_of(desk, old.id).provisions} == {date(2022, 9, 1)}


def test_importing_again_writes_nothing(desk: Desk, folder: Path) -> None:
    add(desk, [folder], by="planner")
    before = desk.ledger.last_seq()
    count = add(desk, [folder], by="planner")
    assert (count.new, count.changed, count.same) == (0, 0, 3)
    assert desk.ledger.last_seq() == before


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)

    def cut(done: int, total: int, name: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add(desk, [folder], cut, by="planner")
    assert len(held(desk)) == 2
    count = add(desk, [folder], by="planner")
    assert (count.new, count.same) == (1, 2)
    assert desk.ledger.verify().ok


def test_the_order_in_which_versions_come_does_not_matter(desk: Desk, folder: Path) -> None:
    add(desk, [folder / "灯塔安全法(2022-05-06).md"], by="planner")
    count = add(desk, [folder / "灯塔安全法(2010-03-01).md"], by="planner")
    assert count.relinked == 1
    assert {d.repealed for d in by_title(desk)["中华人民共和国灯塔安全法"]} == {None, date(2022, 9, 1)}


def test_a_changed_text_of_the_same_version_replaces_the_old_and_keeps_the_history(desk: Desk, folder: Path) -> None:
    file = folder / "灯塔安全法(2022-05-06).md"
    add(desk, [file], by="planner")
    file.write_text(LAW.replace("值守人员不得离岗", "值守人员不得擅自离岗"), "utf-8")
    count = add(desk, [file], by="planner")
    assert (count.new, count.changed) == (0, 1)
    id = next(iter(held(desk)))
    assert "擅自" in next(p for p in reading_of(desk, id).provisions if p.article == "第三条").text
    assert len(list(desk.ledger.entries(subject=id))) == 2


def test_an_edited_plan_without_a_date_takes_the_place_of_the_one_before(desk: Desk, folder: Path) -> None:
    file = folder / "云湖市雪灾应急预案.md"
    add(desk, [file], by="planner")
    file.write_text(PLAN.replace("由市长决定", "由分管副市长决定"), "utf-8")
    assert add(desk, [file], by="planner").changed == 1
    assert len(held(desk)) == 1


def test_the_same_law_in_two_files_is_one_document(desk: Desk, folder: Path) -> None:
    (folder / "抄本.md").write_text(LAW + "\n", "utf-8")
    assert add(desk, [folder], by="planner").same == 1


def test_two_documents_that_share_a_file_name_are_both_kept(desk: Desk, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "别处"
    other.mkdir()
    (other / "云湖市雪灾应急预案.md").write_text(PLAN.replace("云湖", "星港"), "utf-8")
    add(desk, [folder, other], by="planner")
    assert {"云湖市雪灾应急预案", "星港市雪灾应急预案"} <= set(by_title(desk))


def test_a_file_that_cannot_be_read_is_told_and_stops_nothing(desk: Desk, folder: Path) -> None:
    (folder / "坏.docx").write_bytes(b"PK\x03\x04 broken")
    count = add(desk, [folder], by="planner")
    assert count.new == 3
    assert [Path(name).name for name, _ in count.unreadable] == ["坏.docx"]
    assert "已损坏" in count.unreadable[0][1]


def test_removal_takes_everything_and_gives_the_older_version_back(desk: Desk, folder: Path) -> None:
    add(desk, [folder], by="planner")
    new = next(d for d in by_title(desk)["中华人民共和国灯塔安全法"] if d.supersedes)
    remove(desk, new.id, by="planner", reason="试")
    assert new.id not in held(desk)
    assert [d.repealed for d in by_title(desk)["中华人民共和国灯塔安全法"]] == [None]
    with pytest.raises(NotFound):
        reading_of(desk, new.id)
    with pytest.raises(NotFound):
        remove(desk, new.id, by="planner")


def test_a_removed_document_can_come_back(desk: Desk, folder: Path) -> None:
    add(desk, [folder], by="planner")
    remove(desk, next(iter(held(desk))), by="planner")
    assert add(desk, [folder], by="planner").new == 1


def test_the_plan_of_an_import_tells_what_would_happen_and_does_not_do_it(desk: Desk, folder: Path) -> None:
    add(desk, [folder / "云湖市雪灾应急预案.md"], by="planner")
    before = desk.ledger.last_seq()
    assert sorted(p.action for p in plan_of([folder], held(desk))) == ["new", "new", "same"]
    assert desk.ledger.last_seq() == before


def test_a_path_that_is_not_there_is_refused_before_anything_is_read(desk: Desk, folder: Path) -> None:
    with pytest.raises(BadInput, match="没有这个文件"):
        add(desk, [folder, folder / "没有.md"], by="planner")
    assert held(desk) == {}


def test_what_stands_beside_documents_is_not_imported(folder: Path) -> None:
    (folder / ".隐藏.md").write_text(LAW, "utf-8")
    (folder / "~$预案.docx").write_bytes(b"lock")
    assert "PROVENANCE.txt" not in {p.name for p in files_in([folder])}
    assert len(files_in([folder, folder])) == 3


def test_a_validity_that_ends_and_a_review_that_is_due_are_told(folder: Path) -> None:
    text = LAW.replace("自2022年9月1日起施行。", "自2022年9月1日起施行，本法有效期5年。本法每3年评估一次。")
    (folder / "限期.md").write_text(text, "utf-8")
    document = read_document(folder / "限期.md").document
    assert (document.expires, document.review_by) == (date(2027, 8, 31), date(2025, 9, 1))
    soon = expiring([document], date(2027, 8, 1), timedelta(days=60))
    assert [(e.what, e.day) for e in soon] == [("review", date(2025, 9, 1)), ("expires", date(2027, 8, 31))]
    assert expiring([document], date(2023, 1, 1), timedelta(days=60)) == []


def test_a_repeal_to_come_is_told_and_one_long_past_is_not(folder: Path) -> None:
    document = read_document(folder / "灯塔安全法(2010-03-01).md").document.model_copy(update={"repealed": date(2022, 9, 1)})
    assert [e.what for e in expiring([document], date(2022, 8, 1), timedelta(days=60))] == ["repealed"]
    assert expiring([document], date(2023, 1, 1), timedelta(days=60)) == []


def test_a_plan_older_than_the_law_it_cites_is_told_to_check(desk: Desk, folder: Path) -> None:
    dated = PLAN.replace("# 目 录", "云湖市人民政府办公室\n\n2015年3月1日\n\n# 目 录")
    (folder / "云湖市雪灾应急预案.md").write_text(dated, "utf-8")
    add(desk, [folder], by="planner")
    readings = [reading_of(desk, id) for id in held(desk)]
    shelf = Shelf([r.document for r in readings], [p for r in readings for p in r.provisions])
    stale = stale_references([(r.document, r.references) for r in readings], shelf, date(2024, 1, 1))
    assert [(s.citing.title, s.cited.version_date) for s in stale] == [("云湖市雪灾应急预案", date(2010, 3, 1))]
    assert stale[0].current is not None
    assert "2022-09-01" in stale[0].reason
    assert stale_references([(r.document, r.references) for r in readings], shelf, date(2016, 1, 1)) == []


IMPORTS = """
import sys, types
from pathlib import Path
from graph.importing import add
from graph.ledger import Ledger

ledger = Ledger(sys.argv[1])
desk = types.SimpleNamespace(ledger=ledger, catch_up=lambda: 0)

def waiting(done, of, name):
    if done == 0:
        print("importing", flush=True)
        sys.stdin.readline()

add(desk, [Path(sys.argv[2])], waiting, by="other")
print("done", flush=True)
"""


@pytest.fixture
def other_import(tmp_path: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A second process in the middle of an import; it goes on when it is sent a line."""
    command = [sys.executable, "-c", IMPORTS, f"sqlite:///{tmp_path / 'ledger.db'}", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "importing"
        yield process
        process.kill()


def test_a_second_import_is_refused_while_one_runs_and_works_afterwards(
    desk: Desk, folder: Path, other_import: subprocess.Popen[str]
) -> None:
    with pytest.raises(Refused, match="另一个进程正在导入或移除文件"):
        add(desk, [folder], by="planner")
    with pytest.raises(Refused, match="另一个进程正在导入或移除文件"):
        remove(desk, "any", by="planner")
    assert not held(desk)
    written, _ = other_import.communicate("go on\n", timeout=30)
    assert written.strip() == "done"
    count = add(desk, [folder], by="planner")
    assert (count.new, count.same) == (0, 3)


def test_a_killed_import_leaves_the_place_free(desk: Desk, folder: Path, other_import: subprocess.Popen[str]) -> None:
    other_import.kill()
    other_import.wait()
    assert add(desk, [folder], by="planner").new == 3
