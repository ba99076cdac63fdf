"""续报 and 终报 over figures that really moved: every change is listed once, nothing is dropped, nothing old is told as new."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from models.domain import BEIJING, IMPACT_TYPES, Decision, Dossier, Report, ReportState
from models.errors import Refused
from reports.draft import draft
from reports.progress import figures_in
from reports.verify import verify
from tests.reports.invented import SETTINGS, believed, fire, heard, incident, said, text_of

START = datetime(2026, 7, 18, 8, 0, tzinfo=BEIJING)
WORDS = {"dead": "死亡", "missing": "失联", "injured": "受伤", "seriously_injured": "重伤", "trapped": "被困", "rescued": "救出"}


def standing(figures: dict[str, int], at: datetime, before: list[ReportState]) -> Dossier:
    """What is believed at one moment, all of it from the bureau's own duty desk."""
    text = "，".join(f"{WORDS[type_]}{value}人" for type_, value in figures.items())
    told = heard(len(before) + 1, f"现场指挥部通报：{text}", 8, 0, title="应急管理局值班室", reliability="A", sent_at=at, received_at=at)
    statements = tuple(said(told, f"impact.{type_}", f"{WORDS[type_]}{value}人", value) for type_, value in figures.items())
    impacts = tuple(believed(one.property.removeprefix("impact."), one, as_of=at, confirmed=True) for one in statements)
    return Dossier(
        incident=incident(started_at=START, started_at_assumed=False, first_evidence_at=START, updated_at=at),
        evidence=(told,),
        statements=statements,
        impacts=impacts,
        reports=tuple(before),
    )


def signed(report: Report) -> ReportState:
    """The same report as a signer left it."""
    decision = Decision(
        id="de-1", subject=report.id, version=1, digest=report.content_digest(), verdict="sign", officer="signer", officer_name="签发人",
        role="signer", at=report.created_at,
    )  # fmt: skip
    return ReportState(report=report, decisions=(decision,), status="signed")


def sequence(steps: list[dict[str, int]]) -> list[tuple[Report, Dossier]]:
    """An initial report and one 续报 for each later step, each signed before the next."""
    made: list[tuple[Report, Dossier]] = []
    for number, figures in enumerate(steps):
        at = START + timedelta(hours=6 * number + 1)
        dossier = standing(figures, at, [signed(report) for report, _ in made])
        kind = "followup" if number else None
        made.append((draft(dossier, report_type=kind, by="duty1", at=at + timedelta(minutes=5), settings=SETTINGS), dossier))
    return made


PROGRESSIONS: dict[str, list[dict[str, int]]] = {
    "昆山": [{"dead": 75}, {"dead": 97}],
    "安阳": [{"dead": 38}, {"dead": 42}],
    "阿拉善": [{"dead": 2, "injured": 6, "missing": 53}, {"dead": 5, "injured": 6, "missing": 48}, {"dead": 53, "injured": 6, "missing": 0}],
    "十堰": [{"dead": 12, "injured": 138, "seriously_injured": 37}, {"dead": 25, "injured": 138, "seriously_injured": 37}, {"dead": 26, "injured": 138, "seriously_injured": 37}],
    "郑州": [{"dead": 97}, {"dead": 322}, {"dead": 339}, {"dead": 380}],
    "阜宁": [{"dead": 51}, {"dead": 78, "injured": 500, "seriously_injured": 200}, {"dead": 98, "injured": 846, "seriously_injured": 200}],
    "梅大": [{"dead": 19, "injured": 30}, {"dead": 48, "injured": 30, "missing": 3}, {"dead": 52, "injured": 30, "missing": 0}],
    "泉州": [{"rescued": 43, "dead": 7, "trapped": 28}, {"rescued": 49, "dead": 10, "trapped": 22}, {"dead": 29, "injured": 42, "rescued": 49, "trapped": 0}],
}  # fmt: skip


@pytest.mark.parametrize("case", PROGRESSIONS)
def test_every_change_is_listed_once_and_nothing_else_is(case: str) -> None:
    made = sequence(PROGRESSIONS[case])
    for (before, _), (now, dossier), figures in zip(made, made[1:], PROGRESSIONS[case][1:], strict=False):
        earlier = figures_in(before)
        lines = [claim.text for claim in now.claims if claim.section == "changes"]
        told = {
            type_: [line for line in lines if line.startswith(IMPACT_TYPES[type_][0].partition("（")[0] + "：")] for type_ in IMPACT_TYPES
        }
        for type_, value in figures.items():
            was = earlier.get(type_)
            if was == value:
                assert told[type_] == [], "told as new"
                assert any(line.startswith("与上报一致") and f"{value}人" in line for line in lines)
            else:
                assert len(told[type_]) == 1
                assert f"{value}人" in told[type_][0]
                if was is not None:
                    assert f"{int(was)}人" in told[type_][0]
                    assert f"{'增加' if value > was else '减少'}{abs(value - int(was))}人" in told[type_][0]
        assert {type_ for type_, value in figures_in(now).items() if value is not None} >= set(figures), "a figure was dropped"
        assert not [finding for finding in verify(now, dossier) if finding.severity == "block"]
        assert now.supersedes == before.id


def test_followups_are_numbered_and_do_not_tell_the_beginning_again() -> None:
    made = sequence(PROGRESSIONS["郑州"])
    assert [report.title.rpartition("的")[2] for report, _ in made] == ["初报", "续报一", "续报二", "续报三"]
    assert "电动自行车火灾续报如下" in text_of(made[1][0], "lead")
    assert "信息来源" not in text_of(made[1][0])


def test_a_figure_that_is_taken_back_is_named_as_such() -> None:
    made = sequence([{"dead": 3, "injured": 5}, {"injured": 5}])
    assert "死亡：上报（18日9时00分）为3人" in text_of(made[1][0], "changes") or "死亡：上报（9时00分）为3人" in text_of(
        made[1][0], "changes"
    )
    assert "已更正或撤回，现待核" in text_of(made[1][0], "changes")


def test_no_change_is_said_in_one_sentence() -> None:
    report = sequence([{"dead": 3}, {"dead": 3}])[1][0]
    assert "各项数字与上报相比无变化" in text_of(report, "changes")


def test_nothing_follows_a_report_that_never_went_out() -> None:
    dossier = fire()
    first = draft(dossier, by="duty1", at=START, settings=SETTINGS)
    unsigned = ReportState(report=first, status="submitted")
    with pytest.raises(Refused, match="先签发"):
        draft(dossier.model_copy(update={"reports": (unsigned,)}), report_type="followup", by="duty1", at=START, settings=SETTINGS)


def test_a_final_report_says_what_is_still_open() -> None:
    made = sequence(PROGRESSIONS["梅大"])
    at = START + timedelta(days=3)
    dossier = standing({"dead": 52, "injured": 30}, at, [signed(report) for report, _ in made])
    final = draft(dossier, report_type="final", by="duty1", at=at, settings=SETTINGS)
    assert final.stage == "终报"
    assert "处置结果待核" in text_of(final, "result")
    assert "失踪：上报" in text_of(final, "changes"), "the zero missing of the report before is no longer said by anyone"
    assert not [finding for finding in verify(final, dossier) if finding.severity == "block"]


def test_a_reworded_figure_of_the_signed_text_is_what_counts() -> None:
    first, dossier = sequence([{"dead": 3}])[0]
    claim = next(claim for claim in first.claims if claim.text.startswith("死亡：3人"))
    changed = first.model_copy(
        update={"claims": tuple(one.model_copy(update={"text": "死亡：2人。"}) if one == claim else one for one in first.claims)}
    )
    later = dossier.model_copy(update={"reports": (signed(changed),)})
    report = draft(later, report_type="followup", by="duty1", at=START + timedelta(hours=2), settings=SETTINGS)
    assert "2人变为3人，增加1人" in text_of(report, "changes")
