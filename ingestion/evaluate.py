"""How well the rules read, printed as figures: evaluations, kept apart from tests. Nothing here is needed to run the desk.

Each function takes the path of a labelled file (JSON lines) and returns a plain dict of figures. All scores are fractions
between 0 and 1; counts are named as such.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from statistics import mean, quantiles
from time import perf_counter
from typing import Any

from ingestion import evaluate_times, evaluate_triage
from ingestion.evaluate_feeds import feeds
from ingestion.evaluate_fusion import fusion
from ingestion.evaluate_masking import masking, person_names
from ingestion.evaluate_places import addresses, locations
from ingestion.evaluate_surge import surge as surge
from ingestion.extract import understand
from ingestion.numerals import halved, number
from ingestion.times import find_times
from models.domain import Understanding
from models.errors import BadInput


def overlap(predicted: str, gold: str) -> float:
    """Character-overlap F1 of two quotes: characters in common, counted with multiplicity and without order, over both lengths.

    Full-width digits count as digits and white space does not count. One when equal, 0 when either is empty or nothing is shared.
    """
    a, b = (Counter(halved(words).replace(" ", "")) for words in (predicted, gold))
    common = sum((a & b).values())
    return 2 * common / (sum(a.values()) + sum(b.values())) if common else 0.0


def cec(path: Path) -> dict[str, Any]:
    """Headline time, place, trigger and casualties on the Chinese Emergency Corpus (fields as in its PROVENANCE).

    - time_exact: the predicted quote equals the gold one (after `halved`, white space apart); over texts with a gold time
    - time_overlap, place_overlap: mean `overlap` over texts with gold; no prediction counts 0
    - place_best_overlap: the best of all places the text yields, to tell finding from ranking
    - trigger_hit: one of gold trigger and predicted trigger contains the other
    - casualty_recall: gold (kind, number) pairs of a text that are among its impacts; a gold `injured` may be met by
      seriously_injured. casualty_precision: impacts of the same kinds with a number that are gold; the gold marks only
      figures annotated with a casualty word, so this is a lower bound
    - quotes_not_in_text: must be 0
    """
    times: list[tuple[str, str]] = []
    places: list[tuple[str, str]] = []
    best_places: list[float] = []
    triggers: list[bool] = []
    found = wanted = right = given = loose_quotes = 0
    spent: list[float] = []
    rows = list(_rows(path))
    for row in rows:
        began = perf_counter()
        seen = understand(row["text"], id=row["id"], title=row.get("title") or "", time=_reported_at(row.get("report_time") or ""))
        spent.append((perf_counter() - began) * 1000)
        loose_quotes += sum(quote not in row["text"] for quote in quotes(seen))
        gold = row["headline_slots"]
        if gold["time"]:
            times.append((seen.occurred_at.quote if seen.occurred_at else "", gold["time"]))
        if gold["location"]:
            places.append((seen.places[0].quote if seen.places else "", gold["location"]))
            best_places.append(max((overlap(p.quote, gold["location"]) for p in seen.places), default=0.0))
        if gold["trigger"]:
            trigger = seen.trigger.quote if seen.trigger else ""
            triggers.append(bool(trigger) and (trigger in gold["trigger"] or gold["trigger"] in trigger))
        pairs = {(c["kind"], v) for c in _casualties(row) if (v := _gold_number(c)) is not None}
        ours = {("injured" if q.type == "seriously_injured" else q.type, q.value) for q in seen.impacts if q.value}
        ours = {pair for pair in ours if pair[0] in ("dead", "injured", "missing")}
        found, wanted = found + len(pairs & ours), wanted + len(pairs)
        right, given = right + len(pairs & ours), given + len(ours)
    return {
        "texts": len(rows),
        "time_exact": _mean(_same(p, g) for p, g in times),
        "time_overlap": _mean(overlap(p, g) for p, g in times),
        "place_exact": _mean(_same(p, g) for p, g in places),
        "place_overlap": _mean(overlap(p, g) for p, g in places),
        "place_best_overlap": _mean(best_places),
        "trigger_hit": _mean(triggers),
        "casualty_recall": round(found / wanted, 3) if wanted else 0.0,
        "casualty_precision": round(right / given, 3) if given else 0.0,
        "casualties_gold": wanted,
        "quotes_not_in_text": loose_quotes,
        "ms_mean": round(mean(spent), 2),
        "ms_p95": round(quantiles(spent, n=20)[-1], 2) if len(spent) > 1 else round(spent[0], 2),
    }


def quotes(seen: Understanding) -> list[str]:
    """Every quote an understanding gives."""
    found = [p.quote for p in seen.places] + [q.quote for q in seen.impacts]
    found += [seen.occurred_at.quote] if seen.occurred_at else []
    return found + ([seen.trigger.quote] if seen.trigger else [])


def _needing(path: Path | None, name: str) -> Path:
    if path is None:
        raise BadInput(f"评测 {name} 需要数据：请用 --path 给出 JSON Lines 文件。")
    return path


BENCHMARKS: dict[str, Callable[[Path | None], dict[str, Any]]] = {
    "cec": lambda path: cec(_needing(path, "cec")),
    "feeds": lambda path: feeds(_needing(path, "feeds")),
    "masking": lambda path: masking(_needing(path, "masking")),
    "names": lambda path: person_names(_needing(path, "names")),
    "times": lambda path: evaluate_times.times(_needing(path, "times")),
    "addresses": addresses,
    "locations": locations,
    "fusion": fusion,
    **evaluate_triage.BENCHMARKS,
}
"""Evaluations by the name `anlan bench` knows them by."""


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise BadInput(f"找不到评测数据 {path}；请给出 JSON Lines 文件。")
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _casualties(row: dict[str, Any]) -> list[dict[str, Any]]:
    mentioned = row["casualty_mentions"]
    return list(ast.literal_eval(mentioned)) if isinstance(mentioned, str) else list(mentioned)


def _gold_number(mention: dict[str, Any]) -> float | None:
    words = halved(str(mention["number_text"]))
    whole = halved(mention["participant"] or "")
    at = whole.find(words)
    if words in ("万", "百", "千") and at > 0:  # the corpus cuts 1.8万 down to 万
        digits = whole[:at]
        lead = "".join(c for c in digits if c in "0123456789.一二三四五六七八九十两")
        return number(lead + words)
    return number(words)


def _reported_at(words: str) -> datetime | None:
    """The message's time from the corpus's free wording; a bare day stands for its evening, when the paper goes out."""
    found = [m for m in find_times(words, None) if m.start and m.end]
    if not found or found[0].start is None:
        return None
    whole_day = found[0].end is not None and (found[0].end - found[0].start).total_seconds() > 80_000
    return found[0].start.replace(hour=23) if whole_day else found[0].start


def _same(predicted: str, gold: str) -> bool:
    return halved(predicted).replace(" ", "") == halved(gold).replace(" ", "")


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return round(sum(values) / len(values), 3) if values else 0.0
