"""Rasters: flood depth, shaking, population. Reads ESRI ASCII grids and GeoTIFF, nothing that could lead GDAL to another file or the network.

A cell without data (the file's nodata value, NaN, infinite) is missing, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
import rasterio.features
import shapely

from models.errors import BadInput

MOST_BYTES = 500 * 1024**2
MOST_CELLS = 25_000_000
MOST_VERTICES = 200_000
"""Of one footprint."""
_WGS84_ALIKE = (4326, 4490)
"""Systems whose degrees we take as WGS 84: they differ by centimetres."""


@dataclass(frozen=True)
class Grid:
    """One band of a raster."""

    name: str
    """File name."""
    values: npt.NDArray[np.floating[Any]]
    """Rows from the top, NaN where there is no data; as exact as the file has them, so that a floor of 0.7 finds a cell of 0.7."""
    transform: rasterio.Affine
    """Column and row to x and y."""
    crs: pyproj.CRS
    missing: int
    """Cells without data."""

    def cells(self, rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The outlines of these cells, in the grid's own system."""
        across = np.stack([columns, columns + 1, columns + 1, columns, columns], axis=1)
        down = np.stack([rows, rows, rows + 1, rows + 1, rows], axis=1)
        a, b, c, d, e, f = tuple(self.transform)[:6]
        return np.asarray(shapely.polygons(np.stack([a * across + b * down + c, d * across + e * down + f], axis=2)))


def driver(path: Path) -> str:
    """GDAL's name for the raster format of a file, told by its first bytes; empty when it is none we read."""
    with path.open("rb") as stream:
        start = stream.read(64)
    if start[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return "GTiff"
    return "AAIGrid" if start.lstrip().lower().startswith(b"ncols") else ""


def read_grid(path: Path, *, crs: str = "") -> Grid:
    """The first band of a raster file. `crs` names the coordinate system of a file that declares none.

    Raises BadInput: no such file, not ASC or GeoTIFF, broken, too large, no or unknown coordinate system, no cell with data.
    """
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise BadInput(f"{path}：不是文件，或超过 {MOST_BYTES // 1024**2} MB，请检查路径或裁剪后再用。")
    if not (named := driver(path)):
        raise BadInput(f"{path}：不是 ASC 栅格或 GeoTIFF，请转换格式后再用。")
    try:
        with rasterio.open(path, driver=named) as file:
            if file.width * file.height > MOST_CELLS:
                raise BadInput(f"{path}：有 {file.width}×{file.height} 个像元，超过上限 {MOST_CELLS}，请裁剪到受影响的范围，或降低分辨率。")
            if np.dtype(file.dtypes[0]).kind not in "iuf":
                raise BadInput(f"{path}：像元不是数（{file.dtypes[0]}），请导出为数值栅格。")
            exact = np.float32 if file.dtypes[0] == "float32" else np.float64
            read = file.read(1, masked=True).astype(exact).filled(np.nan)
            declared, transform = file.crs, file.transform
    except (rasterio.errors.RasterioError, ValueError) as error:
        raise BadInput(f"{path}：栅格无法打开（{error}），文件可能不完整，请重新导出。") from error
    values = np.where(np.isfinite(read), read, exact(np.nan))
    missing = int(np.isnan(values).sum())
    if missing == values.size:
        raise BadInput(f"{path}：所有像元都没有数据，请检查导出时的范围和无数据值。")
    return Grid(path.name, values, transform, system(crs or (declared.to_wkt() if declared else ""), path), missing)


def system(named: str, origin: Path | str) -> pyproj.CRS:
    """A coordinate system by name, EPSG code or WKT. Raises BadInput when it is missing, shifted or unknown."""
    if not named:
        raise BadInput(f"{origin}：没有坐标系信息，位置无从确定。请补上 .prj 文件，或写明坐标系（如 --crs EPSG:4490）。")
    if named.upper().replace("-", "").replace(" ", "") in ("GCJ02", "BD09"):
        raise BadInput(f"{origin}：{named} 是加偏坐标，范围会偏移数百米，请先转换为 WGS 84 或 CGCS2000 再用。")
    try:
        return pyproj.CRS.from_user_input(named)
    except pyproj.exceptions.CRSError as error:
        raise BadInput(f"{origin}：坐标系 {named[:60]} 无法识别，请写明坐标系（如 --crs EPSG:4490）。") from error


def moved(shapes: Any, source: pyproj.CRS, target: pyproj.CRS) -> Any:
    """Shapes (one or an array) from one system into another; long edges of projected shapes are bent where they should be."""
    if source == target or {source.to_epsg(), target.to_epsg()} <= set(_WGS84_ALIKE):
        return shapes
    change = pyproj.Transformer.from_crs(source, target, always_xy=True)
    step = 1_000 if source.is_projected else 0.01
    # However long the edges, they are cut into no more than about a hundred thousand pieces.
    bent = shapely.segmentize(shapes, max(step, float(np.nansum(shapely.length(shapes))) / 100_000))
    return shapely.transform(bent, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1])))


def zones(grid: Grid, floors: Sequence[float]) -> list[shapely.Geometry]:
    """For each floor the ground of the cells from it up to the next floor, in WGS 84; may be empty.

    Cells that touch make one outline. Raises BadInput when the outlines have more vertices than a footprint may.
    """
    classes = np.where(
        np.isnan(grid.values), 0, np.searchsorted(np.asarray(floors, grid.values.dtype), np.nan_to_num(grid.values), side="right")
    ).astype(np.int16)
    found: list[list[shapely.Geometry]] = [[] for _ in floors]
    vertices = 0
    for outline, number in rasterio.features.shapes(classes, mask=classes > 0, connectivity=4, transform=grid.transform):
        vertices += sum(map(len, outline["coordinates"]))
        if vertices > MOST_VERTICES:
            raise BadInput(f"{grid.name}：范围过于零碎，边界超过 {MOST_VERTICES} 个顶点，请先平滑栅格或降低分辨率。")
        found[int(number) - 1].append(shapely.Polygon(outline["coordinates"][0], outline["coordinates"][1:]))
    wgs84 = pyproj.CRS.from_epsg(4326)
    return [moved(shapely.multipolygons(parts), grid.crs, wgs84) if parts else shapely.MultiPolygon() for parts in found]
