"""The command that teaches a model, and what may stand in its way. Does not use Streamlit."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from app.core.paths import ROOT
from app.core.settings import TEACHING, TEACHING_REPLAY

#: Least images of an expression, some of which are held out; and from how many on it works well.
LEAST_IMAGES, GOOD_IMAGES = 5, 20

#: What the training needs beyond the app.
_NEEDS = ("tensorflow", "keras")

#: What a model may be called. Its name is a folder's name.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?")

#: Names that Windows keeps for devices.
_DEVICES = re.compile(r"(?i)con|prn|aux|nul|com[0-9]|lpt[0-9]")


def shown_command(initial: str, data: str, name: str, *, replay: str = "") -> str:
    """Return the command for somebody to copy.

    Args:
        initial: name of the model to teach.
        data: name of the ZIP.
        name: name of the new model.
        replay: name of the data set to replay; empty for none.
    """
    words = _words(f"models/{initial}", data, f"models/{name}", replay)
    return shlex.join(["python", *words])


def run_command(initial: Path, replay: Path | None) -> Callable[[Path, Path, Path], list[str]]:
    """Return what makes the command for this server to run, see `runner.Command`."""

    def command(data: Path, out: Path, work_dir: Path) -> list[str]:
        words = _words(str(initial), str(data), str(out), str(replay) if replay else "")
        return [sys.executable, *words, "--work-dir", str(work_dir), "--progress-json"]

    return command


def _words(initial: str, data: str, out: str, replay: str) -> list[str]:
    words = ["-m", "training", "train", "--preset", "adapt", "--init", initial]
    return [*words, "--data", data, "--out", out, *(["--replay", replay] if replay else [])]


def name_fault(name: str) -> str:
    """Return why a model cannot be called so, as a sentence; empty if it can."""
    if _NAME.fullmatch(name) and not _DEVICES.fullmatch(name):
        return ""
    return (
        "A name has up to 40 letters, digits and hyphens, such as my-team, and begins and ends "
        "with a letter or digit."
    )


def too_few(counts: Mapping[str, int]) -> str:
    """Return what is missing to teach a model, as a sentence; empty if there is enough.

    Args:
        counts: number of labelled faces by expression.
    """
    enough = [name for name, count in counts.items() if count >= LEAST_IMAGES]
    if len(enough) >= 2:
        return ""
    have = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none yet"
    return (
        f"There are too few labelled faces: it takes at least {LEAST_IMAGES} of each of two "
        f"expressions, better {GOOD_IMAGES}, since some are held out to measure what it gained. "
        f"You have {have}."
    )


def few_of(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the expressions with fewer faces than it takes for a good result, but some."""
    return tuple(name for name, count in counts.items() if 0 < count < GOOD_IMAGES)


def not_here(settings: Mapping[str, str]) -> str:
    """Return why this server does not run it, as a sentence; empty if it does."""
    if TEACHING.text(settings) != "1":
        return (
            "This server does not train models: it would take its processor from all visitors for "
            "minutes. Run the command where this project is installed, or set "
            f"{TEACHING.name}=1 where the server is yours."
        )
    if not all(map(importlib.util.find_spec, _NEEDS)):
        return (
            "This server cannot train models, since TensorFlow is not installed. Install "
            "requirements-train.txt, or run the command where it is."
        )
    return ""


def replay_path(settings: Mapping[str, str]) -> Path | None:
    """Return the data set that is replayed; None if none is set, or it is not there.

    Relative paths start at the repository root.
    """
    path = TEACHING_REPLAY.text(settings)
    return ROOT / path if path and (ROOT / path).exists() else None
