"""The picture every page shares: brought up to date from where the ledger was, never read anew, one in the whole process.

Incidents, reports and the surveyed bodies are kept as objects; evidence, of which there may be a hundred thousand pieces, as columns of
numbers, from which a map asks for what lies in its window: single pieces where they are few, counted squares where they are many.
Nothing here belongs to one person: what a person may see is decided by whoever asks (`SNAP`).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from graph.store import Store
from models.domain import Feature, Impact, Incident, Mode, ReportState

Box = tuple[float, float, float, float]
"""West, south, east, north; degrees, WGS 84."""

SNAP = 0.005
"""Side of the squares, in degrees, to whose middle a position is moved for whoever may not see addresses: about half a kilometre."""

SQUARE = 44
"""Side of a counting square on the screen, in pixels."""

MOST_SHAPES = 300
"""Most outlines of one kind in the base map, the largest first."""

COARSE = 0.0004
"""How far, in degrees, an outline of the base map may lie beside the surveyed one: some 40 metres."""

OUTLINED = ("population", "river", "road")
"""Surveyed bodies drawn as outlines below everything else."""


@dataclass(frozen=True)
class Wanted:
    """Which evidence a map asks for."""

    mode: Mode
    box: Box | None = None
    """Null for everywhere."""
    until: datetime | None = None
    """Only what had been received by then; null for all."""
    hazards: frozenset[str] = frozenset()
    """Hazard codes; empty for any, and for evidence of none."""
    incidents: frozenset[str] | None = None
    """Only what is about one of these incidents; null for all."""


@dataclass(frozen=True)
class Square:
    """Evidence counted together."""

    lat: float
    lon: float
    """Middle of the pieces, not of the square."""
    count: int


class Points:
    """Where evidence is, as columns; a piece written again takes its old line."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._line: dict[str, int] = {}
        self._names: dict[str, int] = {"": 0}
        self._columns: dict[str, Any] = {
            "lon": np.empty(1024),
            "lat": np.empty(1024),
            "received": np.empty(1024),
            "exercise": np.empty(1024, dtype=bool),
            "warning": np.empty(1024, dtype=bool),
            "hazard": np.empty(1024, dtype=np.int32),
            "incident": np.empty(1024, dtype=np.int32),
        }

    def __len__(self) -> int:
        return len(self.ids)

    def put(self, rows: Iterable[dict[str, Any]]) -> None:
        """Take in rows of `Store.points`."""
        for row in rows:
            line = self._line.get(row["id"])
            if line is None:
                line = self._line[row["id"]] = len(self.ids)
                self.ids.append(row["id"])
                if line == len(self._columns["lon"]):
                    self._columns = {name: np.concatenate([column, np.empty_like(column)]) for name, column in self._columns.items()}
            columns = self._columns
            columns["lon"][line] = math.nan if row["lon"] is None else row["lon"]
            columns["lat"][line] = math.nan if row["lat"] is None else row["lat"]
            columns["received"][line] = datetime.fromisoformat(row["received"]).timestamp()
            columns["exercise"][line] = row["mode"] == "exercise"
            columns["warning"][line] = row["kind"] == "warning"
            columns["hazard"][line] = self._number(row["hazard"])
            columns["incident"][line] = self._number(row["incident"])

    def _number(self, name: str | None) -> int:
        return self._names.setdefault(name or "", len(self._names))

    def _numbers(self, names: Iterable[str]) -> Any:
        return np.asarray([self._names[name] for name in names if name in self._names], dtype=np.int32)

    def column(self, name: str) -> Any:
        """One column, as long as there are pieces."""
        return self._columns[name][: len(self.ids)]

    def lines(self, wanted: Wanted) -> Any:
        """Numbers of the lines that are wanted; those without a position only where no box is given."""
        keep = self.column("exercise") == (wanted.mode == "exercise")
        if wanted.box is not None:
            west, south, east, north = wanted.box
            lon, lat = self.column("lon"), self.column("lat")
            keep = keep & (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        if wanted.until is not None:
            keep = keep & (self.column("received") <= wanted.until.timestamp())
        if wanted.hazards:
            keep = keep & np.isin(self.column("hazard"), self._numbers(wanted.hazards))
        if wanted.incidents is not None:
            keep = keep & np.isin(self.column("incident"), self._numbers(wanted.incidents))
        return np.flatnonzero(keep)

    def of_incidents(self, lines: Any) -> dict[str, int]:
        """How many of these lines are about each incident; those about none are left out."""
        names = {number: name for name, number in self._names.items()}
        numbers, counts = np.unique(self.column("incident")[lines], return_counts=True)
        return {names[int(number)]: int(count) for number, count in zip(numbers, counts, strict=True) if number}

    def spots(self, lines: Any, *, snapped: bool) -> tuple[Any, Any]:
        """Latitudes and longitudes of these lines."""
        lat, lon = self.column("lat")[lines], self.column("lon")[lines]
        return (snap(lat), snap(lon)) if snapped else (lat, lon)


def snap(degrees: Any) -> Any:
    """Coordinates moved to the middle of their square of `SNAP` degrees; works on numbers and on arrays."""
    return np.round((np.floor(np.asarray(degrees) / SNAP) + 0.5) * SNAP, 6)


def squares(lat: Any, lon: Any, zoom: int) -> list[Square]:
    """Points counted in squares of `SQUARE` pixels at this zoom, the fullest last so that it is drawn on top."""
    if not len(lat):
        return []
    side = 360 / 2**zoom / 256 * SQUARE
    key = np.floor(lat / (side * 0.85)).astype(np.int64) * 4_000_000 + np.floor(lon / side).astype(np.int64)
    _, which, counts = np.unique(key, return_inverse=True, return_counts=True)
    lats, lons = np.bincount(which, lat) / counts, np.bincount(which, lon) / counts
    order = np.argsort(counts, kind="stable")
    return [Square(round(float(lats[i]), 5), round(float(lons[i]), 5), int(counts[i])) for i in order]


@dataclass
class Survey:
    """Surveyed bodies that are no buildings; buildings are too many to draw and are only counted, from the graph."""

    bodies: dict[str, Feature] = field(default_factory=dict)
    outlines: dict[str, list[Feature]] = field(default_factory=dict)
    """Kind, then the outlines to draw, largest first and simplified."""
    at: int = 0
    """Ledger entry that changed it last."""

    def arranged(self) -> None:
        """Choose and simplify the outlines anew."""
        self.outlines = {kind: _drawable([body for body in self.bodies.values() if body.kind == kind]) for kind in OUTLINED}

    def sites(self, kind: str, box: Box) -> list[Feature]:
        """The bodies of one kind in a box."""
        west, south, east, north = box
        return [b for b in self.bodies.values() if b.kind == kind and west <= b.lon <= east and south <= b.lat <= north]


def _drawable(bodies: list[Feature]) -> list[Feature]:
    ground = [body for body in bodies if body.geometry.get("type") in ("LineString", "MultiLineString", "Polygon", "MultiPolygon")]
    shapes = [shapely.geometry.shape(body.geometry) for body in ground]
    order = sorted(range(len(ground)), key=lambda i: (-shapes[i].length, ground[i].id))[:MOST_SHAPES]
    found = []
    for i in order:
        coarse = shapely.set_precision(shapely.simplify(shapes[i], COARSE), 0.00005)
        if not coarse.is_empty and coarse.geom_type in ("LineString", "MultiLineString", "Polygon", "MultiPolygon"):
            found.append(ground[i].model_copy(update={"geometry": shapely.geometry.mapping(coarse), "properties": {}}))
    return found


class Board:
    """The picture, and the ledger entry it stands at."""

    def __init__(self, make_row: Callable[[Incident, list[Impact], list[ReportState]], Any]) -> None:
        self.seq = 0
        self.rows: dict[str, Any] = {}
        self.reports: dict[str, ReportState] = {}
        self.points = Points()
        self.survey = Survey()
        self.warming = False
        """Whether it is being read for the first time, in the background."""
        self._make_row = make_row
        self._lock = threading.Lock()
        self._shown: dict[str, tuple[Any, ...]] = {}

    def follow(self, store: Store, seq: int) -> None:
        """Bring the picture to this ledger entry by reading only what was written since. A graph that was emptied is read from the start."""
        if seq == self.seq:
            return
        with self._lock:
            if seq < self.seq:
                self.seq, self.rows, self.reports, self.points, self.survey = 0, {}, {}, Points(), Survey()
            if seq <= self.seq:
                return
            after = self.seq
            changed = {incident.id: incident for incident in store.incidents_changed(after)}
            reports = store.reports_changed(after)
            self.reports.update((state.report.id, state) for state in reports)
            about = {state.report.incident for state in reports} - set(changed)
            changed |= {id: self.rows[id].incident for id in about if id in self.rows}
            self._renew(changed, store)
            self.points.put(store.points(after, seq))
            bodies = list(store.features_changed(after, seq))
            if bodies:
                self.survey.bodies.update((body.id, body) for body in bodies)
                self.survey.arranged()
                self.survey.at = seq
            self._shown = {}
            self.seq = seq

    def _renew(self, changed: dict[str, Incident], store: Store) -> None:
        impacts = store.impacts(changed) if changed else {}
        of: dict[str, list[ReportState]] = {}
        for state in self.reports.values():
            of.setdefault(state.report.incident, []).append(state)
        rows = dict(self.rows)
        for id, incident in changed.items():
            if incident.status == "merged":
                rows.pop(id, None)
            else:
                rows[id] = self._make_row(incident, impacts[id], of.get(id, []))
        self.rows = rows

    def shown(self, mode: Mode) -> tuple[Any, ...]:
        """Every incident of one mode that was not found to be another, in no particular order."""
        rows = self._shown.get(mode)
        if rows is None:
            rows = self._shown[mode] = tuple(row for row in self.rows.values() if row.incident.mode == mode)
        return rows
