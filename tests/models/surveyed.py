"""Invented surveyed bodies for the tests of exposure: flat squares and lines round 118.8 E, 32 N."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import shapely

from models import footprints
from models.domain import Feature
from models.relief import Footprint

LON, LAT = 118.8, 32.0
STEP = 0.01
"""Degrees: one square."""


def square(column: float, row: float, width: float = 1, height: float = 1) -> shapely.Polygon:
    west, south = LON + column * STEP, LAT + row * STEP
    return shapely.box(west, south, west + width * STEP, south + height * STEP)


def body(
    id: str,
    kind: str,
    shape: shapely.Geometry,
    *,
    adcode: str = "320104",
    surveyed_on: date | None = date(2025, 6, 1),
    name: str = "",
    **properties: Any,
) -> Feature:
    spot = shape.representative_point()
    return Feature(
        id=id, kind=kind, name=name or id, geometry=json.loads(shapely.to_geojson(shape)), lon=spot.x, lat=spot.y, adcode=adcode,
        surveyed_on=surveyed_on, properties=properties,
    )  # fmt: skip


def town(id: str, column: float, row: float, people: Any = 1000.0, *, width: float = 1, height: float = 1, **more: Any) -> Feature:
    return body(id, "population", square(column, row, width, height), people=people, **more)


def over(*shapes: shapely.Geometry) -> Footprint:
    return footprints.drawn(shapely.to_geojson(shapely.GeometryCollection(shapes) if len(shapes) > 1 else shapes[0]), by="duty")
