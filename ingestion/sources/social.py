"""Social-media posts and media-monitor exports: JSON lines, one post a line; JSON as services answer it; RSS or Atom.

Two shapes are at hand: help posts with an address and coordinates, and media monitoring with title, abstract, site and region.
Coordinates that come with `address_geocoded` were made by Baidu's address service and are BD-09; others are WGS 84, unless a `crs` key
or a sidecar says otherwise. A time without zone is Beijing time.
`reposts`, `comments`, `likes` and `similar_articles` grow while the post stays the same; the `label_…`, `pii_spans` and
`near_dup_…` columns are other people's evaluation marks. None of them is evidence, and all are left out by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ingestion.cells import json_row, mode_of, position, sent_at
from ingestion.feeds import feed_items, written
from ingestion.files import checked, document, head, quarantined
from ingestion.json_files import Item, json_items
from ingestion.source import declared_crs
from ingestion.tables import Row
from models.domain import Crs, Evidence, Quarantined, Source
from models.errors import BadInput, BadRecord

SOURCE = Source(
    name="social",
    title="社交媒体",
    kind="social",
    publisher="网络平台与舆情监测服务",
    owner="值班室舆情岗",
    reliability="D",
    every_minutes=2,
    expected_daily=(0, 1_000_000),
)
SUFFIXES = (".jsonl", ".ndjson", ".json", ".xml", ".rss", ".atom")

NUMBER = ("id", "url_hash", "mid", "post_id", "编号", "链接")
TITLE = ("title", "标题")
TEXT = ("text", "abstract", "content", "body", "正文", "摘要", "内容")
TIME = ("time", "created_at", "published_at", "发布时间", "时间")
GEOCODED = "address_geocoded"
PLACE = (GEOCODED, "precise_region", "address", "source_region", "精准地域", "地址", "信源地域")
KEPT = (
    "url_hash",
    "source_region",
    "site",
    "media_type",
    "sentiment_flag",
    "source_level",
    "original_or_repost",
    "hit_words",
    "user",
    "user_id",
    "screen_name",
    "link",
)
IGNORED = (
    *("reposts", "comments", "likes", "similar_articles", "views", "转发数", "评论数", "点赞数", "相似文章数"),
    *(
        "label_class_human",
        "label_valid_human",
        "label_expired",
        "label_valid_machine",
        "pii_spans",
        "near_dup_cluster",
        "near_dup_cluster_size",
    ),
)
"""Counters that grow while the post stays the same, and evaluation marks that no platform gives."""


def read(path: Path, received_at: datetime) -> Iterator[Evidence | Quarantined]:
    """Every post of a file. One that is no JSON object with a text goes to quarantine; the others go on."""
    crs = declared_crs(path)
    for item in _items(path):
        if isinstance(item, Quarantined):
            yield item
            continue
        post, where, raw = item
        try:
            yield _post(json_row(post, where), crs, received_at)
        except BadRecord as error:
            yield quarantined(SOURCE.name, str(error), where, raw)


def _items(path: Path) -> Iterator[Item | Quarantined]:
    if not head(checked(path), 64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        yield from json_items(path, SOURCE.name, *TITLE, *TEXT)
        return
    try:
        for number, item in enumerate(feed_items(document(path)), 1):
            if stamp := written(str(item["time"])):
                item["time"] = stamp.isoformat()
            yield item, f"{path.name} 第{number}条", json.dumps(item, ensure_ascii=False, sort_keys=True)
    except BadRecord as error:
        raise BadInput(f"{path}：{error}") from error


def _post(row: Row, crs: Crs | None, received_at: datetime) -> Evidence:
    title, body = row.pop(*TITLE), row.pop(*TEXT)
    if not (title or body):
        raise BadRecord("没有标题也没有正文，请核对这一条后重新录入。")
    written, words = sent_at(row, *TIME)
    lon, lat = position(row, crs or ("BD09" if row.peek(GEOCODED) else SOURCE.crs))
    return Evidence.of(
        received_at=received_at,
        source=SOURCE.name,
        external_id=row.pop(*NUMBER),
        title=title if body else "",
        text=body or title,
        sent_at=written,
        lon=lon,
        lat=lat,
        place_hint=row.pop(*PLACE),
        mode=mode_of(row),
        fields=row.rest(IGNORED) | words,
    )
