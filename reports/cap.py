"""A signed report as a CAP 1.2 message (OASIS, EDXL-CAP), for other warning systems. Nothing unsigned leaves this way.

A follow-up is an Update that names every message before it, a report taken back after it went out a Cancel. Severity, urgency and certainty follow from
the accident grade, the incident's standing and who confirmed anything; what does not follow is Unknown. Draft Chinese identifiers are not used.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from lxml import etree

from models.domain import BEIJING, TOLD, Decision, Dossier, Place, ReportState
from models.errors import Refused
from models.hazards import hazard
from models.settings import Settings
from reports.progress import went_out
from reports.types import report_type

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

CATEGORY = {
    "flood": "Met", "typhoon": "Met", "earthquake": "Geo", "geological": "Geo", "fire": "Fire", "explosion": "Fire", "gas_leak": "CBRNE",
    "hazmat_leak": "CBRNE", "traffic": "Transport", "collapse": "Infra", "food_poisoning": "Health",
}  # fmt: skip
"""CAP category of each hazard; Other for one that is not listed."""

SEVERITY = {"特别重大事故": "Extreme", "重大事故": "Severe", "较大事故": "Moderate", "一般事故": "Minor"}
"""CAP severity of each accident grade, in the order of the four warning colours; the mapping is ours."""

WELL_FOUNDED = 0.7
"""Credibility from which what is told counts as Likely."""


def cap(state: ReportState, dossier: Dossier, settings: Settings) -> bytes:
    """The message as UTF-8 XML. Refused for a report that is not about an incident, was never signed, or was changed after signing."""
    report = state.report
    signed = _signature(state)
    if report.stage not in TOLD:
        raise Refused(f"{report.stage}不作为 CAP 消息发出；CAP 只用于初报、续报和终报。")
    if signed is None or state.status not in ("signed", "withdrawn"):
        raise Refused("只有已签发且未再修改的报告才能导出 CAP；请先签发。")
    alert = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})
    cancels = state.status == "withdrawn"
    earlier = [one for one in dossier.reports if one.report.id != report.id and _before(one, signed)]
    identifier = f"{report.id}-v{report.version}"
    msg_type: Literal["Alert", "Update", "Cancel"] = "Cancel" if cancels else "Update" if earlier else "Alert"
    references = [] if msg_type == "Alert" else [_reference(one, settings) for one in earlier]
    if cancels:
        references = [_reference(state, settings)]
    _add(alert, "identifier", f"{identifier}-cancel" if cancels else identifier)
    _add(alert, "sender", _sender(settings))
    _add(alert, "sent", _moment(state.decisions[-1].at if cancels else signed.at))
    _add(alert, "status", "Exercise" if report.mode == "exercise" else "Actual")
    _add(alert, "msgType", msg_type)
    _add(alert, "scope", "Restricted")
    _add(alert, "restriction", "、".join(report.recipients))
    _add(alert, "note", state.decisions[-1].reason if cancels else report.title)
    if references:
        _add(alert, "references", " ".join(references))
    _info(alert, state, dossier)
    return bytes(etree.tostring(alert, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _info(alert: etree._Element, state: ReportState, dossier: Dossier) -> None:
    report, incident = state.report, dossier.incident
    info = etree.SubElement(alert, f"{{{NAMESPACE}}}info")
    _add(info, "language", "zh-CN")
    _add(info, "category", CATEGORY.get(incident.hazard, "Other"))
    _add(info, "event", hazard(incident.hazard).name)
    over = report.stage == "终报" or incident.status == "closed"
    _add(info, "urgency", "Past" if over else "Immediate")
    levels = [SEVERITY[level] for grading in report.gradings if grading.local and (level := grading.level) in SEVERITY]
    _add(info, "severity", levels[0] if levels else "Unknown")
    _add(info, "certainty", _certainty(dossier))
    if not incident.started_at_assumed:
        _add(info, "onset", _moment(incident.started_at))
    _add(info, "senderName", report.issuer)
    _add(info, "headline", report.title)
    _add(info, "description", _text(state))
    for name, value in (
        ("incident", incident.id),
        ("report", report.id),
        ("version", str(report.version)),
        ("digest", report.content_digest()),
    ):
        parameter = etree.SubElement(info, f"{{{NAMESPACE}}}parameter")
        _add(parameter, "valueName", f"anlan:{name}")
        _add(parameter, "value", value)
    _area(info, incident.place)


def _area(info: etree._Element, place: Place) -> None:
    """The place by name and division; a circle without extent only where a spot is known, since no extent is."""
    area = etree.SubElement(info, f"{{{NAMESPACE}}}area")
    _add(area, "areaDesc", "".join(dict.fromkeys(part for part in (place.district, place.street, place.name) if part)) or "地点待核")
    if place.precision == "point" and place.lon is not None and place.lat is not None:
        _add(area, "circle", f"{place.lat:.6f},{place.lon:.6f} 0")
    if place.adcode:
        geocode = etree.SubElement(area, f"{{{NAMESPACE}}}geocode")
        _add(geocode, "valueName", "GB/T 2260")
        _add(geocode, "value", place.adcode)


def _certainty(dossier: Dossier) -> str:
    """Observed where a reliable source confirmed a figure or told of it, Likely where someone well founded did, else Possible."""
    heard = [item for item in dossier.evidence if item.mode == dossier.incident.mode]
    if any(impact.confirmed for impact in dossier.impacts) or any(item.reliability in ("A", "B") for item in heard):
        return "Observed"
    return "Likely" if any(item.credibility >= WELL_FOUNDED for item in heard) else "Possible"


def _text(state: ReportState) -> str:
    """Every sentence in the order of printing, a line to each section."""
    lines = []
    for section in report_type(state.report.type).sections:
        said = "".join(claim.text for claim in state.report.claims if claim.section == section.key)
        if said:
            lines.append(f"{section.heading}：{said}" if section.heading else said)
    return "\n".join(lines)


def _signature(state: ReportState) -> Decision | None:
    """The signature on exactly this version, also when it was taken back since."""
    same = (one for one in reversed(state.decisions) if one.verdict == "sign" and one.version == state.report.version)
    return next((one for one in same if one.digest == state.report.content_digest()), None)


def _before(state: ReportState, signed: Decision) -> bool:
    own = _signature(state)
    return went_out(state) and state.report.stage in TOLD and own is not None and own.at < signed.at


def _reference(state: ReportState, settings: Settings) -> str:
    own = _signature(state)
    assert own is not None
    return f"{_sender(settings)},{state.report.id}-v{state.report.version},{_moment(own.at)}"


def _sender(settings: Settings) -> str:
    """A name no other city's desk has; CAP allows no blanks, commas or angle brackets in it."""
    return f"anlan.{settings.city_code}"


def _moment(moment: datetime) -> str:
    """With the offset, to the second, as CAP wants it: 2026-07-18T20:30:00+08:00."""
    return moment.astimezone(BEIJING).replace(microsecond=0).isoformat()


def _add(parent: etree._Element, name: str, text: str) -> None:
    # XML 1.0 has no place for control characters, whoever wrote them.
    etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = "".join(letter for letter in text if letter >= " " or letter in "\n\t")
