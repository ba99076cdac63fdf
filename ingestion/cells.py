"""The values of a row, as sources share them: moments, positions, exercise marks, and JSON as rows.

Nothing here guesses: what cannot be read stays in the row in its own words, and the record is received all the same.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ingestion.coordinates import to_wgs84
from ingestion.files import plain
from ingestion.source import TIMES_KEPT, crs_named
from ingestion.tables import Row
from models.domain import BEIJING, Crs, Mode
from models.errors import BadRecord

_MAX_DEPTH = 64
_MOST_OPENED, _MOST_ITEMS = 1_000_000, 8_000_000
"""Objects and lists, and items, of one document: 300,000 calls are half of it. Each costs a hundred bytes once it is read."""

_MOMENT = re.compile(
    r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
    r"(?:[T\s]*(?:星期.|周.)?\s*(?P<half>上午|下午|凌晨|晚上|中午|AM|PM)?\s*(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})?"
    r"(?:[:分](?P<second>\d{1,2})(?:\.\d+)?秒?)?分?)?"
    r"\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
_AFTERNOON = {"下午", "晚上", "PM"}


def moment(value: str) -> datetime | None:
    """When a cell says it was; null when it says nothing, something impossible (2月30日) or something ambiguous.

    Without a zone it is Beijing time. Understands ISO 8601, Chinese and slashed dates, compact digits, seconds or milliseconds since
    1970 and Excel serial days. A null never loses the record: the caller keeps the cell's words beside it.
    """
    text = unicodedata.normalize("NFKC", value).strip()
    try:
        if re.fullmatch(r"\d{5}(\.\d+)?", text):
            return (datetime(1899, 12, 30, tzinfo=BEIJING) + timedelta(days=float(text))).replace(microsecond=0)
        if re.fullmatch(r"1\d{9}(\d{3})?(\.\d+)?", text):
            seconds = float(text) / (1000 if len(text.split(".")[0]) == 13 else 1)
            return datetime.fromtimestamp(seconds, BEIJING)
        if compact := _COMPACT.fullmatch(text):
            year, month, day_of_month, hour, minute, second = (int(part or 0) for part in compact.groups())
            return _sensible(datetime(year, month, day_of_month, hour, minute, second, tzinfo=BEIJING))
        if not (match := _MOMENT.fullmatch(text)):
            return None
        hour = int(match["hour"] or 0)
        if (match["half"] or "").upper() in _AFTERNOON and hour < 12:
            hour += 12
        zone = (match["zone"] or "").upper().replace("UTC", "+00:00").replace("Z", "+00:00")
        year, month, day_of_month = int(match["year"]), int(match["month"]), int(match["day"])
        stamp = datetime(year, month, day_of_month, hour, int(match["minute"] or 0), int(match["second"] or 0), tzinfo=BEIJING)
        return _sensible(stamp.replace(tzinfo=datetime.strptime(zone, "%z").tzinfo) if zone else stamp)
    except (ValueError, OverflowError):
        return None


def _sensible(stamp: datetime) -> datetime | None:
    return stamp if 1949 <= stamp.year <= 2100 else None


LON = ("经度", "lon", "lng", "longitude", "x坐标", "坐标x")
LAT = ("纬度", "lat", "latitude", "y坐标", "坐标y")
CRS = ("坐标系", "crs", "coordinate_system")
EXERCISE = ("是否演练", "演练", "exercise", "mode", "status")


def sent_at(row: Row, *names: str) -> tuple[datetime | None, dict[str, str]]:
    """When the row says it was written, and its own words when they cannot be read as a moment."""
    value = row.pop(*names)
    stamp = moment(value) if value else None
    return stamp, {TIMES_KEPT: value} if value and stamp is None else {}


def position(row: Row, crs: Crs) -> tuple[float | None, float | None]:
    """Longitude and latitude in WGS 84; null when missing or impossible, and then the words stay in the row."""
    named = row.peek(*CRS)
    own = crs_named(named) if named else crs
    try:
        lon, lat = float(row.peek(*LON)), float(row.peek(*LAT))
    except ValueError:
        return None, None
    possible = math.isfinite(lon) and math.isfinite(lat) and -180 <= lon <= 180 and -90 <= lat <= 90 and (lon, lat) != (0, 0)
    if own is None or not possible:
        return None, None
    row.pop(*LON), row.pop(*LAT), row.pop(*CRS)
    x, y = to_wgs84(lon, lat, own)
    return round(float(x), 7), round(float(y), 7)


def mode_of(row: Row) -> Mode:
    """Exercise only when the source itself flags it. Wording in the text is judged later, by understanding."""
    if row.peek(*EXERCISE).strip().lower() not in {"是", "演练", "exercise", "true", "1", "yes", "y", "test"}:
        return "actual"
    row.pop(*EXERCISE)
    return "exercise"


# --- JSON -------------------------------------------------------------------------------------------------------------------------


def json_object(text: str) -> dict[str, Any]:
    """One JSON object. BadRecord for anything else, for nesting past 64 levels, and for numbers that are none (NaN)."""
    if text.count("{") + text.count("[") > _MOST_OPENED or text.count(",") > _MOST_ITEMS:
        raise BadRecord("JSON 含有的对象或数据项过多，超出上限，请分批导出后重新录入。")
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"不是有效的 JSON（{type(error).__name__}），请核对这一条后重新录入。") from error
    if not isinstance(value, dict):
        raise BadRecord("不是 JSON 对象（应以 { 开头），请核对这一条后重新录入。")
    if _depth(value) > _MAX_DEPTH:
        raise BadRecord(f"JSON 嵌套超过 {_MAX_DEPTH} 层，请核对这一条后重新录入。")
    return value


def json_value(text: str) -> Any:
    """Any JSON document. BadRecord as for one object."""
    return json_object(f'{{"": {text.removeprefix(chr(0xFEFF))}}}')[""]


def objects_in(value: Any, *wanted: str) -> Iterator[dict[str, Any]]:
    """The objects that hold one of the wanted names as text, and every object listed beside them, whatever a service wrapped around them."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
    elif isinstance(value, dict):
        if any(isinstance(value.get(name), str) for name in wanted):
            yield value
        else:
            for inner in value.values():
                yield from objects_in(inner, *wanted)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        deepest = max(deepest, depth)
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        waiting.extend((child, depth + 1) for child in inner)
    return deepest


def json_row(value: Mapping[str, Any], where: str) -> Row:
    """A JSON object as a row: every value as text, null as empty, lists and objects as JSON."""
    return Row(((plain(str(name)), plain(_words(item))) for name, item in value.items()), where)


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def day(value: Any) -> date | None:
    """A calendar day from a cell or a sidecar; null when it is none."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    stamp = moment(str(value)) if value else None
    return stamp.astimezone(BEIJING).date() if stamp else None
