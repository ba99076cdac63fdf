"""A footprint made ready for arithmetic: cut into small pieces that do not overlap.

Shapes are laid over each other in degrees, where a line means what the survey meant by it, so that a division inside is wholly inside. Only
what they share is projected: to a cylindrical equal-area projection for square metres, to an azimuthal one round the footprint for metres.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely

from models.footprints import bounds, only_ground, separate
from models.grids import moved
from models.relief import Footprint

_TILE = 256
"""Vertices of a piece: small pieces are quick to meet."""
_EDGE = 0.01
"""Degrees: longer edges are bent where the projection bends them."""


@dataclass(frozen=True)
class Ground:
    """The pieces of a footprint, in degrees or in the system of a raster."""

    tiles: Any
    severity: Any
    """Of each piece."""
    tree: shapely.STRtree
    lon: float
    lat: float
    """Its middle."""

    @classmethod
    def of(cls, footprint: Footprint, crs: pyproj.CRS | None = None) -> Ground:
        """The ground of a footprint in degrees, or in another system."""
        bands = sorted(footprint.bands, key=lambda band: band.severity)
        shapes = separate([shapely.make_valid(shapely.from_geojson(json.dumps(band.geometry))) for band in bands])
        if crs is not None:
            shapes = list(shapely.make_valid(moved(np.asarray(shapes, dtype=object), pyproj.CRS.from_epsg(4326), crs)))
        pieces = [(piece, band.severity) for band, shape in zip(bands, shapes, strict=True) for piece in _tiled(shape)]
        tiles = np.asarray([piece for piece, _ in pieces], dtype=object)
        shapely.prepare(tiles)
        west, south, east, north = bounds(footprint)
        severity = np.asarray([severity for _, severity in pieces])
        return cls(tiles, severity, shapely.STRtree(tiles), (west + east) / 2, (south + north) / 2)

    def parts(self, shapes: Any) -> tuple[Any, Any, Any]:
        """For every shape and piece that share ground (or, for lines, run together): index of the shape, of the piece, and what they share."""
        which, tile = self.tree.query(shapes)
        inside = shapely.covers(self.tiles[tile], shapes[which])
        shared = shapes[which]
        shared[~inside] = shapely.intersection(shared[~inside], self.tiles[tile[~inside]])
        mixed = (shapely.get_type_id(shared) == 7) & (shapely.area(shared) > 0)
        shared[mixed] = [only_ground(shape) for shape in shared[mixed]]
        # A polygon that only touches a piece shares no ground with it.
        kept = np.where(shapely.get_dimensions(shapes[which]) == 2, shapely.area(shared), shapely.length(shared)) > 0
        return which[kept], tile[kept], shared[kept]

    def square_metres(self, shapes: Any) -> Any:
        """Areas of shapes in degrees."""
        return shapely.area(_projected(shapes, pyproj.Proj(proj="cea", lat_ts=self.lat, lon_0=self.lon, ellps="WGS84")))

    def metric(self, shapes: Any) -> Any:
        """Shapes in degrees as shapes in metres round the footprint's middle."""
        return _projected(shapes, pyproj.Proj(proj="laea", lat_0=self.lat, lon_0=self.lon, ellps="WGS84"))


def _projected(shapes: Any, projection: pyproj.Proj) -> Any:
    bent = shapely.segmentize(shapes, max(_EDGE, float(np.nansum(shapely.length(shapes))) / 1_000_000))
    return shapely.transform(bent, lambda xy: np.column_stack(projection(xy[:, 0], xy[:, 1])))


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
