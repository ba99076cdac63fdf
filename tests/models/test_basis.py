"""Which people a plan is for: reported before typed before estimated, six populations that never stand in for each other."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.assumptions import SHIPPED, load_assumptions
from models.basis import bases, chosen_basis, groups_of
from models.domain import BEIJING, Conflict, EvidenceView, Impact, Statement
from models.errors import BadInput, BrokenDefinition
from models.relief import BASES, Band, Basis, BasisKey, Exposure, Figure, Footprint, Group, StreetExposed
from tests.models.invented import impact

AT = datetime(2026, 7, 1, 20, 0, tzinfo=BEIJING)
SQUARE = {"type": "Polygon", "coordinates": [[[118.7, 32.0], [118.8, 32.0], [118.8, 32.1], [118.7, 32.0]]]}


def exposure(
    by_depth: dict[str, float] | None = None,
    *,
    kind: str = "depth",
    low: float = 1.0,
    high: float = 1.0,
    groups: dict[Group, float] | None = None,
) -> Exposure:
    """People by label of band; `low` and `high` times the best."""
    parts = by_depth or {"水深0.5米以上": 1000}
    total = sum(parts.values())
    people: dict[Group, Figure] = {"all": Figure(low=total * low, best=total, high=total * high)}
    people |= {group: Figure(low=one, best=one, high=one) for group, one in (groups or {}).items()}
    bands = tuple(Band(label=label, severity=i, geometry=SQUARE) for i, label in enumerate(parts))
    street = StreetExposed(name="某街道", adcode="", share=1, people=people, by_severity=dict(enumerate(parts.values())))
    return Exposure(
        footprint=Footprint(id="fp-1", kind=kind, title="某处积水", origin="测试", bands=bands),
        people=people,
        streets=(street,),
        buildings=(),
        sites=(),
        covered=0.8,
        surveyed=(None, None),
        gaps=(),
        arithmetic=(),
    )


def by_key(found: tuple[Basis, ...]) -> dict[BasisKey, Basis]:
    return {one.key: one for one in found}


def figures(one: Basis) -> tuple[float, float, float] | None:
    return None if one.people is None else (one.people.low, one.people.best, one.people.high)


def said(kind: str, text: str, quote: str, best: float, evidence: str = "ev-1") -> tuple[Statement, EvidenceView]:
    statement = Statement.of(evidence=evidence, property=f"impact.{kind}", low=best, best=best, high=best, unit="人", quote=quote)
    view = EvidenceView(
        id=evidence, source="desk", source_title="值班室", source_kind="desk", reliability="B", text=text, sent_at=AT, received_at=AT
    )
    return statement, view


def reported(statement: Statement, *others: Statement) -> Impact:
    kind = statement.property.removeprefix("impact.")
    conflicts = tuple(Conflict(statement=one.id, value=one.best or 0, source_title="值班室", at=AT, quote=one.quote) for one in others)
    return impact(kind, statement.best).model_copy(update={"statements": (statement.id,), "conflicts": conflicts, "as_of": AT})


def test_there_are_always_six_populations_and_what_nobody_said_is_null() -> None:
    found = bases([])
    assert [one.key for one in found] == list(BASES)
    assert {(one.people, one.origin) for one in found} == {(None, "unknown")}


def test_a_reported_population_never_fills_another() -> None:
    found = by_key(bases([impact("affected", 9000), impact("evacuated", 800), impact("urgent_aid", 70)]))
    assert {key: figures(one) for key, one in found.items() if one.people} == {
        "affected": (9000, 9000, 9000),
        "evacuated": (800, 800, 800),
        "urgent_aid": (70, 70, 70),
    }
    assert found["relocated"].people is None


def test_an_estimate_is_labelled_with_its_assumption_and_is_unverified() -> None:
    relocated = by_key(bases([], exposure({"水深0.5–1米": 1000, "水深1米以上": 500}, low=0.9, high=1.2)))["relocated"]
    # 1000 × 10%, 30%, 60% and 500 × 50%, 80%, 100%; the survey's own span on top.
    assert figures(relocated) == pytest.approx((0.9 * 350, 700, 1.2 * 1100))
    assert relocated.origin == "estimated"
    assert relocated.assumption.startswith("估算")
    assert relocated.assumption.count("未核实") == 2
    assert relocated.citations == ("fp-1",)


def test_everything_that_is_known_only_from_exposure_says_that_it_is_an_estimate() -> None:
    found = [one for one in bases([], exposure()) if one.people is not None]
    assert {one.key for one in found} == {"affected", "relocated"}
    assert all(one.origin == "estimated" and "估算" in one.assumption and "未核实" in one.assumption for one in found)


@pytest.mark.parametrize("label", ["积水范围", "水较深"])
def test_a_band_without_a_depth_gives_no_estimate_of_the_relocated(label: str) -> None:
    relocated = by_key(bases([], exposure({label: 1000})))["relocated"]
    assert (relocated.people, relocated.origin) == (None, "unknown")
    assert "不估算" in relocated.why


def test_people_missing_from_the_bands_give_no_estimate() -> None:
    whole = exposure({"水深0.5–1米": 1000, "水深1米以上": 500})
    street = whole.streets[0].model_copy(update={"by_severity": {0: 1000.0}})
    assert by_key(bases([], whole.model_copy(update={"streets": (street,)})))["relocated"].people is None


@pytest.mark.parametrize("kind", ["drawn", "warning", "intensity", "area", "circle"])
def test_without_a_parameter_the_relocated_are_unknown_and_not_invented(kind: str) -> None:
    assert by_key(bases([], exposure(kind=kind)))["relocated"].people is None


@pytest.mark.parametrize(
    ("label", "best"), [("水深0.5米以下", 0), ("水深50厘米以上", 300), ("水深0.5米以上", 300), ("水深0.49米", 0), ("水深1.5-2米", 800)]
)
def test_a_band_counts_from_its_lower_depth(label: str, best: float) -> None:
    relocated = by_key(bases([], exposure({label: 1000})))["relocated"]
    assert relocated.people is not None
    assert relocated.people.best == pytest.approx(best)


def test_the_report_wins_over_the_estimate_which_stays_beside_it() -> None:
    relocated = by_key(bases([impact("relocated", 120)], exposure()))["relocated"]
    assert (figures(relocated), relocated.origin) == ((120, 120, 120), "reported")
    assert [(one.origin, figures(one)) for one in relocated.others] == [("estimated", (100, 300, 600))]


def test_an_officer_wins_over_an_estimate() -> None:
    relocated = by_key(bases([], exposure(), {"relocated": 250}))["relocated"]
    assert (figures(relocated), relocated.origin) == ((250, 250, 250), "typed")
    assert [one.origin for one in relocated.others] == ["estimated"]


@pytest.mark.parametrize(
    ("typed_at", "first", "beside"),
    [(None, "reported", "typed"), (AT - timedelta(hours=1), "reported", "typed"), (AT + timedelta(hours=1), "typed", "reported")],
)
def test_a_later_report_beats_what_an_officer_typed_and_both_are_shown(typed_at: datetime | None, first: str, beside: str) -> None:
    report = impact("relocated", 400).model_copy(update={"as_of": AT})
    relocated = by_key(bases([report], None, {"relocated": 250}, typed_at=typed_at))["relocated"]
    assert (relocated.origin, [one.origin for one in relocated.others]) == (first, [beside])
    assert {one.people.best for one in (relocated, *relocated.others) if one.people} == {250, 400}


def test_a_report_without_a_number_leaves_room_for_the_estimate_and_is_shown() -> None:
    vague = impact("relocated", None, low=200, high=999)
    relocated = by_key(bases([vague], exposure()))["relocated"]
    assert relocated.origin == "estimated"
    (report,) = relocated.others
    assert (report.people, report.origin) == (None, "reported")
    assert "200至999" in report.why
    alone = by_key(bases([vague]))["relocated"]
    assert (alone.people, alone.origin) == (None, "reported")


def test_an_open_end_is_named_and_not_invented() -> None:
    at_least = impact("relocated", 500).model_copy(update={"high": None})
    relocated = by_key(bases([at_least]))["relocated"]
    assert figures(relocated) == (500, 500, 500)
    assert "上限报告未说明" in relocated.why


def test_an_unconfirmed_figure_says_so() -> None:
    assert "待核" in by_key(bases([impact("relocated", 5)]))["relocated"].why
    sure = impact("relocated", 5).model_copy(update={"confirmed": True})
    assert "待核" not in by_key(bases([sure]))["relocated"].why


@pytest.mark.parametrize(
    ("text", "quote", "counting"),
    [
        ("截至18时，累计转移安置5000人。", "转移安置5000人", "cumulative"),
        ("目前仍有转移安置300人。", "转移安置300人", "current"),
        ("转移安置300人。", "转移安置300人", "unstated"),
        ("累计救出9人，转移安置300人。", "转移安置300人", "unstated"),
    ],
)
def test_present_or_running_total_is_read_from_the_clause(text: str, quote: str, counting: str) -> None:
    statement, view = said("relocated", text, quote, 300)
    (relocated,) = [one for one in bases([reported(statement)], statements=[statement], evidence=[view]) if one.key == "relocated"]
    assert relocated.counting == counting


def test_of_one_reports_total_and_present_number_relief_goes_by_the_present_one() -> None:
    text = "累计转移安置5000人，目前仍有安置1200人。"
    total, view = said("relocated", text, "转移安置5000人", 5000)
    present, _ = said("relocated", text, "安置1200人", 1200)
    relocated = by_key(bases([reported(total, present)], statements=[total, present], evidence=[view]))["relocated"]
    assert (figures(relocated), relocated.counting) == ((1200, 1200, 1200), "current")
    assert [(figures(one), one.counting) for one in relocated.others] == [((5000, 5000, 5000), "cumulative")]


def test_conflicting_reports_stay_beside_the_believed_one() -> None:
    first, view = said("relocated", "转移安置300人。", "转移安置300人", 300)
    second, other = said("relocated", "转移安置280人。", "转移安置280人", 280, "ev-2")
    relocated = by_key(bases([reported(first, second)], statements=[first, second], evidence=[view, other]))["relocated"]
    assert [(figures(one), one.citations) for one in relocated.others] == [((280, 280, 280), (second.id,))]


def test_both_parts_of_one_report_make_up_the_whole_and_parts_of_two_do_not() -> None:
    text = "集中安置200人，分散安置300人。"
    central, view = said("relocated_central", text, "集中安置200人", 200)
    dispersed, _ = said("relocated_dispersed", text, "分散安置300人", 300)
    elsewhere, other = said("relocated_dispersed", "分散安置300人。", "分散安置300人", 300, "ev-2")
    one = by_key(bases([reported(central), reported(dispersed)], statements=[central, dispersed], evidence=[view]))
    two = by_key(bases([reported(central), reported(elsewhere)], statements=[central, elsewhere], evidence=[view, other]))
    assert figures(one["relocated"]) == (500, 500, 500)
    assert two["relocated"].people is None


def test_the_parts_are_never_added_to_a_reported_whole() -> None:
    parts = [impact("relocated", 500), impact("relocated_central", 200), impact("relocated_dispersed", 300)]
    assert figures(by_key(bases(parts))["relocated"]) == (500, 500, 500)


def test_an_estimate_of_the_relocated_is_not_below_what_is_reported_of_a_part() -> None:
    relocated = by_key(bases([impact("relocated_central", 450)], exposure()))["relocated"]
    assert figures(relocated) == (450, 450, 600)
    assert "450" in relocated.assumption


@pytest.mark.parametrize("wrong", [-1, 2.5, True])
def test_a_typed_number_that_is_no_count_is_refused(wrong: int) -> None:
    with pytest.raises(BadInput):
        bases([], None, {"relocated": wrong})


def test_the_plan_is_for_the_relocated_unless_an_officer_wants_another() -> None:
    found = bases([impact("affected", 9000), impact("relocated", 120)])
    basis, why = chosen_basis(found, "flood")
    assert (basis.key, figures(basis)) == ("relocated", (120, 120, 120))
    assert "默认" in why
    other, because = chosen_basis(found, "flood", "affected")
    assert (other.key, "选定" in because) == ("affected", True)


def test_an_unknown_population_is_not_replaced_by_a_known_one() -> None:
    basis, why = chosen_basis(bases([impact("affected", 9000)]), "flood")
    assert (basis.key, basis.people) == ("relocated", None)
    assert "请填写" in why
    assert "受灾人口" in why


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(BadInput, match="口径"):
        chosen_basis(bases([]), None, "everybody")  # type: ignore[arg-type]


def test_groups_follow_the_exposed_and_a_group_nobody_surveyed_is_named() -> None:
    groups, words = groups_of(300, exposure(groups={"children": 150, "elderly": 221}))
    assert groups == {"children": 45, "elderly": 67}
    assert "残疾人" in words
    assert "未核实" in words


def test_no_shipped_assumption_about_people_claims_to_be_verified() -> None:
    shipped = load_assumptions()
    assert not any(one.verified for one in shipped.population)
    assert not shipped.verified


def test_the_bureaus_own_assumptions_take_the_place_of_ours_and_a_broken_file_is_named(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    own = tmp_path / "assumptions.yml"
    own.write_text(text.replace("share: [0.1, 0.3, 0.6]", "share: [0.2, 0.4, 0.6]"), encoding="utf-8")
    relocated = by_key(bases([], exposure(), assumptions=load_assumptions(own)))["relocated"]
    assert figures(relocated) == (200, 400, 600)
    own.write_text(text.replace("share: [0.1, 0.3, 0.6]", "share: [0.9, 0.3, 0.6]"), encoding="utf-8")
    with pytest.raises(BrokenDefinition, match=r"assumptions\.yml"):
        load_assumptions(own)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(0, 1e6), min_size=3, max_size=3), st.floats(0, 1), st.floats(1, 3))
def test_an_estimate_is_ordered_and_within_the_people_exposed(people: list[float], low: float, high: float) -> None:
    parts = dict(zip(("水深0.2米以上", "水深0.5米以上", "水深1米以上"), people, strict=True))
    relocated = by_key(bases([], exposure(parts, low=low, high=high)))["relocated"]
    assert relocated.people is not None
    assert relocated.people.high <= sum(people) * high * (1 + 1e-9)
    assert relocated.people.low <= relocated.people.best <= relocated.people.high
