"""How well addresses are taken apart, printed as figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

from ingestion.addresses import take_apart
from models.errors import BadInput


def addresses(path: Path | None) -> dict[str, Any]:
    """The county-level element (`gold_district`) of annotated addresses, recognised exactly as written: same characters, nothing less or more.

    - district_accuracy: over all addresses; one without a district counts as right only when none is found
    - district_recall: over addresses with a district; district_precision: over those where one was found
    - district_resolved: of those found right, the share for which one division code was certain (no home city is assumed)
    Reads JSON lines with `text` and `gold_district` (null for none).
    """
    right = wanted = given = hits = resolved = total = 0
    spent: list[float] = []
    for row in _rows(path):
        began = perf_counter()
        seen = take_apart(row["text"])
        spent.append((perf_counter() - began) * 1000)
        gold, ours = row["gold_district"] or "", seen.county_quote
        total += 1
        right += ours == gold
        wanted += bool(gold)
        given += bool(ours)
        hit = bool(gold) and ours == gold
        hits += hit
        resolved += hit and seen.adcode is not None and not seen.adcode.endswith("00")
    return {
        "addresses": total,
        "with_district": wanted,
        "district_accuracy": _share(right, total),
        "district_recall": _share(hits, wanted),
        "district_precision": _share(hits, given),
        "district_resolved": _share(resolved, hits),
        "ms_p95": round(quantiles(spent, n=20)[-1], 3) if len(spent) > 1 else None,
    }


def locations(path: Path | None) -> dict[str, Any]:
    """Addresses resolved to present divisions: a case is right when every expected field is (province, city, county, detail, full_location,
    and town and village where the case asks for them). 香港 and other cities without a prefecture level are compared as the file writes them.

    `change2new` asks for merged and renamed divisions under their present name. Each field's own share is given too.
    """
    fields = ("province", "city", "county", "detail", "full_location", "town", "village")
    right = total = 0
    good = dict.fromkeys(fields, 0)
    asked = dict.fromkeys(fields, 0)
    missed = []
    for row in _rows(path):
        seen = take_apart(row["text"], renew=row["change2new"])
        ours = {
            "province": seen.province,
            "city": seen.city,
            "county": seen.county,
            "detail": seen.detail,
            "full_location": seen.full,
            "town": seen.town,
            "village": seen.village,
        }
        expected = {k: v for k, v in row["expect"].items() if k in fields}
        total += 1
        for field, value in expected.items():
            asked[field] += 1
            good[field] += ours[field] == value
        whole = all(ours[field] == value for field, value in expected.items())
        right += whole
        if not whole:
            missed.append(row["id"])
    return {"cases": total, "place": _share(right, total), **{f: _share(good[f], asked[f]) for f in fields}, "missed": missed}


def _rows(path: Path | None) -> Iterator[dict[str, Any]]:
    if path is None or not path.is_file():
        raise BadInput(f"找不到评测数据 {path}；请用 --path 给出 JSON Lines 文件。")
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 0.0
