"""Relief needs: people × amount × periods, and profiles that contradict their source."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from models.domain import Need
from models.errors import BadInput, BrokenDefinition, NotFound
from models.needs import load_standard, needs, rounded_people, standards
from models.standards import STANDARDS, known_standards, read_standards, source_of

PROFILES = Path(__file__).resolve().parents[2] / "../shared/data/inasafe_relief_and_exposure/minimum_needs"
shared = pytest.mark.skipif(not PROFILES.is_dir(), reason="共享数据目录不在本机，InaSAFE 原文件无从核对")


def by_item(found: list[Need]) -> dict[str, Need]:
    return {need.item: need for need in found}


def test_a_thousand_people_for_a_week_under_bnpb() -> None:
    figures = {need.item.split("（")[0]: (need.exact, need.quantity, need.unit) for need in needs(1000, 7, "bnpb")}
    assert figures == {
        "大米": (2800, 2800, "公斤"),
        "饮用水": (17500, 17500, "升"),
        "清洁用水": (67000, 67000, "升"),
        "家庭卫生包": (200, 200, "个"),
        "厕所": (50, 50, "个"),
    }


@shared
def test_the_inasafe_bnpb_file_gives_the_same_figures_as_it_stands() -> None:
    figures = {need.item: need.exact for need in needs(1000, 7, PROFILES / "BNPB_en.json")}
    assert figures == {"Rice": 2800, "Drinking Water": 17500, "Clean Water": 67000, "Family Kits": 200, "Toilets": 50}


@shared
@pytest.mark.parametrize("name", [path.name for path in sorted(PROFILES.glob("*.json"))])
@pytest.mark.parametrize(("people", "days"), [(1, 1), (1000, 7), (12345, 10)])
def test_a_profile_is_exactly_people_times_default_times_periods(name: str, people: int, days: int) -> None:
    length = {"daily": 1, "weekly": 7, "mingguan": 7, "monthly": 30}
    for resource, need in zip(json.loads((PROFILES / name).read_text())["resources"], needs(people, days, PROFILES / name), strict=True):
        frequency = resource["Frequency"]
        periods = 1 if frequency in ("once", "sekali") else days / length[frequency]
        assert need.exact == pytest.approx(people * float(resource["Default"]) * periods, rel=1e-12)


@shared
def test_the_fifteen_litres_a_week_of_the_inasafe_sphere_file_are_flagged() -> None:
    profile = load_standard(PROFILES / "SPHERE.json")
    assert [warning for warning in profile.warnings if "Drinking Water" in warning and "频次不一致" in warning]


@shared
def test_nothing_else_of_the_inasafe_files_is_flagged() -> None:
    assert len(load_standard(PROFILES / "SPHERE.json").warnings) == 1
    assert load_standard(PROFILES / "BNPB_en.json").warnings == ()


def profile(tmp_path: Path, **changes: object) -> Path:
    resource = {"Resource name": "Drinking Water", "Default": "15", "Frequency": "daily", "Unit abbreviation": "l"} | changes
    path = tmp_path / "invented.json"
    path.write_text(json.dumps({"profile": "invented", "provenance": "based on SPHERE", "resources": [resource]}), encoding="utf-8")
    return path


def test_a_profile_that_agrees_with_its_source_is_not_flagged(tmp_path: Path) -> None:
    (need,) = needs(10, 2, profile(tmp_path))
    assert (need.exact, need.verified) == (300, True)


def test_a_profile_with_the_wrong_frequency_is_multiplied_as_it_stands_and_not_verified(tmp_path: Path) -> None:
    (need,) = needs(10, 7, profile(tmp_path, Frequency="weekly"))
    assert (need.exact, need.verified) == (150, False)
    assert "频次不一致" in need.clause


def test_a_profile_with_the_wrong_unit_is_flagged(tmp_path: Path) -> None:
    (need,) = needs(10, 7, profile(tmp_path, **{"Unit abbreviation": "ml"}))
    assert "单位" in need.clause
    assert not need.verified


def test_a_profile_with_another_amount_than_its_source_is_not_verified(tmp_path: Path) -> None:
    (need,) = needs(10, 7, profile(tmp_path, Default="20"))
    assert not need.verified
    assert "每人每天15升" in need.clause


def test_a_profile_item_that_no_shipped_standard_knows_is_not_verified(tmp_path: Path) -> None:
    (need,) = needs(10, 7, profile(tmp_path, **{"Resource name": "Candles", "Unit abbreviation": ""}))
    assert not need.verified


def test_a_profile_default_outside_its_own_range_is_flagged(tmp_path: Path) -> None:
    (need,) = needs(10, 7, profile(tmp_path, **{"Resource name": "Candles", "Maximum allowed": "10"}))
    assert "超出文件自己的允许范围" in need.clause


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"resources": []}',
        '{"resources": [{"Resource name": "Rice", "Default": "NaN", "Frequency": "daily"}]}',
        '{"resources": [{"Resource name": "Rice", "Default": -1, "Frequency": "daily"}]}',
        '{"resources": [{"Resource name": "Rice", "Default": 1, "Frequency": "hourly"}]}',
        '{"resources": [{"Resource name": "Rice", "Default": 1, "Frequency": "daily"}, {"Resource name": "Rice", "Default": 1, "Frequency": "daily"}]}',
        "[" * 100_000,
    ],
)
def test_a_broken_profile_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BrokenDefinition, match=r"broken\.json"):
        load_standard(path)


def test_what_is_given_once_is_not_multiplied_by_days() -> None:
    assert by_item(needs(100, 3, "sphere"))["毯（被）"].exact == by_item(needs(100, 30, "sphere"))["毯（被）"].exact == 100


def test_part_of_a_period_counts_as_exactly_that_part() -> None:
    rice = needs(1000, 10, "bnpb")[0]
    assert rice.exact == pytest.approx(2800 * 10 / 7)


def test_half_a_day_counts_as_half_a_day() -> None:
    assert by_item(needs(100, 0.5, "sphere"))["基本用水（含饮水）"].exact == 750


def test_quantities_are_rounded_up_to_whole_packs_and_the_exact_figure_stays() -> None:
    kits = by_item(needs(1001, 7, "bnpb"))["家庭卫生包（5人一户1个）"]
    assert (kits.exact, kits.quantity) == (200.2, 201)


def test_a_product_that_is_whole_is_not_rounded_up_by_float_noise() -> None:
    assert [need.quantity for need in needs(300, 7, "bnpb")] == [840, 5250, 20100, 60, 15]


def test_rounding_up_goes_to_the_pack_size_of_the_item(tmp_path: Path) -> None:
    standard = standards()["bnpb"]
    sacks = standard.model_copy(update={"items": (standard.items[0].model_copy(update={"pack": 25}),)})
    (rice,) = needs(100, 7, sacks)
    assert (rice.exact, rice.quantity) == (280, 300)


def test_the_arithmetic_is_written_out() -> None:
    assert needs(1000, 7, "bnpb")[0].arithmetic == "1000人×2.8公斤×(7天÷7天)=2800公斤"
    assert needs(1001, 3, "planning")[0].arithmetic == "1001人÷4人×1顶×一次=250.25顶，向上取整为251"


def test_cold_weather_takes_the_place_of_the_ordinary_amount_and_is_not_added() -> None:
    cold = by_item(needs(100, 1, "sphere", conditions={"寒冷"}))
    assert cold["毯（被，寒冷）"].exact == 200
    assert "毯（被）" not in cold


def test_drinking_water_is_marked_as_already_inside_the_total() -> None:
    assert "不另计" in by_item(needs(100, 1, "sphere"))["其中饮水（已含在用水总量内）"].per


def test_the_foreign_standards_call_themselves_references() -> None:
    assert {one.kind for one in standards().values()} == {"international_reference", "planning_assumption"}


def test_planning_assumptions_are_never_verified() -> None:
    assert not any(need.verified for need in needs(100, 3, "planning"))


def test_nobody_needs_nothing() -> None:
    assert all(need.quantity == 0 for need in needs(0, 7, "bnpb"))


@pytest.mark.parametrize(
    ("people", "days"), [(-1, 7), (10, 0), (10, -1), (10, float("nan")), (10, float("inf")), (1.5, 7), (True, 7), (10**12, 7)]
)
def test_impossible_people_or_days_are_refused(people: int, days: float) -> None:
    with pytest.raises(BadInput):
        needs(people, days, "bnpb")


def test_an_unknown_standard_is_not_found_and_the_known_ones_are_named() -> None:
    with pytest.raises(NotFound, match=r"不存在的.*bnpb"):
        needs(10, 7, "不存在的标准")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("amount: 2.8", "amount: -2.8", "amount"),
        ("every: week", "every: fortnight", "every"),
        ("name: bnpb", "name: other", "文件名"),
        ("key: toilets", "key: rice", "键 rice"),
        ("per: person", "per: household", "household_size"),
    ],
)
def test_a_broken_standard_is_refused_by_name_and_place(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = (STANDARDS / "bnpb.yml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "bnpb.yml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BrokenDefinition, match=words) as failure:
        read_standards(tmp_path)
    assert "bnpb.yml" in str(failure.value)


def test_our_own_file_outside_the_project_loads_by_path(tmp_path: Path) -> None:
    content = yaml.safe_load((STANDARDS / "bnpb.yml").read_text(encoding="utf-8")) | {"name": "ours", "kind": "local_norm"}
    path = tmp_path / "ours.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    assert needs(1000, 7, path)[0].exact == 2800


@shared
@pytest.mark.parametrize("name", [path.name for path in sorted(PROFILES.glob("*.json"))])
def test_the_command_line_gives_exactly_people_times_amount_times_periods(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from anlan import app

    monkeypatch.setenv("ANLAN_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(app, ["needs", "--people", "1000", "--days", "7", "--standard", str(PROFILES / name), "--json"])
    assert done.exit_code == 0
    length = {"daily": 1, "weekly": 7, "mingguan": 7, "monthly": 30}
    found = json.loads(done.stdout)["needs"]
    for resource, need in zip(json.loads((PROFILES / name).read_text())["resources"], found, strict=True):
        periods = Fraction(7, length[resource["Frequency"]]) if resource["Frequency"] in length else Fraction(1)
        assert need["exact"] == float(1000 * Fraction(str(resource["Default"])) * periods), resource["Resource name"]
        assert need["quantity"] >= need["exact"]


@pytest.mark.parametrize(
    ("people", "shown"),
    [
        (0, 0),
        (1, 10),
        (989, 990),
        (991, 1000),
        (1000, 1000),
        (8888, 8900),
        (99_999, 100_000),
        (100_001, 101_000),
        (9_888_888, 9_889_000),
        (0.2, 10),
    ],
)
def test_people_are_rounded_upward_for_display(people: float, shown: int) -> None:
    assert rounded_people(people) == shown


@pytest.mark.parametrize("people", [-1, float("nan"), float("inf")])
def test_no_number_of_people_is_not_rounded(people: float) -> None:
    with pytest.raises(BadInput):
        rounded_people(people)


@settings(deadline=None)
@given(st.floats(0, 1e8), st.floats(0, 1e6))
def test_rounding_never_takes_anybody_away_and_keeps_the_order(people: float, more: float) -> None:
    assert people <= rounded_people(people) <= people + 1_000
    assert rounded_people(people) <= rounded_people(people + more)


def test_the_calculation_keeps_the_exact_people_whatever_is_shown() -> None:
    assert needs(991, 7, "bnpb")[0].exact == pytest.approx(991 * 2.8)
    assert needs(991, 7, "bnpb")[0].people == 991


@settings(deadline=None)
@given(
    st.integers(0, 10**8), st.decimals("0.01", "999.99", places=2), st.sampled_from(["day", "week", "month", "year"]), st.integers(1, 60)
)
def test_needs_are_exact_fractions(people: int, amount: object, every: str, days: int) -> None:
    length = {"day": 1, "week": 7, "month": 30, "year": 365}[every]
    rice = standards()["bnpb"].items[0].model_copy(update={"amount": float(str(amount)), "every": every, "range": None})
    (need,) = needs(people, days, standards()["bnpb"].model_copy(update={"items": (rice,)}))
    exact = people * Fraction(str(amount)) * Fraction(days, length)
    assert need.exact == float(exact)
    assert need.quantity == -(-exact // 1)


@pytest.mark.parametrize(("frequency", "exact"), [("single", 30), ("per event", 30), ("Weekly ", 30), ("yearly", 30 * 7 / 365)])
def test_every_word_inasafe_files_use_for_how_often_is_read(tmp_path: Path, frequency: str, exact: float) -> None:
    (need,) = needs(2, 7, profile(tmp_path, Frequency=frequency))
    assert need.exact == pytest.approx(exact)


def test_a_profile_that_gives_nothing_of_an_item_is_read_and_says_so(tmp_path: Path) -> None:
    (need,) = needs(10, 7, profile(tmp_path, Default="0", **{"Resource name": "Couple room"}))
    assert (need.exact, need.quantity) == (0, 0)
    assert "数量为0" in need.clause


def test_a_unit_that_begins_with_a_digit_does_not_run_into_the_figure(tmp_path: Path) -> None:
    (need,) = needs(
        10, 7, profile(tmp_path, Default="0.2", Frequency="once", **{"Resource name": "Bags", "Unit abbreviation": "100 litre bag"})
    )
    assert need.arithmetic == "10人×0.2（100 litre bag）×一次=2（100 litre bag）"


def own(folder: Path, name: str = "ours", **item: object) -> Path:
    """A standard of the bureau's own in `folder`; one item, with what differs from rice every day."""
    folder.mkdir(exist_ok=True)
    rice = {"key": "rice", "item": "大米", "amount": 0.4, "unit": "公斤", "per": "person", "every": "day", "clause": "第二条"}
    content = {"name": name, "title": "本局标准", "kind": "local_norm", "publisher": "本局", "year": 2026, "reference": "本局文件"}
    path = folder / f"{name}.yml"
    items = [rice | {"verified": True, "evidence": "text_mirror"} | item]
    path.write_text(yaml.safe_dump(content | {"items": items}, allow_unicode=True), encoding="utf-8")
    return path


def test_the_bureaus_own_standard_is_found_by_name(tmp_path: Path) -> None:
    own(tmp_path)
    assert set(known_standards(tmp_path)) == {*standards(), "ours"}
    assert needs(10, 7, load_standard("ours", tmp_path))[0].exact == 28
    with pytest.raises(NotFound):
        load_standard("ours", tmp_path / "elsewhere")


def test_the_bureaus_own_standard_cannot_take_the_name_of_a_shipped_one(tmp_path: Path) -> None:
    own(tmp_path, "sphere")
    with pytest.raises(BrokenDefinition, match=r"sphere.*同名"):
        load_standard("bnpb", tmp_path)


@pytest.mark.parametrize(
    ("item", "words"), [({"amount": 0}, "大于0"), ({"for": "infants"}, "for"), ({"priority": 0}, "priority"), ({"pack": 0}, "pack")]
)
def test_a_wrong_standard_of_the_bureaus_own_is_refused_by_name(tmp_path: Path, item: dict[str, object], words: str) -> None:
    own(tmp_path, **item)
    with pytest.raises(BrokenDefinition, match=words) as failure:
        known_standards(tmp_path)
    assert "ours.yml" in str(failure.value)


def test_an_item_for_a_group_counts_that_group(tmp_path: Path) -> None:
    milk = load_standard(own(tmp_path, item="奶粉", **{"for": "children", "amount": 0.05, "unit": "罐"}))
    (need,) = needs(1000, 7, milk, groups={"children": 33})
    assert (need.exact, need.quantity, need.people, need.whom) == (11.55, 12, 33, "children")
    assert need.arithmetic.startswith("儿童（14岁及以下）33人×0.05罐")


def test_a_group_nobody_counted_is_null_and_said_and_never_nought(tmp_path: Path) -> None:
    milk = load_standard(own(tmp_path, item="奶粉", **{"for": "children"}))
    (need,) = needs(1000, 7, milk, groups={"elderly": 33})
    assert (need.exact, need.quantity, need.people) == (None, None, None)
    assert "不能按0计" in need.arithmetic
    assert needs(1000, 7, milk, groups={"children": 0})[0].quantity == 0


@pytest.mark.parametrize("groups", [{"children": 1001}, {"children": -1}, {"children": 1.5}, {"infants": 3}, {"all": 999}])
def test_impossible_groups_are_refused(groups: dict[str, int]) -> None:
    with pytest.raises(BadInput):
        needs(1000, 7, "bnpb", groups=groups)  # type: ignore[arg-type]


def test_every_coefficient_opens_its_source_and_says_whether_it_was_seen() -> None:
    for name, standard in standards().items():
        for item in standard.items:
            words = source_of(name, item.ref)
            assert item.clause in words
            assert standard.reference in words
            assert ("未核实" in words) != item.verified
        for need in needs(10, 7, standard):
            assert need.source == source_of(need.standard_name, need.ref)


def test_an_alternative_has_a_source_of_its_own() -> None:
    (cold,) = [need for need in needs(10, 7, "sphere", conditions={"寒冷"}) if need.item == "毯（被，寒冷）"]
    assert cold.ref.endswith("@寒冷")
    assert source_of("sphere", cold.ref).startswith("毯（被，寒冷）：每人一次2床")


def test_an_item_a_standard_does_not_have_is_not_found() -> None:
    with pytest.raises(NotFound, match="大象"):
        source_of("sphere", "大象")
