"""What a browser needs to analyse faces by itself: scripts, and LiteRT's runtime if it was built.

Streamlit serves the folder `ASSETS` as the component ``fer-lens-ondevice.live``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["ASSETS", "COMPONENT", "missing", "runtime"]

#: Name by which Streamlit knows the component.
COMPONENT = "fer-lens-ondevice.live"

#: Folder of all that browsers get.
ASSETS = Path(__file__).parent / "assets"

_AGAIN = (
    "Where npm's registry can be reached, run "
    "`pip install --force-reinstall --no-deps -e ./ondevice` and start the app anew."
)


def runtime(folder: Path = ASSETS / "runtime") -> dict[str, Any] | None:
    """Return what a browser is told about the runtime; None if the runtime is not there.

    Returns:
        ``{"path": "runtime/", "version": …, "files": {name: {"sha256": …, "bytes": …}}}``; the path
        is relative to the component's scripts.
    """
    about = _built(folder)
    return about and {"path": "runtime/", "version": about["version"], "files": about["files"]}


def missing(folder: Path = ASSETS / "runtime") -> str:
    """Return why there is no runtime, and what to do; empty if it is there."""
    if _built(folder):
        return ""
    told = folder / "missing.txt"
    why = told.read_text(encoding="utf-8").strip() if told.is_file() else "it was never built"
    return f"LiteRT's runtime for browsers is not installed: {why}. {_AGAIN}"


def _built(folder: Path) -> dict[str, Any] | None:
    """Return what the build wrote, if all its files are there with the size that it gave them."""
    try:
        about = json.loads((folder / "runtime.json").read_text(encoding="utf-8"))
        there = all((folder / n).stat().st_size == f["bytes"] for n, f in about["files"].items())
    except (OSError, ValueError, KeyError):
        return None
    return about if there else None
