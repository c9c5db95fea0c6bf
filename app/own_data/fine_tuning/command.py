"""The command that fine-tunes a model, how far it is, and what may stand in its way.

Does not use Streamlit.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from app.core.settings import FINE_TUNING, FINE_TUNING_REPLAY, ROOT
from app.core.text import left
from app.own_data.fine_tuning.runner import TrainingProgress

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
        initial: name of the model to begin with.
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
    """Return what is missing to fine-tune a model, as a sentence; empty if there is enough.

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


def expectation(counts: Mapping[str, int], *, replay: bool) -> str:
    """Return what to expect of a fine-tuning on this server.

    Args:
        counts: number of labelled faces by expression.
        replay: whether the initial model's data are replayed.
    """
    sentences = ["It takes a few minutes."]
    few = [name for name, count in counts.items() if 0 < count < GOOD_IMAGES]
    if few:
        sentences.append(
            f"Of {', '.join(few)} there are fewer than {GOOD_IMAGES} faces: expect little."
        )
    if not replay:
        sentences.append(
            "Nothing of what the model learnt before is at hand here, so it will forget some of it "
            f"(the operator can name it with {FINE_TUNING_REPLAY.name})."
        )
    return " ".join(sentences)


#: What is done in each stage, and the share of the whole at which it begins and ends.
_STAGES: dict[str, tuple[str, float, float]] = {
    "": ("starting", 0.0, 0.0),
    "reading": ("reading the images", 0.02, 0.02),
    "heads": ("learning, the last layer first", 0.04, 0.5),
    "all layers": ("learning, all layers", 0.04, 0.5),
    "measuring": ("measuring what it answers now", 0.5, 1.0),
}

#: Stages that are told in rounds.
_ROUNDS = ("heads", "all layers")


def progress_line(said: TrainingProgress) -> tuple[float, str]:
    """Return the share that is done, 0…1, and a line that says what is being done."""
    doing, begin, end = _STAGES.get(said.stage, (said.stage, 0.0, 0.0))
    if not said.total:
        return begin, f"{doing} …"
    share = begin + (end - begin) * min(1.0, said.done / said.total)
    rounds = f", round {said.done} of {said.total}" if said.stage in _ROUNDS else ""
    line = f"{doing}{rounds}"
    return share, line if said.seconds_left is None else f"{line}, {left(said.seconds_left)}"


def not_here(settings: Mapping[str, str]) -> str:
    """Return why this server does not run it, as a sentence; empty if it does."""
    if FINE_TUNING.text(settings) != "1":
        return (
            "This server does not train models: it would take its processor from all visitors for "
            "minutes. Run the command where this project is installed, or set "
            f"{FINE_TUNING.name}=1 where the server is yours."
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
    path = FINE_TUNING_REPLAY.text(settings)
    return ROOT / path if path and (ROOT / path).exists() else None
