"""How the dashboard is started: Streamlit on loopback, silent towards the outside.

Streamlit reads its options from flags given here, never from a folder someone else can write to. Two of its habits matter
on a network without internet: it reports usage and it asks an outside server for its own address. Both are off, the second
by naming the server's address, which is what keeps it from looking (`browser.serverAddress`).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from graph import oidc
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
    "runner.magicEnabled": "false",
    # Python collects garbage when there is some; looking for it after every part that redraws itself takes longer than the drawing.
    "runner.postScriptGC": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "logger.level": "warning",
    # The browser forgets a large message (the map) after this many runs, while the server may still refer to it: at the default of 2 a page
    # that draws itself again dies of "Cached ForwardMsg MISS".
    "global.maxCachedMessageAge": "30",
    "theme.font": FONT,
    "theme.headingFont": FONT,
    "theme.codeFont": "'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', Consolas, monospace",
    "theme.baseFontSize": "14",
    "theme.baseRadius": "4px",
    "theme.dark.primaryColor": "#4ba3c7",
    "theme.dark.backgroundColor": "#10161d",
    "theme.dark.secondaryBackgroundColor": "#1a232d",
    "theme.dark.textColor": "#dfe7ee",
    "theme.dark.borderColor": "#314152",
    "theme.dark.linkColor": "#7cc4e4",
    "theme.light.primaryColor": "#1f6f94",
    "theme.light.backgroundColor": "#fbfcfd",
    "theme.light.secondaryBackgroundColor": "#e9eef3",
    "theme.light.textColor": "#17212b",
    "theme.light.borderColor": "#b4c1cd",
    "theme.light.linkColor": "#0b5e86",
}
"""Every Streamlit option that differs from its default."""


HOSTS = ("localhost", "127.0.0.1")
"""Names under which a browser may call it; any other is another site's page trying to reach a server on this machine."""


def command(settings: Settings) -> list[str]:
    """The command that starts the dashboard on `settings.port` of loopback. Run it with `environment(settings)`; it runs until ended.

    Raises BrokenDefinition when the file about the identity provider is wrong.
    """
    options = {**OPTIONS, "server.port": str(settings.port)}
    entry = DESK if served(settings) else APP
    hosts = list(HOSTS)
    if settings.oidc_file:
        options["secrets.files"] = str(settings.oidc_file.resolve())
        hosts.append(oidc.load(settings.oidc_file).host)
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(entry),
        *flags,
        *(f"--server.allowedHosts={host}" for host in dict.fromkeys(hosts)),
    ]


def environment(settings: Settings) -> dict[str, str]:
    """The environment for `command`: this process's own, and the settings spelled out, so that both see the same city."""
    names = ("home", "port", "language", "city_code", "city_name", "bureau", "tiles", "tiles_crs", "session_idle_minutes", "session_hours")
    stated = {f"ANLAN_{name.upper()}": str(getattr(settings, name)) for name in names}
    stated["ANLAN_HOME"] = str(settings.home.resolve())
    if settings.oidc_file:
        stated["ANLAN_OIDC_FILE"] = str(settings.oidc_file.resolve())
    return {**os.environ, **stated, "PYTHONUNBUFFERED": "1"}


def address(settings: Settings) -> str:
    """Where a browser on this machine finds it."""
    return f"http://127.0.0.1:{settings.port}"
