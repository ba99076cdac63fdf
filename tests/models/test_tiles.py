"""Tiles: none unless someone set them, refused when the setting is none of what it may be, and pictures only."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from models.errors import BadInput
from models.settings import Settings
from models.tiles import LOCAL, configured, served

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def mbtiles(folder: Path, *rows: tuple[int, int, int, bytes]) -> str:
    path = folder / "city.mbtiles"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB)")
        db.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
    return str(path)


def test_there_are_no_tiles_unless_someone_set_them() -> None:
    assert configured(Settings(tiles="")) is None


def test_tianditu_needs_only_its_key() -> None:
    found = configured(Settings(tiles="tianditu:0123456789abcdef"))
    assert found is not None
    assert "tianditu.gov.cn" in found.url
    assert found.url.endswith("tk=0123456789abcdef")
    assert not found.shifted


def test_an_address_of_the_bureau_may_be_in_gcj02() -> None:
    found = configured(Settings(tiles="http://tiles.bureau.example/{z}/{x}/{y}.png", tiles_crs="gcj02"))
    assert found is not None
    assert found.shifted


@pytest.mark.parametrize(
    "given",
    ["http://tiles.example/none.png", "http://t/{z}/{x}/{y}'onerror", "tianditu:../x", "/no/such/file.mbtiles", "ftp://x/{z}/{x}/{y}"],
)
def test_what_is_no_source_of_tiles_is_refused(given: str) -> None:
    with pytest.raises(BadInput, match="ANLAN_TILES"):
        configured(Settings(tiles=given))


def test_a_file_gives_the_picture_at_its_place_counted_from_the_top(tmp_path: Path) -> None:
    settings = Settings(tiles=mbtiles(tmp_path, (2, 1, 3, PNG)))
    file = served(settings)
    assert file is not None
    assert file.tile(2, 1, 0) == ("image/png", PNG)
    assert file.tile(2, 1, 3) is None
    assert file.deepest == 2


def test_what_is_no_picture_is_not_handed_out(tmp_path: Path) -> None:
    file = served(Settings(tiles=mbtiles(tmp_path, (1, 0, 0, b"<script>alert(1)</script>"), (1, 1, 1, PNG))))
    assert file is not None
    assert file.tile(1, 0, 1) is None
    assert file.tile(1, 9, 0) is None


def test_a_file_without_tiles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        configured(Settings(tiles=mbtiles(tmp_path)))


def test_tiles_elsewhere_are_not_handed_out_here() -> None:
    found = configured(Settings(tiles="http://tiles.example/{z}/{x}/{y}"))
    assert found is not None
    assert found.url != LOCAL
    assert served(Settings(tiles="http://tiles.example/{z}/{x}/{y}")) is None
