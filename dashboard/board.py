"""The picture every page shares: brought up to date from where the ledger was, never read anew, one in the whole process.

Incidents, reports and the surveyed bodies are kept as objects; evidence, of which there may be a hundred thousand pieces, as columns of
numbers, from which a map asks for what lies in its window: single pieces where they are few, counted squares where they are many.
The picture is everyone's and no page reads it: a page gets a `Share`, what one person sees of it by `graph.scope`, and nothing is counted
before it is cut. A picture is never changed once it is made; the next one takes its place, so that who is reading it reads one moment.
"""

from __future__ import annotations

import gc
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from graph.scope import sees
from graph.store import Store
from models.domain import Feature, Impact, Incident, Mode, Person, ReportState

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


COLUMNS: dict[str, Any] = {
    "lon": float, "lat": float, "received": float, "exercise": bool, "hazard": np.int32, "incident": np.int32, "division": np.int32,
}  # fmt: skip
"""What is kept of each piece: degrees (WGS 84), seconds since 1970, and numbers that stand for names."""


class Points:
    """Where evidence is, as columns; a piece written again keeps its line. Never changed: `added` gives the next one."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._line: dict[str, int] = {}
        self._names: dict[str, int] = {"": 0}
        self._columns: dict[str, Any] = {name: np.empty(0, dtype=kind) for name, kind in COLUMNS.items()}

    def __len__(self) -> int:
        return len(self.ids)

    def added(self, rows: Iterable[dict[str, Any]]) -> Points:
        """These points and the rows of `Store.points`."""
        new = list(rows)
        if not new:
            return self
        made = Points()
        made.ids, made._line, made._names = list(self.ids), dict(self._line), dict(self._names)
        for row in new:
            if row["id"] not in made._line:
                made._line[row["id"]] = len(made.ids)
                made.ids.append(row["id"])
        more = len(made.ids) - len(self.ids)
        columns = {name: np.concatenate([column, np.empty(more, column.dtype)]) for name, column in self._columns.items()}
        for row in new:
            line = made._line[row["id"]]
            columns["lon"][line] = math.nan if row["lon"] is None else row["lon"]
            columns["lat"][line] = math.nan if row["lat"] is None else row["lat"]
            columns["received"][line] = datetime.fromisoformat(row["received"]).timestamp()
            columns["exercise"][line] = row["mode"] == "exercise"
            columns["hazard"][line] = made._number(row["hazard"])
            columns["incident"][line] = made._number(row["incident"])
            columns["division"][line] = made._number(row["adcode"])
        made._columns = columns
        return made

    def _number(self, name: str | None) -> int:
        return self._names.setdefault(name or "", len(self._names))

    def _numbers(self, names: Iterable[str]) -> Any:
        return np.asarray([self._names[name] for name in names if name in self._names], dtype=np.int32)

    def seen_by(self, person: Person, places: Mapping[str, str | None]) -> Any:
        """Whether this person sees each line: by the division of its incident where that is known (`places`), else by its own. `scope.sees` decides."""
        placed = np.zeros(len(self._names), dtype=bool)
        seen = np.zeros(len(self._names), dtype=bool)
        for name, number in self._names.items():
            placed[number] = bool(name) and name in places
            seen[number] = sees(person, places.get(name, name))
        incident, division = self.column("incident"), self.column("division")
        return np.where(placed[incident], seen[incident], seen[division])

    def column(self, name: str) -> Any:
        """One column, as long as there are pieces."""
        return self._columns[name]

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


@dataclass(frozen=True)
class Survey:
    """Surveyed bodies that are no buildings; buildings are too many to draw and are only counted, from the graph. The survey is everyone's."""

    bodies: Mapping[str, Feature] = field(default_factory=dict)
    outlines: Mapping[str, list[Feature]] = field(default_factory=dict)
    """Kind, then the outlines to draw, largest first and simplified."""
    at: int = 0
    """Ledger entry that changed it last."""
    written: dict[str, str] = field(default_factory=dict, compare=False)
    """What a page made of it and would make again, by name: the outlines as text take a quarter of a page's time."""

    def renewed(self, bodies: Iterable[Feature], at: int) -> Survey:
        """The survey with these bodies as they are now; itself when there are none."""
        new = {body.id: body for body in bodies}
        if not new:
            return self
        every = {**self.bodies, **new}
        return Survey(every, {kind: drawable([body for body in every.values() if body.kind == kind]) for kind in OUTLINED}, at)

    def sites(self, kind: str, box: Box) -> list[Feature]:
        """The bodies of one kind in a box."""
        bodies, lon, lat = self._of_kind.get(kind, ([], np.empty(0), np.empty(0)))
        west, south, east, north = box
        return [bodies[i] for i in np.flatnonzero((west <= lon) & (lon <= east) & (south <= lat) & (lat <= north))]

    @cached_property
    def _of_kind(self) -> dict[str, tuple[list[Feature], Any, Any]]:
        """Kind, then its bodies with their longitudes and latitudes."""
        found: dict[str, list[Feature]] = {}
        for body in self.bodies.values():
            found.setdefault(body.kind, []).append(body)
        return {kind: (some, np.array([b.lon for b in some]), np.array([b.lat for b in some])) for kind, some in found.items()}


def drawable(bodies: Iterable[Feature]) -> list[Feature]:
    """Outlines of these bodies, the largest first and simplified, at most `MOST_SHAPES`; what has no outline is left out."""
    ground = [body for body in bodies if body.geometry.get("type") in ("LineString", "MultiLineString", "Polygon", "MultiPolygon")]
    shapes = [shapely.geometry.shape(body.geometry) for body in ground]
    order = sorted(range(len(ground)), key=lambda i: (-shapes[i].length, ground[i].id))[:MOST_SHAPES]
    found = []
    for i in order:
        coarse = shapely.set_precision(shapely.simplify(shapes[i], COARSE), 0.00005)
        if not coarse.is_empty and coarse.geom_type in ("LineString", "MultiLineString", "Polygon", "MultiPolygon"):
            found.append(ground[i].model_copy(update={"geometry": shapely.geometry.mapping(coarse), "properties": {}}))
    return found


class Share:
    """What one person sees of a picture, and the only thing a page is given."""

    def __init__(self, picture: Picture, person: Person) -> None:
        self.seq, self.survey, self.points = picture.seq, picture.survey, picture.points
        places = {id: row.incident.place.adcode for id, row in picture.rows.items()}
        self.rows = {id: row for id, row in picture.rows.items() if sees(person, places[id])}
        every = picture.reports.values()
        self.reports = tuple(state for state in every if not person.districts or state.report.incident in self.rows)
        self._seen = picture.points.seen_by(person, places) if person.districts else None
        self._modes: dict[str, tuple[Any, ...]] = {}

    def shown(self, mode: Mode) -> tuple[Any, ...]:
        """Every incident of one mode that was not found to be another, in no particular order."""
        if mode not in self._modes:
            self._modes[mode] = tuple(row for row in self.rows.values() if row.incident.mode == mode)
        return self._modes[mode]

    def lines(self, wanted: Wanted) -> Any:
        """Numbers of the lines of `points` that are wanted and seen."""
        found = self.points.lines(wanted)
        return found if self._seen is None else found[self._seen[found]]


@dataclass(frozen=True)
class Picture:
    """Everything there is to see, as of one ledger entry."""

    seq: int = 0
    rows: Mapping[str, Any] = field(default_factory=dict)
    """Incident -> what the list shows of it; one that was found to be another is not among them."""
    reports: Mapping[str, ReportState] = field(default_factory=dict)
    points: Points = field(default_factory=Points)
    survey: Survey = field(default_factory=Survey)
    _shares: dict[tuple[str, ...], Share] = field(default_factory=dict)

    def share(self, person: Person) -> Share:
        """What this person sees; worked out once for all who are limited to the same districts."""
        found = self._shares.get(person.districts)
        if found is None:
            found = self._shares[person.districts] = Share(self, person)
        return found


class Board:
    """Where the newest picture hangs."""

    def __init__(self, make_row: Callable[[Incident, list[Impact], list[ReportState]], Any]) -> None:
        self.picture = Picture()
        self.warming = False
        """Whether it is being read for the first time, in the background."""
        self._make_row = make_row
        self._lock = threading.Lock()

    def follow(self, store: Store, seq: int) -> Picture:
        """The picture as of this ledger entry, made by reading only what was written since the last. A graph that was emptied is read from the start."""
        if seq == self.picture.seq:
            return self.picture
        with self._lock:
            old = self.picture if seq >= self.picture.seq else Picture()
            if seq != old.seq:
                self.picture = self._next(old, store, seq)
                if not old.seq:
                    # Streamlit has all garbage collected after every run of every page: what stays for good is taken out of that.
                    gc.collect()
                    gc.freeze()
            return self.picture

    def _next(self, old: Picture, store: Store, seq: int) -> Picture:
        changed = {incident.id: incident for incident in store.incidents_changed(old.seq, seq)}
        fresh = {state.report.id: state for state in store.reports_changed(old.seq, seq)}
        reports = {**old.reports, **fresh}
        about = {state.report.incident for state in fresh.values()} - set(changed)
        changed |= {id: old.rows[id].incident for id in about if id in old.rows}
        impacts = store.impacts(changed) if changed else {}
        of: dict[str, list[ReportState]] = {}
        for state in reports.values():
            of.setdefault(state.report.incident, []).append(state)
        rows = dict(old.rows)
        for id, incident in changed.items():
            if incident.status == "merged":
                rows.pop(id, None)
            else:
                rows[id] = self._make_row(incident, impacts[id], of.get(id, []))
        points = old.points.added(store.points(old.seq, seq))
        survey = old.survey.renewed(store.features_changed(old.seq, seq), seq)
        return Picture(seq, rows, reports, points, survey)
