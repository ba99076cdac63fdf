"""A footprint made ready for arithmetic: projected to an equal-area system, cut into small pieces that do not overlap."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely

from models.footprints import bounds, separate
from models.grids import moved
from models.relief import Footprint

_TILE = 256
"""Vertices of a piece: small pieces are quick to meet."""


@dataclass(frozen=True)
class Ground:
    """The footprint cut into small pieces that do not overlap, in one projection."""

    tiles: Any
    severity: Any
    """Of each piece."""
    tree: shapely.STRtree
    area: float

    @classmethod
    def of(cls, footprint: Footprint, crs: pyproj.CRS) -> Ground:
        bands = sorted(footprint.bands, key=lambda band: band.severity)
        shapes = separate([shapely.make_valid(shapely.from_geojson(json.dumps(band.geometry))) for band in bands])
        shapes = [shapely.make_valid(shape) for shape in projected(np.asarray(shapes, dtype=object), crs)]
        pieces = [(piece, band.severity) for band, shape in zip(bands, shapes, strict=True) for piece in _tiled(shape)]
        tiles = np.asarray([piece for piece, _ in pieces], dtype=object)
        shapely.prepare(tiles)
        return cls(tiles, np.asarray([severity for _, severity in pieces]), shapely.STRtree(tiles), float(shapely.area(tiles).sum()))

    def parts(self, shapes: Any) -> tuple[Any, Any, Any]:
        """For every shape and piece that share ground (or, for lines, run together): index of the shape, of the piece, and what they share."""
        which, tile = self.tree.query(shapes)
        inside = shapely.contains_properly(self.tiles[tile], shapes[which])
        shared = shapes[which]
        shared[~inside] = shapely.intersection(shared[~inside], self.tiles[tile[~inside]])
        kept = (shapely.area(shared) > 0) | (shapely.length(shared) > 0)
        return which[kept], tile[kept], shared[kept]


def local(footprint: Footprint) -> pyproj.CRS:
    """An equal-area system in metres round the footprint."""
    west, south, east, north = bounds(footprint)
    lon, lat = (west + east) / 2, (south + north) / 2
    return pyproj.CRS.from_proj4(f"+proj=laea +lat_0={lat:.9f} +lon_0={lon:.9f} +datum=WGS84 +units=m +no_defs")


def projected(shapes: Any, crs: pyproj.CRS) -> Any:
    return moved(shapes, pyproj.CRS.from_epsg(4326), crs)


def _tiled(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """The polygons of a shape, cut in halves until each has few vertices."""
    done, waiting = [], [(part, 0) for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0]
    while waiting:
        part, depth = waiting.pop()
        if shapely.get_num_coordinates(part) <= _TILE or depth > 24:
            done.append(part)
            continue
        west, south, east, north = part.bounds
        middle_x, middle_y = (west + east) / 2, (south + north) / 2
        wide = east - west > north - south
        halves = (
            (shapely.box(west, south, middle_x, north), shapely.box(middle_x, south, east, north))
            if wide
            else (shapely.box(west, south, east, middle_y), shapely.box(west, middle_y, east, north))
        )
        for half in halves:
            cut = shapely.get_parts(shapely.intersection(part, half))
            waiting += [(piece, depth + 1) for piece in cut if piece.geom_type == "Polygon" and piece.area > 0]
    return done
