"""How the dashboard is started: Streamlit on loopback, silent towards the outside.

Streamlit reads its options from flags given here, never from a folder someone else can write to. Two of its habits matter
on a network without internet: it reports usage and it asks an outside server for its own address. Both are off, the second
by naming the server's address, which is what keeps it from looking (`browser.serverAddress`).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from models.settings import Settings
from models.tiles import served

APP = Path(__file__).with_name("app.py")
"""The page people see; Streamlit serves the folder `static` beside it under `/app/static`."""

DESK = Path(__file__).with_name("desk.py")
"""The same with the tiles of a local file."""

FONT = "'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'Microsoft YaHei', 'PingFang SC', system-ui, sans-serif"
"""Fonts the machine already has; none is fetched."""

OPTIONS: dict[str, str] = {
    "server.address": "127.0.0.1",
    "server.headless": "true",
    "server.enableStaticServing": "true",
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    "server.showEmailPrompt": "false",
    "server.maxUploadSize": "20",
    "browser.gatherUsageStats": "false",
    "browser.serverAddress": "localhost",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "logger.level": "warning",
    "theme.base": "dark",
    "theme.font": FONT,
    "theme.headingFont": FONT,
    "theme.codeFont": "'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', Consolas, monospace",
    "theme.baseFontSize": "14",
    "theme.baseRadius": "4px",
    "theme.primaryColor": "#4ba3c7",
    "theme.backgroundColor": "#10161d",
    "theme.secondaryBackgroundColor": "#1a232d",
    "theme.textColor": "#dfe7ee",
    "theme.borderColor": "#314152",
    "theme.linkColor": "#7cc4e4",
}
"""Every Streamlit option that differs from its default."""


HOSTS = ("localhost", "127.0.0.1")
"""Names under which a browser may call it; any other is another site's page trying to reach a server on this machine."""


def command(settings: Settings) -> list[str]:
    """The command that starts the dashboard on `settings.port` of loopback. Run it with `environment(settings)`; it runs until ended."""
    options = {**OPTIONS, "server.port": str(settings.port)}
    entry = DESK if served(settings) else APP
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(entry), *flags, *(f"--server.allowedHosts={host}" for host in HOSTS)]


def environment(settings: Settings) -> dict[str, str]:
    """The environment for `command`: this process's own, and the settings spelled out, so that both see the same city."""
    stated = {
        f"ANLAN_{name.upper()}": str(getattr(settings, name))
        for name in ("home", "port", "language", "city_code", "city_name", "bureau", "tiles", "tiles_crs")
    }
    stated["ANLAN_HOME"] = str(settings.home.resolve())
    return {**os.environ, **stated, "PYTHONUNBUFFERED": "1"}


def address(settings: Settings) -> str:
    """Where a browser on this machine finds it."""
    return f"http://127.0.0.1:{settings.port}"
