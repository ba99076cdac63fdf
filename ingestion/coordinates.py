"""Brings Chinese map coordinates back to where things are.

GCJ-02 (Amap, Tencent) shifts WGS 84 by 300–600 m inside China; BD-09 (Baidu) shifts GCJ-02 again. Neither is published by
its maker; the forward formula below is the one everybody uses (first public as `eviltransform`, MIT), and the way back is
its fixed-point iteration, which agrees with the forward formula to far less than a millimetre. No kept library does this with arrays
and few dependencies, so these forty lines stand here. All functions take and give longitude and latitude in degrees, numbers or
arrays. CGCS2000 needs no conversion: it differs from WGS 84 by centimetres.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.domain import Crs

Degrees = npt.NDArray[np.float64]

_AXIS = 6_378_245.0
"""Semi-major axis of the Krasovsky 1940 ellipsoid, metres."""
_ECCENTRICITY_2 = 0.006_693_421_622_965_943
_BAIDU_TURN = np.pi * 3000 / 180
_CHINA = (72.004, 137.8347, 0.8293, 55.8271)
"""West, east, south, north of the box outside which GCJ-02 equals WGS 84."""


def to_wgs84(lon: Any, lat: Any, crs: Crs) -> tuple[Degrees, Degrees]:
    """The same spot in WGS 84, whatever system the source declared. Error of the way back under 1 mm."""
    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    if crs == "BD09":
        x, y = bd09_to_gcj02(x, y)
    return gcj02_to_wgs84(x, y) if crs in ("GCJ02", "BD09") else (x, y)


def wgs84_to_gcj02(lon: Any, lat: Any) -> tuple[Degrees, Degrees]:
    """Where Amap would show a WGS 84 spot."""
    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    east, north = _shift(x, y)
    west, right, south, top = _CHINA
    inside = (x >= west) & (x <= right) & (y >= south) & (y <= top)
    return np.where(inside, x + east, x), np.where(inside, y + north, y)


def gcj02_to_wgs84(lon: Any, lat: Any) -> tuple[Degrees, Degrees]:
    """Where an Amap spot really is."""
    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    guess_x, guess_y = x, y
    # The shift changes by under 0.1 % per step of itself: six rounds bring the rest below 1e-12 degrees.
    for _ in range(6):
        there_x, there_y = wgs84_to_gcj02(guess_x, guess_y)
        guess_x, guess_y = guess_x + (x - there_x), guess_y + (y - there_y)
    return guess_x, guess_y


def bd09_to_gcj02(lon: Any, lat: Any) -> tuple[Degrees, Degrees]:
    """A Baidu spot in GCJ-02, inverted by iteration: the closed formula in common use is off by up to a metre."""
    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    guess_x, guess_y = x - 0.0065, y - 0.006
    for _ in range(8):
        there_x, there_y = gcj02_to_bd09(guess_x, guess_y)
        guess_x, guess_y = guess_x + (x - there_x), guess_y + (y - there_y)
    return guess_x, guess_y


def gcj02_to_bd09(lon: Any, lat: Any) -> tuple[Degrees, Degrees]:
    """Where Baidu would show a GCJ-02 spot."""
    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BAIDU_TURN)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BAIDU_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _shift(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Degrees by which GCJ-02 moves a WGS 84 spot east and north."""
    x, y = lon - 105.0, lat - 35.0
    ripple = (20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + ripple
    north += (20 * np.sin(y * np.pi) + 40 * np.sin(y / 3 * np.pi)) * 2 / 3
    north += (160 * np.sin(y / 12 * np.pi) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + ripple
    east += (20 * np.sin(x * np.pi) + 40 * np.sin(x / 3 * np.pi)) * 2 / 3
    east += (150 * np.sin(x / 12 * np.pi) + 300 * np.sin(x / 30 * np.pi)) * 2 / 3
    latitude = np.radians(lat)
    bend = 1 - _ECCENTRICITY_2 * np.sin(latitude) ** 2
    north = np.degrees(north / ((_AXIS * (1 - _ECCENTRICITY_2)) / (bend * np.sqrt(bend))))
    east = np.degrees(east / (_AXIS / np.sqrt(bend) * np.cos(latitude)))
    return east, north
