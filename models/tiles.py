"""Map tiles, only where someone configured them: a server of the bureau, 天地图 with a key, or a file on this machine.

Without `ANLAN_TILES` there are none and nothing is asked. A file (MBTiles, pictures only) is read here and handed out under
`/tiles/z/x/y` of the dashboard itself, so that browsers need no other address.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from models.errors import BadInput
from models.settings import Settings

LOCAL = "/tiles/{z}/{x}/{y}"
"""Where this program hands out the tiles of a file."""

DEEPEST = 18
_TIANDITU = (
    "https://t{s}.tianditu.gov.cn/vec_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=vec&STYLE=default&TILEMATRIXSET=w"
    "&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk="
)
_KEY = re.compile(r"[0-9a-zA-Z]{16,64}")
_PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


@dataclass(frozen=True)
class Tiles:
    """Where a browser gets its tiles."""

    url: str
    """Address with {z}, {x}, {y}, and {s} where there are subdomains."""
    shifted: bool = False
    """Whether they are drawn in GCJ-02."""
    deepest: int = DEEPEST
    """Closest zoom that has tiles; nearer, they are enlarged."""
    subdomains: str = "01234567"


def configured(settings: Settings) -> Tiles | None:
    """The tiles of this desk; null without any. BadInput when the setting is none of what it may be."""
    given, shifted = settings.tiles.strip(), settings.tiles_crs == "gcj02"
    if not given:
        return None
    if given.startswith("tianditu:"):
        key = given.removeprefix("tianditu:")
        if not _KEY.fullmatch(key):
            raise BadInput("ANLAN_TILES：天地图的密钥应为 16 至 64 个字母或数字，写作 tianditu:密钥。")
        return Tiles(_TIANDITU + key, shifted)
    if given.startswith(("http://", "https://")):
        if not all(part in given for part in ("{z}", "{x}", "{y}")) or re.search(r"[\s\"'<>]", given):
            raise BadInput(f"ANLAN_TILES：地址 {given} 须含 {{z}}、{{x}}、{{y}}，且不含空格和引号。")
        return Tiles(given, shifted)
    return Tiles(LOCAL, shifted, deepest=_file(given).deepest)


@dataclass(frozen=True)
class TileFile:
    """A file of tiles on this machine."""

    path: Path
    deepest: int

    def tile(self, z: int, x: int, y: int) -> tuple[str, bytes] | None:
        """Media type and picture of one tile; null when the file has none there, or it is no picture."""
        if not (0 <= z <= 24 and 0 <= x < 2**z and 0 <= y < 2**z):
            return None
        with sqlite3.connect(f"file:{self.path}?mode=ro&immutable=1", uri=True) as db:
            row = db.execute(
                "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?", (z, x, 2**z - 1 - y)
            ).fetchone()
        data = row[0] if row and isinstance(row[0], bytes) else b""
        kind = next((kind for mark, kind in _PICTURES.items() if data.startswith(mark)), None)
        return (kind, data) if kind else None


@lru_cache(maxsize=2)
def _file(given: str) -> TileFile:
    path = Path(given).expanduser()
    if path.suffix.lower() != ".mbtiles" or not path.is_file():
        raise BadInput(f"ANLAN_TILES：{given} 不是现有的 .mbtiles 文件，也不是 http(s) 地址或 tianditu:密钥。")
    try:
        with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as db:
            deepest = db.execute("SELECT max(zoom_level) FROM tiles").fetchone()[0]
    except sqlite3.Error as error:
        raise BadInput(f"ANLAN_TILES：{given} 读不出瓦片（{error}）。") from error
    if deepest is None:
        raise BadInput(f"ANLAN_TILES：{given} 中没有瓦片。")
    return TileFile(path, min(int(deepest), DEEPEST))


def served(settings: Settings) -> TileFile | None:
    """The file whose tiles this program hands out; null when tiles come from elsewhere or there are none."""
    found = configured(settings)
    return _file(settings.tiles.strip()) if found and found.url == LOCAL else None
