"""Messages for a surge: streams at hand repeated with variation, so that copies, near-copies and news mix as on a bad night.

Repetition shifts the time a message was sent (never the words' own dates against it by more than hours), and every other copy gets
another house, another figure, another lead-in or a sentence less. The same number of messages is the same messages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from models.domain import BEIJING
from models.errors import BadInput

STREAMS = {
    "guangdong_media_monitor/stream_dev.jsonl": "social",
    "henan_flood_weibo/posts_dev.jsonl": "social",
    "taidi_gov_messages/stream_2019.jsonl": "hotline",
}
"""Files of a data folder that are read, where they are there, and the source each is given to."""

_KEPT = ("id", "time", "title", "text", "abstract", "body", "address_geocoded", "precise_region", "lng", "lat")
_HOUSE = re.compile(r"\d{1,3}(?=[号栋幢楼层室]|单元)")
_FIGURE = re.compile(r"(?<!\d)\d{1,2}(?=[人名户位]|厘米|公分)")
_SENTENCE = re.compile(r"[^。！？!?]+[。！？!?]+")
_LEADS = ("", "转：", "再说一遍，", "刚看到，", "朋友发来的：", "急！", "帮转，", "我也看到了，")
_INVENTED = (
    "{road}{house}号{spot}{event}，{figure}人被困，请快来。",
    "{road}{spot}{event}，水深约{figure}0厘米，车过不去。",
    "听说{road}那边{event}，是真的吗？",
    "我是{road}{house}号的住户，楼下{event}，已经{figure}户受影响，一直没人来处理。",
    "建议在{road}{spot}增设路灯，晚上看不清路，已经反映{figure}次了。",
    "{road}{house}号的公交站牌坏了{figure}天，什么时候修？",
)
_ROADS = ("虚构区甲子路", "虚构区乙丑路", "玄武区丙寅路", "秦淮区丁卯街", "江宁区戊辰大道", "鼓楼区己巳巷", "浦口区庚午路", "六合区辛未街")
_SPOTS = ("小区", "下穿通道", "菜场", "路口", "地下车库", "学校门口", "工地")
_EVENTS = ("积水严重", "起火，浓烟很大", "停电", "燃气泄漏，味道刺鼻", "墙体倒塌", "电梯停运")


def rows(folder: Path | None, chance: Random) -> list[dict[str, Any]]:
    """One row for each message of the streams found under a folder, mixed; without a folder, invented ones. BadInput when it holds none."""
    if folder is None:
        return [_invented(number, chance) for number in range(3_000)]
    found: list[dict[str, Any]] = []
    for name, source in STREAMS.items():
        if (folder / name).is_file():
            with (folder / name).open(encoding="utf-8") as lines:
                for line in lines:
                    row = json.loads(line)
                    found.append({"source": source, **{key: row[key] for key in _KEPT if row.get(key) is not None}})
    if not found:
        raise BadInput(f"{folder}：没有找到可用的数据流（{'、'.join(STREAMS)}），请用 --path 给出数据文件夹。")
    chance.shuffle(found)
    return found


def varied(folder: Path | None, messages: int, seed: int = 20260718) -> Iterator[dict[str, Any]]:
    """So many rows as the sources read them, with `source` beside; repeated with variation once the streams are at their end."""
    chance = Random(seed)  # noqa: S311 — variation, no secret
    given = rows(folder, chance)
    for number in range(messages):
        row, turn = given[number % len(given)], number // len(given)
        yield dict(row) if turn == 0 else _again(row, turn, chance)


def _again(row: dict[str, Any], turn: int, chance: Random) -> dict[str, Any]:
    key = "abstract" if "abstract" in row else "body" if "body" in row else "text"
    words, kind = str(row.get(key) or row.get("title", "")), chance.random()
    if kind < 0.3:
        words = _HOUSE.sub(lambda _: str(chance.randint(1, 300)), words)
        words = _FIGURE.sub(lambda _: str(chance.randint(1, 40)), words)
    elif kind < 0.6:
        words = chance.choice(_LEADS) + words
    elif kind < 0.8 and len(sentences := _SENTENCE.findall(words)) > 2:
        sentences.pop(chance.randrange(len(sentences)))
        words = "".join(sentences)
    return {**row, "id": f"{row['id']}-{turn}", "time": _later(str(row["time"]), turn), key: words}


def _later(written: str, turn: int) -> str:
    moment = datetime.fromisoformat(written)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)
    return (moment + timedelta(minutes=7 * turn)).isoformat()


def _invented(number: int, chance: Random) -> dict[str, Any]:
    words = chance.choice(_INVENTED).format(
        road=chance.choice(_ROADS),
        spot=chance.choice(_SPOTS),
        event=chance.choice(_EVENTS),
        house=chance.randint(1, 200),
        figure=chance.randint(2, 9),
    )
    sent = datetime(2026, 7, 18, 18, tzinfo=BEIJING) + timedelta(seconds=2 * number)
    return {"source": chance.choice(("social", "hotline")), "id": f"v-{number}", "time": sent.isoformat(), "text": words}
