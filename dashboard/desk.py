"""The dashboard together with the tiles of a file on this machine: what `serve` starts instead of `app.py` when such a file is configured.

Tiles are pictures of the ground and of nobody: they are handed out without a sign-in, and only from the one file.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit import App

from models.settings import current
from models.tiles import served

KEPT = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}


def tile(request: Request) -> Response:
    """One picture; 404 where the file has none."""
    file = served(current())
    z, x, y = (int(request.path_params[name]) for name in ("z", "x", "y"))
    found = file.tile(z, x, y) if file else None
    if found is None:
        return Response(status_code=404, headers=KEPT)
    kind, picture = found
    return Response(picture, media_type=kind, headers=KEPT)


app = App(Path(__file__).with_name("app.py"), routes=[Route("/tiles/{z:int}/{x:int}/{y:int}", tile)])
