"""The 64 indicators of table A01 and their 33 checks."""

from __future__ import annotations

import pytest

from models.domain import IMPACT_TYPES
from models.errors import BadInput
from models.rules import check_indicators, checks, indicators

CODES = [f"A01{number:03}" for number in range(1, 65)]


def test_the_table_has_its_64_indicators_in_order() -> None:
    assert [one.code for one in indicators()] == CODES


def test_the_form_has_33_checks() -> None:
    assert len({check.id for check in checks()}) == 33


@pytest.mark.parametrize("check", checks(), ids=lambda check: check.id)
def test_each_check_complains_when_its_relation_is_broken(check) -> None:  # type: ignore[no-untyped-def]
    left, _, right = check.parts
    values = dict.fromkeys(right, 10.0) | {left: 10.0 * len(right) - 1}
    assert [issue.check for issue in check_indicators(values) if issue.check == check.id] == [check.id]


@pytest.mark.parametrize("check", checks(), ids=lambda check: check.id)
def test_each_check_is_content_when_its_relation_holds(check) -> None:  # type: ignore[no-untyped-def]
    left, _, right = check.parts
    values = dict.fromkeys(right, 10.0) | {left: 10.0 * len(right)}
    assert check.id not in {issue.check for issue in check_indicators(values)}


@pytest.mark.parametrize("check", checks(), ids=lambda check: check.id)
def test_each_check_is_silent_when_any_figure_is_missing(check) -> None:  # type: ignore[no-untyped-def]
    left, _, right = check.parts
    values = dict.fromkeys(right, 10.0) | {left: 1.0}
    for code in list(values):
        assert check.id not in {issue.check for issue in check_indicators(values | {code: None})}


def test_more_than_the_sum_is_wrong_where_the_form_asks_for_equality() -> None:
    issues = check_indicators({"A01013": 500, "A01014": 200, "A01015": 200})
    assert [issue.check for issue in issues] == ["LG-14"]


def test_more_than_the_other_figure_is_right_where_the_form_asks_for_no_less() -> None:
    assert check_indicators({"A01007": 9, "A01008": 5}) == []


@pytest.mark.parametrize(("more", "checks"), [(0.005, []), (0.006, ["LG-01"])])
def test_half_a_hundredth_is_rounding(more: float, checks: list[str]) -> None:
    assert [issue.check for issue in check_indicators({"A01007": 0, "A01008": more})] == checks


def test_the_sentence_names_both_figures_with_units() -> None:
    (issue,) = check_indicators({"A01007": 3, "A01008": 5})
    assert issue.message == "受灾人口（A01007）3人小于因灾死亡人口（A01008）5人，前者应不小于后者，请核对。"


def test_a_sum_is_named_as_a_sum() -> None:
    (issue,) = check_indicators({"A01013": 500, "A01014": 200, "A01015": 200})
    assert "集中安置人口（A01014）、分散安置人口（A01015）之和400人" in issue.message


def test_losses_that_differ_only_by_float_rounding_are_equal() -> None:
    parts = {f"A010{number}": 0.1 for number in range(59, 65)}
    assert check_indicators(parts | {"A01058": 0.6}) == []


def test_losses_that_differ_by_a_hundred_yuan_are_not_equal() -> None:
    parts = {f"A010{number}": 0.1 for number in range(59, 65)}
    assert [issue.check for issue in check_indicators(parts | {"A01058": 0.61})] == ["LG-33"]


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(BadInput, match="A01065"):
        check_indicators({"A01065": 1})


def test_present_figure_and_running_total_are_both_kept_for_the_six_indicators_the_system_names() -> None:
    both = {one.code for one in indicators() if one.stock_and_total}
    assert both == {"A01013", "A01014", "A01016", "A01017", "A01019", "A01020"}


def test_an_impact_feeds_at_most_one_indicator() -> None:
    fed = [one.impact for one in indicators() if one.impact]
    assert len(fed) == len(set(fed))
    assert set(fed) <= set(IMPACT_TYPES)
