"""Rule files: what a broken one says, and that the shipped figures carry their sources."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from models.errors import BrokenDefinition
from models.rulebook import RULES, read_rulebook, rulebook


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the shipped rules that a test may break."""
    return Path(shutil.copytree(RULES, tmp_path / "rules"))


def broken(folder: Path, name: str, old: str, new: str) -> str:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BrokenDefinition) as failure:
        read_rulebook(folder)
    return str(failure.value)


def test_the_copied_rules_are_whole(rules: Path) -> None:
    assert read_rulebook(rules) == rulebook()


def test_a_file_that_is_not_yaml_is_named_with_the_line(rules: Path) -> None:
    message = broken(rules, "accident_grades.yml", "bands:", "bands: [")
    assert "accident_grades.yml" in message
    assert "line" in message


def test_a_wrong_type_is_named_with_its_place(rules: Path) -> None:
    message = broken(rules, "clocks.yml", "minutes: 30", "minutes: 半小时")
    assert "clocks.yml" in message
    assert "minutes" in message


def test_a_field_nobody_knows_is_refused(rules: Path) -> None:
    assert "minute" in broken(rules, "clocks.yml", "minutes: 60", "minute: 60")


def test_a_key_written_twice_is_refused(rules: Path) -> None:
    assert "键 rank 重复" in broken(rules, "accident_grades.yml", "    rank: 2\n", "    rank: 2\n    rank: 2\n")


def test_a_figure_from_memory_may_not_call_itself_verified(rules: Path) -> None:
    assert "矛盾" in broken(rules, "clocks.yml", "    verified: false", "    verified: true")


def test_a_source_that_is_not_listed_is_refused(rules: Path) -> None:
    assert "R494" in broken(rules, "accident_grades.yml", "source: R493", "source: R494")


def test_grades_that_leave_a_gap_are_refused(rules: Path) -> None:
    assert "不相接" in broken(rules, "accident_grades.yml", "deaths: [3, 10]", "deaths: [3, 9]")


def test_a_check_over_an_indicator_that_is_not_in_the_table_is_refused(rules: Path) -> None:
    assert "A01099" in broken(rules, "indicators.yml", "expr: A01007>=A01008", "expr: A01007>=A01099")


def test_a_relation_that_is_no_relation_is_refused(rules: Path) -> None:
    assert "不是" in broken(rules, "indicators.yml", "expr: A01007>=A01008", "expr: A01007 约等于 A01008")


def test_the_same_clock_in_two_files_is_refused(rules: Path) -> None:
    shutil.copy(rules / "clocks.yml", rules / "clocks_again.yml")
    with pytest.raises(BrokenDefinition, match="定义了两次"):
        read_rulebook(rules)


def test_the_same_plan_in_two_files_is_refused(rules: Path) -> None:
    shutil.copy(rules / "response_thresholds.yml", rules / "response_again.yml")
    with pytest.raises(BrokenDefinition, match=r"预案 .* 定义了两次"):
        read_rulebook(rules)


@pytest.mark.parametrize(
    ("line", "again", "named"),
    [
        ("  - {code: A01002,", "  - {code: A01001,", "指标 A01001 定义了两次"),
        ("  - {id: LG-02,", "  - {id: LG-01,", "逻辑校验 LG-01 定义了两次"),
    ],
)
def test_the_same_line_of_the_form_twice_is_refused(rules: Path, line: str, again: str, named: str) -> None:
    assert named in broken(rules, "indicators.yml", line, again)


def test_a_source_told_differently_in_two_files_is_refused(rules: Path) -> None:
    again = rules / "zz_clocks_again.yml"
    shutil.copy(rules / "clocks.yml", again)
    found = broken(rules, again.name, "title: ", "title: 另一个")
    assert again.name in found
    assert "与另一文件中的写法不一致" in found


def test_a_missing_rule_set_is_refused(rules: Path) -> None:
    (rules / "significant_hazard_event.yml").unlink()
    with pytest.raises(BrokenDefinition, match="应恰有一个 SignificantHazardEvent 文件，现有：无"):
        read_rulebook(rules)
    shutil.copy(rules / "accident_grades.yml", rules / "accident_grades_again.yml")
    shutil.copy(RULES / "significant_hazard_event.yml", rules)
    with pytest.raises(BrokenDefinition, match=r"应恰有一个 AccidentGrades 文件，现有：accident_grades\.yml、accident_grades_again\.yml"):
        read_rulebook(rules)


def test_another_citys_plan_is_one_new_file(rules: Path) -> None:
    (rules / "response_invented.yml").write_text(
        """
kind: response_thresholds
sources:
  INV: {title: 某市自然灾害救助应急预案, in_force: 2026-01-01, reference: 虚构}
plans:
  - id: response.invented
    plan: 某市预案
    source: INV
    region: 某市
    adcode: "990100"
    death_basis: dead
    death_words: 死亡
    complete: true
    levels:
      - {level: 四级, rank: 4, deaths: [1, null], source: INV, clause: 一, verified: true, evidence: text_mirror}
""",
        encoding="utf-8",
    )
    assert "response.invented" in {plan.id for plan in read_rulebook(rules).plans}


def test_every_response_figure_from_memory_ships_as_not_verified() -> None:
    national = next(plan for plan in rulebook().plans if plan.id == "response.cn-2024")
    assert {level.level: level.verified for level in national.levels} == {"一级": True, "二级": False, "三级": False, "四级": False}


def test_levels_of_one_plan_touch_without_gap_or_overlap() -> None:
    for plan in rulebook().plans:
        for criterion in ("deaths", "people", "rooms", "households"):
            bounds = [getattr(level, criterion) for level in sorted(plan.levels, key=lambda level: level.rank)]
            for graver, lighter in itertools.pairwise(bounds):
                assert lighter[1] == graver[0], (plan.id, criterion)
