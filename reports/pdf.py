"""A docx as PDF through LibreOffice, where it is installed: its own profile that runs no macros and asks nothing of the net, a time limit, nothing kept."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from models.errors import Refused

SECONDS = 120
"""Longest one conversion may take."""

_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""


def is_available() -> bool:
    """Whether LibreOffice is installed here."""
    return _program() is not None


def pdf(docx: bytes) -> bytes:
    """The same pages as PDF. Refused, with what to do, when LibreOffice is missing, too slow or makes nothing."""
    program = _program()
    if program is None:
        raise Refused("本机没有安装 LibreOffice（soffice），不能生成 PDF；请安装后重试，或导出 docx。")
    with tempfile.TemporaryDirectory(prefix="anlan-pdf-") as folder:
        profile = Path(folder, "profile", "user")
        profile.mkdir(parents=True)
        (profile / "registrymodifications.xcu").write_text(_PROFILE, "utf-8")
        source = Path(folder, "report.docx")
        source.write_bytes(docx)
        command = [
            *(program, "--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"),
            f"-env:UserInstallation={profile.parent.as_uri()}",
            *("--convert-to", "pdf:writer_pdf_Export", "--outdir", folder, str(source)),
        ]
        _run(command, folder)
        made = source.with_suffix(".pdf")
        content = made.read_bytes() if made.is_file() else b""
    if not content.startswith(b"%PDF"):
        raise Refused("LibreOffice 没有生成 PDF；请改用 docx，或检查 LibreOffice 安装。")
    return content


def _run(command: list[str], folder: str) -> None:
    """In a process group of its own, because soffice is a script that starts another program; all of it ends with the time."""
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        raise Refused(f"LibreOffice {SECONDS} 秒内没有完成，已停止；请稍后重试，或导出 docx。") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _program() -> str | None:
    return shutil.which("soffice") or shutil.which("libreoffice")
