"""A planner's job from the command line: import two versions of a law, find the one in force, ask, remove."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.test_story import anlan, answer

OLD = """# 云洲市风筝安全条例

2015年3月1日 云洲市人民代表大会常务委员会通过

<!-- INFO END -->

## 第一章 总则

第一条 为了风筝节的安全，制定本条例。

第二条 风筝线缠上电线的，放飞人应当在两小时内向街道办事处报告。

第三条 本条例自2015年5月1日起施行。
"""

NEW = """# 云洲市风筝安全条例

2015年3月1日 云洲市人民代表大会常务委员会通过

2022年8月1日 云洲市人民代表大会常务委员会修订

<!-- INFO END -->

## 第一章 总则

第一条 为了风筝节的安全，制定本条例。

第二条 风筝线缠上电线的，放飞人应当在三十分钟内向街道办事处报告。

第三条 违反本条例第二条规定的，处二百元以上五百元以下罚款。

第四条 本条例自2022年10月1日起施行。
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("library")
    (folder / "laws").mkdir()
    (folder / "laws" / "风筝安全条例(2015-03-01).md").write_text(OLD, "utf-8")
    (folder / "laws" / "风筝安全条例(2022-08-01).md").write_text(NEW, "utf-8")
    (folder / "laws" / "empty.md").write_text("", "utf-8")
    return folder / "var", answer(anlan(folder / "var", "library", "add", str(folder / "laws"), "--json"))


def test_an_import_counts_what_it_read_and_names_what_it_could_not(shelf: tuple[Path, dict[str, Any]]) -> None:
    assert shelf[1]["new"] == 2
    assert [Path(file).name for file, _ in shelf[1]["unreadable"]] == ["empty.md"]


def test_search_gives_the_version_in_force_and_as_of_an_old_day_the_old_one(shelf: tuple[Path, dict[str, Any]]) -> None:
    lines = "\n".join(
        json.dumps(one)
        for one in (
            {"id": "now", "query": "风筝线缠上电线多久报告"},
            {"id": "then", "query": "风筝线缠上电线多久报告", "as_of": "2016-01-01"},
        )
    )
    found = {
        one["id"]: one["results"] for one in map(json.loads, anlan(shelf[0], "library", "search", "-", stdin=lines).stdout.splitlines())
    }
    assert "三十分钟" in found["now"][0]["text"]
    assert "两小时" in found["then"][0]["text"]
    assert found["now"][0]["in_force"]
    assert not found["then"][0]["in_force"]
    assert found["now"][0]["why"]


def test_an_answer_quotes_the_article_and_an_unknown_matter_is_refused(shelf: tuple[Path, dict[str, Any]]) -> None:
    lines = "\n".join(
        json.dumps(one)
        for one in ({"id": "known", "query": "风筝线缠上电线，多久内要报告，向谁报告？"}, {"id": "unknown", "query": "明天股票会涨吗"})
    )
    said = {one["id"]: one for one in map(json.loads, anlan(shelf[0], "ask", "-", stdin=lines).stdout.splitlines())}
    assert "三十分钟内向街道办事处报告" in said["known"]["answer"]
    assert said["known"]["citations"][0]["article"] == "第二条"
    assert said["unknown"]["refused"]


def test_a_second_import_changes_nothing(shelf: tuple[Path, dict[str, Any]]) -> None:
    again = answer(anlan(shelf[0], "library", "add", str(shelf[0].parent / "laws"), "--json"))
    assert (again["new"], again["changed"], again["same"]) == (0, 0, 2)


def test_a_removed_document_is_no_longer_found(shelf: tuple[Path, dict[str, Any]]) -> None:
    question = ("library", "search", "风筝线缠上电线多久报告", "--as-of", "2016-01-01", "--json")
    old = answer(anlan(shelf[0], *question))["results"][0]["document_id"]
    assert anlan(shelf[0], "library", "remove", old, "--reason", "测试").returncode == 0
    assert all(one["document_id"] != old for one in answer(anlan(shelf[0], *question))["results"])
