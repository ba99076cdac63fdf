"""How long fusion takes to place one message while much is going on, and how that grows. Messages are invented and seeded."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from time import perf_counter, thread_time
from typing import Any

from ingestion.fuse import Fuser
from models.domain import BEIJING, Credibility, EvidenceView, Place, Quantity, Statement, Trigger, Understanding

OPEN = 200
"""Incidents open at once."""
SIZES = (1_000, 10_000, 50_000)
"""Statements in mind when matching is measured."""
MEASURED = 500
"""Messages measured at each size."""
BUSIEST = 0.3
"""Share of the messages that are about one incident, as in a real disaster."""

_DISTRICTS = (
    ("320102", "玄武区"),
    ("320104", "秦淮区"),
    ("320105", "建邺区"),
    ("320106", "鼓楼区"),
    ("320113", "栖霞区"),
    ("320115", "江宁区"),
)
_WORDS = ("水", "车", "楼", "门", "人", "路", "快", "火", "烟", "窗", "桥", "树", "墙", "灯", "电", "声", "左", "右", "前", "后")


def fusion(path: Path | None = None) -> dict[str, Any]:
    """Milliseconds to place one message (p50, p95, worst) with 200 incidents open and 1,000, 10,000 and 50,000 statements in mind.

    `cpu_ms_p95` is the processor time alone, for a machine that others use too. Three tenths of the messages are about one incident. `open` and `statements` say what really was in mind at each measurement.
    """
    stream, fuser = _Stream(), Fuser()
    for spot in range(OPEN):
        fuser.place(*stream.message(spot))
    figures: dict[str, Any] = {}
    for size in SIZES:
        while stream.statements < size - MEASURED:
            fuser.place(*stream.message(stream.somewhere()))
        spent, worked = [], []
        for _ in range(MEASURED):
            message = stream.message(stream.somewhere())
            began, work = perf_counter(), thread_time()
            fuser.place(*message)
            spent.append((perf_counter() - began) * 1000)
            worked.append((thread_time() - work) * 1000)
        cuts = quantiles(spent, n=100)
        figures[f"at_{size}"] = {
            "open": fuser.open_count,
            "statements": stream.statements,
            "ms_p50": round(cuts[49], 2),
            "ms_p95": round(cuts[94], 2),
            "ms_max": round(max(spent), 2),
            "cpu_ms_p95": round(quantiles(worked, n=20)[-1], 2),
        }
    return figures


class _Stream:
    """An invented surge: every message names one of `OPEN` spots and gives a figure."""

    def __init__(self) -> None:
        self._random = random.Random(20260718)  # noqa: S311 (an invented stream, the same every time)
        self._number = 0
        self._began = datetime(2026, 7, 18, 18, 0, tzinfo=BEIJING)
        self.statements = 0

    def somewhere(self) -> int:
        return 0 if self._random.random() < BUSIEST else self._random.randrange(OPEN)

    def message(self, spot: int) -> tuple[EvidenceView, Understanding, list[Statement]]:
        self._number += 1
        at = self._began + timedelta(seconds=self._number // 5)
        code, district = _DISTRICTS[spot % len(_DISTRICTS)]
        name = f"{district}{_numeral(spot)}云苑"
        place = Place(
            quote=name,
            name=name,
            adcode=code,
            district=district,
            lon=118.6 + spot % 20 * 0.021,
            lat=31.9 + spot // 20 * 0.019,
            precision="point",
        )
        hazard, kind, many = ("fire", "injured", "受伤") if spot % 2 else ("flood", "trapped", "被困")
        value = self._random.randrange(1, 9)
        said = "".join(self._random.choice(_WORDS) for _ in range(24))
        text = f"{name}，{said}，{value}人{many}。"
        quote = f"{value}人{many}"
        view = EvidenceView(
            id=f"ev-{self._number:07d}", source="hotline", source_title="12345热线", source_kind="hotline", reliability="C", text=text, sent_at=at,
            received_at=at, lon=place.lon, lat=place.lat, place=name, hazard=hazard, urgency=0.9, credibility=0.6,
        )  # fmt: skip
        quantity = Quantity(type=kind, value=value, low=value, high=value, unit="人", quote=quote)
        understanding = Understanding(
            id=view.id, hazard=hazard, request_type="求救", urgency=0.9, credibility=Credibility(score=0.6), occurred_at=None, places=(place,),
            trigger=Trigger(quote=many), impacts=(quantity,), masked_text=text,
        )  # fmt: skip
        self.statements += 1
        figure = Statement.of(
            evidence=view.id, property=f"impact.{kind}", low=value, best=value, high=value, unit="人", quote=quote, holds_at=at
        )
        return view, understanding, [figure]


def _numeral(number: int) -> str:
    return "".join("零一二三四五六七八九"[int(digit)] for digit in f"{number:03d}")
