"""GDACS, the disaster alerts of the United Nations and the European Commission: RSS feeds, and the JSON of its API.

One event has several episodes; type, event and episode together are one item, whichever feed it came in. What changes from feed to
feed while the episode says the same (the feed's own times, weeks, pictures, links) is left out, so that feeds merge without duplicates; a changed level
or figure is a new item. Figures are estimates of models about people exposed, never counts. Coordinates are WGS 84.
The outline of an affected area is not kept; the item's point and bounding box are. Times are kept among the fields in the feed's own words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element, tostring

from ingestion.cells import json_row, json_value, objects_in, position
from ingestion.feeds import is_xml, words_of, xml_root
from ingestion.files import document, quarantined
from models.domain import Evidence, Quarantined, Source
from models.errors import BadInput, BadRecord

SOURCE = Source(
    name="gdacs",
    title="GDACS灾害警报",
    kind="warning",
    publisher="联合国与欧盟委员会全球灾害警报与协调系统",
    owner="风险监测处",
    reliability="B",
    every_minutes=15,
    expected_daily=(0, 500),
)
SUFFIXES = (".xml", ".rss", ".json", ".geojson")

_IGNORED = (
    *("pubDate", "todate", "durationinweek", "iscurrent", "temporary", "istemporary", "datemodified", "version", "year", "guid"),
    *("link", "enclosure", "icon", "iconoverall", "mapimage", "maplink", "gtsimage", "gtslink", "resources", "cap", "url", "images"),
    *("documents", "additionalinfos", "episodes", "impacts", "polygonlabel", "Class", "sourceid", "affectedcountries", "calculationtype"),
    *("gisdata", "coordinates", "wind39", "wind58", "wind74", "wind39coordinates", "wind58coordinates", "wind74coordinates"),
    *("processed", "analyzed", "processed_model4", "htmldescription", "point"),
)
"""What changes while the episode says the same, and pictures, links and outlines."""
KEPT = (
    *("eventtype", "eventid", "episodeid", "eventname", "alertlevel", "alertscore", "episodealertlevel", "episodealertscore", "glide"),
    *("severity", "population", "vulnerability", "country", "iso3", "bbox", "fromdate", "subject", "source", "severitydata", "sendai"),
    *("storm_id", "advisory_number", "advisory_datetime", "name", "wind_speed", "wind_gusts", "pressure", "storm_status", "pop"),
    *(
        "pop39",
        "pop74",
        "popstormsurge",
        "cyclonesurge",
        "alertcolor",
        "alertscore_model5",
        "actual",
        "current",
        "alertdecreased",
        "countryonland",
    ),
    *("track_heading", "track_speed", "windrad39km", "windrad58km", "windrad74km", "id"),
    *(f"windrad_nm_{knots}kt_{side}" for knots in (34, 50, 64) for side in ("ne", "se", "sw", "nw")),
)


def read(path: Path, received_at: datetime) -> Iterator[Evidence | Quarantined]:
    """Every episode of a feed or answer, each once. BadInput when the file is neither."""
    seen = set()
    for item, raw, where in _items(document(path), path):
        try:
            found = _episode(item, where, received_at)
        except BadRecord as error:
            yield quarantined(SOURCE.name, str(error), where, raw)
            continue
        if found.external_id not in seen:
            # An answer with outlines repeats the episode for each of them, the point first.
            seen.add(found.external_id)
            yield found


def _items(text: str, path: Path) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Each item flat, with its raw text and where it stood."""
    try:
        if is_xml(text):
            root = xml_root(text)
            if root.tag != "rss":
                raise BadRecord(f"根元素是 {root.tag[:60]}，不是 RSS，请检查地址返回的内容。")
            for number, item in enumerate(root.iter("item"), 1):
                yield _flat(item), tostring(item, encoding="unicode"), f"{path.name} 第{number}条"
            return
        value = json_value(text)
    except BadRecord as error:
        raise BadInput(f"{path}：{error}") from error
    features = value.get("features", [value] if value.get("type") == "Feature" else None) if isinstance(value, dict) else None
    found = [_of_feature(one) for one in features if isinstance(one, dict)] if isinstance(features, list) else None
    if found is None:
        found = list(objects_in(value, "storm_id", "eventid", "title"))
    if not found:
        raise BadInput(f"{path}：没有找到 GDACS 事件，请检查地址返回的内容。")
    for number, one in enumerate(found, 1):
        yield one, json.dumps(one, ensure_ascii=False, sort_keys=True), f"{path.name} 第{number}条"


def _flat(item: Element) -> dict[str, Any]:
    """An RSS item's elements by local name, an element's `value` and `unit` with its words; its point as lon and lat."""
    out: dict[str, Any] = {}
    for child in item:
        name = child.tag.rpartition("}")[2]
        said = " ".join(part for part in (child.text or "", *(child.get(key, "") for key in ("value", "unit"))) if part.strip())
        if name == "Point":
            out |= {{"lat": "lat", "long": "lon"}.get(one.tag.rpartition("}")[2], "point"): (one.text or "").strip() for one in child}
        elif said.strip():
            out[name] = said.strip()
    return out


def _of_feature(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties")
    geometry = feature.get("geometry")
    point = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    where = {"lon": point[0], "lat": point[1]} if isinstance(point, list) and len(point) >= 2 else {}
    return {**(properties if isinstance(properties, dict) else {}), "bbox": feature.get("bbox"), **where}


def _episode(item: dict[str, Any], where: str, received_at: datetime) -> Evidence:
    row = json_row(item, where)
    query = parse_qs(urlsplit(row.peek("link")).query)
    kind = row.peek("eventtype") or next(iter(query.get("eventtype", ())), "")
    event = row.peek("eventid") or next(iter(query.get("eventid", ())), "")
    episode = row.peek("episodeid")
    number = f"{kind}{event}-{episode}" if event and episode else f"{kind}{event}" or row.peek("guid")
    if row.peek("storm_id"):
        number = f"TC{row.peek('storm_id')}-advisory-{row.peek('advisory_number')}-{row.peek('id')}"
    if not number:
        raise BadRecord("没有事件编号（eventid、guid），请核对这一条。")
    lon, lat = position(row, SOURCE.crs)
    title, text = words_of(row.pop("title") or row.peek("htmldescription") or row.peek("name")), words_of(row.pop("description"))
    if not (title or text):
        raise BadRecord("没有标题也没有说明，请核对这一条。")
    return Evidence.of(
        received_at=received_at,
        source=SOURCE.name,
        kind="warning",
        external_id=number,
        title=title if text else "",
        text=text or title,
        lon=lon,
        lat=lat,
        place_hint=row.peek("country"),
        fields=row.rest(_IGNORED),
    )
