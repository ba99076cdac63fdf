"""CAP 1.2 alerts (OASIS Common Alerting Protocol), read strictly: an alert that breaks the standard is refused with the reason.

The grammar below is the standard's own: which elements, how often, in which order, from which list. Coordinates are WGS 84, latitude
first, as the standard writes them. A `Signature` inside `alert` is allowed and not verified, which the evidence says; anywhere else
it is refused. Alerts may come alone or inside an EDXL-DE envelope. Exercise and Test are exercises; Draft and System, and the answers
Ack and Error, are no warnings and are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, tostring

from ingestion.feeds import xml_root
from ingestion.warning_ids import reading
from models.domain import Evidence
from models.errors import BadRecord

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[-+](\d\d):(\d\d)")
_TOKEN = re.compile(r"[^\s,<&]+")

Check = Callable[[str], str]
"""What is wrong with an element's words, as a Chinese clause; empty when nothing is."""


def _one_of(*words: str) -> Check:
    return lambda value: "" if value in words else f"“{value[:40]}”不在标准允许的取值中（{'、'.join(words)}）"


def _token(value: str) -> str:
    return "" if _TOKEN.fullmatch(value) else "不能为空，也不能含空格、逗号、< 或 &"


def _filled(value: str) -> str:
    return "" if value.strip() else "不能为空"


def _time(value: str) -> str:
    match = _TIME.fullmatch(value.strip())
    if not match:
        return f"“{value[:40]}”不是标准的时间格式（如 2026-07-18T20:05:00+08:00，世界时写 -00:00，不能用 Z）"
    try:
        datetime.fromisoformat(value.strip())
    except ValueError:
        return f"“{value[:40]}”不是可能的时间"
    return ""


def _references(value: str) -> str:
    for one in value.split():
        parts = one.split(",")
        if len(parts) != 3 or not all(_TOKEN.fullmatch(part) for part in parts[:2]) or _time(parts[2]):
            return f"“{one[:80]}”不是“发布者,标识,时间”"
    return "" if value.strip() else "不能为空"


def _number(value: str) -> str:
    return "" if re.fullmatch(r"[-+]?\d+(\.\d+)?", value.strip()) else f"“{value[:40]}”不是数"


def _whole(value: str) -> str:
    return "" if re.fullmatch(r"\d+", value.strip()) else f"“{value[:40]}”不是整数"


def _point(value: str) -> tuple[float, float] | None:
    match = re.fullmatch(r"([-+]?\d+(?:\.\d+)?),([-+]?\d+(?:\.\d+)?)", value)
    if not match or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
        return None
    return float(match[1]), float(match[2])


def _polygon(value: str) -> str:
    points = [_point(part) for part in value.split()]
    if None in points:
        return "多边形中有不是“纬度,经度”的点，或超出范围"
    return "" if len(points) >= 4 and points[0] == points[-1] else "多边形至少四个点，且首尾相同"


def _circle(value: str) -> str:
    centre, _, radius = value.strip().partition(" ")
    return "" if _point(centre) and re.fullmatch(r"\d+(\.\d+)?", radius.strip()) else f"“{value[:40]}”不是“纬度,经度 半径（千米）”"


@dataclass(frozen=True)
class _Part:
    """One element the standard allows: how often, and what may stand in it."""

    name: str
    least: int
    most: int | None
    inside: Check | tuple[_Part, ...] | None = None


_PAIR = (_Part("valueName", 1, 1, _filled), _Part("value", 1, 1))
_RESOURCE = (
    *(_Part("resourceDesc", 1, 1, _filled), _Part("mimeType", 1, 1, _filled), _Part("size", 0, 1, _whole)),
    *(_Part("uri", 0, 1), _Part("derefUri", 0, 1), _Part("digest", 0, 1)),
)
_AREA = (
    *(_Part("areaDesc", 1, 1, _filled), _Part("polygon", 0, None, _polygon), _Part("circle", 0, None, _circle)),
    *(_Part("geocode", 0, None, _PAIR), _Part("altitude", 0, 1, _number), _Part("ceiling", 0, 1, _number)),
)
_CATEGORY = _one_of("Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other")
_RESPONSE = _one_of("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None")
_INFO = (
    *(_Part("language", 0, 1), _Part("category", 1, None, _CATEGORY), _Part("event", 1, 1, _filled)),
    _Part("responseType", 0, None, _RESPONSE),
    _Part("urgency", 1, 1, _one_of("Immediate", "Expected", "Future", "Past", "Unknown")),
    _Part("severity", 1, 1, _one_of("Extreme", "Severe", "Moderate", "Minor", "Unknown")),
    _Part("certainty", 1, 1, _one_of("Observed", "Likely", "Possible", "Unlikely", "Unknown")),
    *(_Part("audience", 0, 1), _Part("eventCode", 0, None, _PAIR)),
    *(_Part("effective", 0, 1, _time), _Part("onset", 0, 1, _time), _Part("expires", 0, 1, _time)),
    *(_Part("senderName", 0, 1), _Part("headline", 0, 1), _Part("description", 0, 1), _Part("instruction", 0, 1)),
    *(_Part("web", 0, 1), _Part("contact", 0, 1), _Part("parameter", 0, None, _PAIR)),
    *(_Part("resource", 0, None, _RESOURCE), _Part("area", 0, None, _AREA)),
)
_ALERT = (
    *(_Part("identifier", 1, 1, _token), _Part("sender", 1, 1, _token), _Part("sent", 1, 1, _time)),
    _Part("status", 1, 1, _one_of("Actual", "Exercise", "System", "Test", "Draft")),
    _Part("msgType", 1, 1, _one_of("Alert", "Update", "Cancel", "Ack", "Error")),
    *(_Part("source", 0, 1), _Part("scope", 1, 1, _one_of("Public", "Restricted", "Private")), _Part("restriction", 0, 1, _filled)),
    *(_Part("addresses", 0, 1, _filled), _Part("code", 0, None), _Part("note", 0, 1)),
    *(_Part("references", 0, 1, _references), _Part("incidents", 0, 1), _Part("info", 0, None, _INFO)),
)

KEPT = (
    *(
        "identifier",
        "sender",
        "status",
        "msgType",
        "scope",
        "source",
        "restriction",
        "addresses",
        "code",
        "note",
        "references",
        "incidents",
    ),
    *("language", "category", "event", "responseType", "urgency", "severity", "certainty", "audience", "eventCode", "effective", "onset"),
    *("expires", "senderName", "web", "contact", "parameter", "resource", "area", "其他语种", "签名", "标识解读", "核对"),
)
"""Everything an alert holds beside its words, under the standard's names."""


def alerts(text: str) -> Iterator[Element]:
    """The CAP alerts of a document: the root itself, or those inside an EDXL-DE envelope. BadRecord when there is none."""
    root = xml_root(text)
    name = root.tag.rpartition("}")[2]
    if root.tag == f"{{{NAMESPACE}}}alert":
        yield root
        return
    found = list(root.iter(f"{{{NAMESPACE}}}alert")) if name == "EDXLDistribution" else []
    if not found:
        given = root.tag.partition("}")[0].lstrip("{") if "}" in root.tag else "无"
        raise BadRecord(f"不是 CAP 1.2 预警（根元素 {name}，名称空间 {given[:60]}，应为 {NAMESPACE} 的 alert），请对方按标准重新生成。")
    yield from found


def evidence_of(alert: Element, *, source: str, received_at: datetime) -> Evidence:
    """One alert as evidence. BadRecord with everything that breaks the standard."""
    wrong = list(_violations(alert, _ALERT, "alert"))
    if wrong:
        more = f"等 {len(wrong)} 处" if len(wrong) > 5 else ""
        raise BadRecord(f"不符合 CAP 1.2：{'；'.join(wrong[:5])}{more}。请对方改正后重新发送。")
    kind, status = _words(alert, "msgType"), _words(alert, "status")
    if status in ("Draft", "System") or kind in ("Ack", "Error"):
        raise BadRecord(f"这是 CAP 的草稿、系统消息或应答（status {status}，msgType {kind}），不是预警，未作为预警接收。")
    infos = alert.findall(_tag("info"))
    chosen, others = _by_language(infos)
    title = next((words for info in chosen for name in ("headline", "event") if (words := _words(info, name))), "")
    references = _words(alert, "references")
    lead = {"Cancel": f"【取消此前预警】{references}", "Update": f"【更新此前预警】{references}"}.get(kind, "")
    said = [_words(info, name) for info in chosen for name in ("description", "instruction")]
    areas = [area for info in chosen for area in info.findall(_tag("area"))]
    body = [lead, *said, *([_words(alert, "note")] if not any(said) else [])]
    lon, lat = _centre(areas)
    return Evidence.of(
        received_at=received_at,
        source=source,
        kind="warning",
        external_id=",".join(_words(alert, name) for name in ("sender", "identifier", "sent")),
        title=f"取消预警：{title}" if kind == "Cancel" and title else title,
        text="\n".join(part for part in body if part) or title or kind,
        sent_at=datetime.fromisoformat(_words(alert, "sent")),
        lon=lon,
        lat=lat,
        place_hint="、".join(dict.fromkeys(_words(area, "areaDesc") for area in areas)),
        mode="exercise" if status in ("Exercise", "Test") else "actual",
        fields={name: value for name, value in _fields(alert, chosen, others).items() if value},
    )


def raw(alert: Element) -> str:
    """The alert as XML text, for quarantine."""
    return tostring(alert, encoding="unicode")


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _words(element: Element, name: str) -> str:
    """An element's words, without the blanks that indentation leaves around them."""
    return (element.findtext(_tag(name)) or "").strip()


def _violations(element: Element, parts: tuple[_Part, ...], path: str) -> Iterator[str]:
    """What in this element breaks the standard, one clause each."""
    order = {_tag(part.name): index for index, part in enumerate(parts)}
    last = 0
    for child in element:
        if child.tag == _SIGNATURE and path == "alert":
            continue
        position = order.get(child.tag)
        if position is None:
            yield f"{path} 中有标准没有的元素 {child.tag.rpartition('}')[2][:40]}"
            continue
        if position < last:
            yield f"{path}/{parts[position].name} 的位置不对"
        last = max(last, position)
    for part in parts:
        found, where = element.findall(_tag(part.name)), f"{path}/{part.name}"
        if len(found) < part.least:
            yield f"缺少 {where}"
        elif part.most is not None and len(found) > part.most:
            yield f"{where} 只能出现 {part.most} 次，却有 {len(found)} 次"
        for one in found:
            if isinstance(part.inside, tuple):
                yield from _violations(one, part.inside, where)
            elif len(one):
                yield f"{where} 里不能再有元素"
            elif part.inside and (complaint := part.inside(one.text or "")):
                yield f"{where} {complaint}"
    yield from _together(element, path)


def _together(element: Element, path: str) -> Iterator[str]:
    """Elements that the standard allows or demands only with another."""
    if path == "alert":
        for scope, needed in (("Restricted", "restriction"), ("Private", "addresses")):
            if _words(element, "scope") == scope and not _words(element, needed):
                yield f"scope 为 {scope} 时缺少 alert/{needed}"
    if path.endswith("/area") and _words(element, "ceiling") and not _words(element, "altitude"):
        yield f"{path}/ceiling 只能与 altitude 同时出现"


def _by_language(infos: list[Element]) -> tuple[list[Element], list[Element]]:
    """The blocks in the language we read (Chinese where there is one, else the first), and the others."""
    languages = [_words(info, "language").lower() or "en-us" for info in infos]
    wanted = next((language for language in languages if language.startswith("zh")), languages[0] if languages else "")
    pairs = list(zip(languages, infos, strict=True))
    return [info for language, info in pairs if language == wanted], [info for language, info in pairs if language != wanted]


def _centre(areas: list[Element]) -> tuple[float | None, float | None]:
    """Longitude and latitude of a single circle that is all the area there is; an area with an outline has no one point."""
    circles = [circle.text or "" for area in areas for circle in area.findall(_tag("circle"))]
    if len(circles) != 1 or any(area.find(_tag("polygon")) is not None for area in areas):
        return None, None
    point = _point(circles[0].strip().partition(" ")[0])
    return (point[1], point[0]) if point else (None, None)


def _fields(alert: Element, chosen: list[Element], others: list[Element]) -> dict[str, str]:
    """Everything beside the words, under the standard's names; what holds elements is JSON."""
    fields = {part.name: " ".join(_all(alert, part.name)) for part in _ALERT if part.inside is not _INFO and part.name != "sent"}
    for part in _INFO:
        if part.name in ("headline", "description", "instruction"):
            continue
        if isinstance(part.inside, tuple):
            fields[part.name] = _json([_plain(one) for info in chosen for one in info.findall(_tag(part.name))])
        else:
            fields[part.name] = "、".join(dict.fromkeys(words for info in chosen for words in _all(info, part.name) if words))
    fields["其他语种"] = _json([_plain(info) for info in others])
    if alert.find(_SIGNATURE) is not None:
        fields["签名"] = "含数字签名，本系统未验证"
    if _words(alert, "msgType") in ("Update", "Cancel") and not fields["references"]:
        fields["核对"] = f"{_words(alert, 'msgType')} 没有写明针对哪一条预警（references）"
    codes = [_words(code, "value") for info in chosen for code in info.findall(_tag("eventCode"))]
    colours = [_words(one, "value") for info in chosen for one in info.findall(_tag("parameter"))]
    fields["标识解读"] = reading(_words(alert, "identifier"), next(iter(codes), ""), *(one for one in colours if len(one) <= 8))
    return fields


def _all(element: Element, name: str) -> list[str]:
    return [(one.text or "").strip() for one in element.findall(_tag(name))]


def _plain(element: Element) -> dict[str, object]:
    """An element's children as names and values; those that come more than once as a list."""
    out: dict[str, object] = {}
    for child in element:
        value: object = _plain(child) if len(child) else (child.text or "").strip()
        name = child.tag.rpartition("}")[2]
        known = out.get(name)
        out[name] = value if known is None else [*known, value] if isinstance(known, list) else [known, value]
    return out


def _json(values: list[dict[str, object]]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""
