"""Fine-tuning: the command, what may stand in its way, and one process at a time on this server.

Does not use Streamlit.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError

from app.core.jobs import Cancelled, Job
from app.core.models.runnable import VISITOR_FILE, is_taught_by
from app.core.server.events import log_disk_failure
from app.core.settings import FINE_TUNING, FINE_TUNING_REPLAY, ROOT
from app.core.text import left
from fer.atomic_write import replace_folder
from fer.errors import FerError

#: Least images of an expression, some of which are held out; and from how many on it works well.
LEAST_IMAGES, GOOD_IMAGES = 5, 20

#: What the training needs beyond the app.
_NEEDS = ("tensorflow", "keras")

#: What a model may be called. Its name is a folder's name.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?")

#: Names that Windows keeps for devices.
_DEVICES = re.compile(r"(?i)con|prn|aux|nul|com[0-9]|lpt[0-9]")

#: Name of the images, and so what the new model's report calls them.
DATA_NAME = "your-data.zip"

#: Beginning of the names of the folders in which trainings run; hidden, so no model is seen there.
_PREFIX = ".fine-tuning-"

#: Lines of the log that are kept, and characters of each.
_LINES, _LINE = 1000, 500

#: Seconds that a cancelled training has to end by itself.
_PATIENCE = 3.0

#: Seconds after which a folder without a training is taken for that of one that was killed.
_OLD = 24 * 3600.0

#: Trainings whose outcome is kept for who started them.
_KEPT = 20

#: Beginning of the line in which a training says why it failed.
_ERROR = "error: "

#: Returns the command that learns from a ZIP, writes a model directory, and keeps checkpoints.
Command = Callable[[Path, Path, Path], list[str]]


def shown_command(initial: str, name: str, replay: str = "") -> str:
    """Return the command for somebody to copy, by the names of both models.

    `replay` is the name of the data set to replay, if any.
    """
    words = _words(f"models/{initial}", DATA_NAME, f"models/{name}", replay)
    return shlex.join(["python", *words])


def run_command(initial: Path, replay: Path | None) -> Command:
    """Return what makes the command for this server to run."""

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
    """Return what is missing to fine-tune a model on so many labelled faces by expression.

    It is a sentence; empty if there is enough.
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


#: What of a fine-tuning is on this server's disk, and for how long.
_KEPT_HERE = (
    "Meanwhile the cut-out faces, without photos and file names, are in a temporary folder on this "
    "server. The new model stays on it, for this browser alone, until whoever runs it deletes it."
)


def expectation(counts: Mapping[str, int], *, replay: bool) -> str:
    """Return what to expect of a fine-tuning on so many labelled faces by expression here.

    `replay` says whether the initial model's data are replayed.
    """
    sentences = ["It takes a few minutes.", _KEPT_HERE]
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


def not_here() -> str:
    """Return why this server does not run it, as a sentence; empty if it does."""
    if FINE_TUNING.text() != "1":
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


def replay_path() -> Path | None:
    """Return the data set that is replayed; None if none is set, or it is not there.

    Relative paths start at the repository root.
    """
    path = FINE_TUNING_REPLAY.text()
    return ROOT / path if path and (ROOT / path).exists() else None


class TrainingProgress(BaseModel, frozen=True):
    """What a training last said of itself, see `training.progress.say`."""

    stage: str
    done: int = 0
    total: int = 0
    seconds_left: float | None = None


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


class NotStartedError(Exception):
    """A training could not be started. Its message is for the visitor."""


class TrainingFailedError(FerError):
    """A training failed. Its message is the reason that it said itself; empty if it said none."""


class FineTuning:
    """One training, and what became of it. Safe to share between threads.

    It has a folder for itself, which goes with it, and which has its temporary files, too. The new
    model becomes the directory `target`, which is shown to its `visitor` alone. It takes the place
    of a model of this name only if that is the visitor's.
    """

    def __init__(self, target: Path, folder: Path, command: list[str], *, visitor: str) -> None:
        self.name = target.name
        self.progress = TrainingProgress(stage="")
        self._target = target
        self._folder = folder
        self._visitor = visitor
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.own_data.supervisor", str(folder), *command],
            cwd=ROOT,
            # A training that is killed leaves its temporary files, such as the unpacked faces.
            env=os.environ | {"PYTHONUNBUFFERED": "1", "TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, which can be ended as a whole
        )
        self.job = Job(self._work, self._clean_up)
        threading.Thread(target=self.job.run, name="fine-tuning", daemon=True).start()

    @property
    def log(self) -> str:
        """What it has said, without the lines about progress and without this server's paths."""
        return "\n".join(list(self._lines)).replace(f"{self._folder}{os.sep}", "")

    def cancel(self) -> None:
        """End it, and wait until nothing of it runs any more."""
        self.job.cancel()
        self._signal("SIGTERM")
        if not self.job.wait(_PATIENCE):
            self._signal("SIGKILL")
            self.job.wait(_PATIENCE)

    def _signal(self, name: str) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.Signals[name])
            else:  # Windows, where the supervisor ends the command when its stdin ends
                self._process.terminate()

    def _work(self, cancelled: Cancelled) -> None:
        """Read what it says until it ends, and put the new model where all models are."""
        for said in self._process.stdout or ():
            line = said.decode(errors="replace").rstrip()[:_LINE]
            try:
                self.progress = TrainingProgress.model_validate_json(line)
            except ValidationError:  # it says something else
                if line:
                    self._lines.append(line)
        if self._process.wait() != 0:
            errors = [line for line in self.log.splitlines() if line.startswith(_ERROR)]
            raise TrainingFailedError(errors[-1].removeprefix(_ERROR) if errors else "")
        if cancelled():
            return
        try:
            if not _is_free(self._target, self._visitor):
                raise FileExistsError(0, f"there is a model {self.name} meanwhile")
            made = self._folder / self.name
            (made / VISITOR_FILE).write_text(self._visitor, encoding="utf-8")
            replace_folder(made, self._target)
        except OSError as error:
            if not isinstance(error, FileExistsError):
                log_disk_failure(error, "fine_tuning")
            reason = f"the new model could not be kept: {error.strerror}."
            raise TrainingFailedError(reason) from error

    def _clean_up(self) -> None:
        # Whatever of the group is left, such as a command whose supervisor was killed.
        self._signal("SIGKILL")
        shutil.rmtree(self._folder, ignore_errors=True)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


def _is_free(target: Path, visitor: str) -> bool:
    """Return whether a visitor's new model may be at a place: it is empty, or has one of theirs."""
    return not target.exists() or is_taught_by(target, visitor)


class FineTunings:
    """The trainings of a server, of which one runs at a time. Safe to share between threads."""

    def __init__(self, models: Path) -> None:
        self._models = models
        self._lock = threading.Lock()
        self._of: dict[str, FineTuning] = {}

    @property
    def running(self) -> FineTuning | None:
        """The one that runs."""
        return next((one for one in list(self._of.values()) if one.job.active), None)

    def of(self, visitor: str) -> FineTuning | None:
        """Return a visitor's last training, whatever became of it."""
        return self._of.get(visitor)

    def start(
        self, visitor: str, name: str, make_zip: Callable[[], bytes], command: Command
    ) -> FineTuning:
        """Start a visitor's training of a new model, on the images in a ZIP.

        Raises:
            NotStartedError: another one runs, the name is taken, or nothing can be written.
        """
        with self._lock:
            if self.running:
                raise NotStartedError(
                    "Another fine-tuning runs on this server, and there is room for one. Try again "
                    "when it has ended."
                )
            if not _is_free(self._models / name, visitor):
                raise NotStartedError(
                    f"The name {name} is taken on this server. Choose another name."
                )
            try:
                started = self._start(visitor, name, make_zip, command)
            except OSError as error:
                log_disk_failure(error, "fine_tuning")
                raise NotStartedError(
                    f"This server could not start it ({error.strerror or error})."
                ) from error
            self._of.pop(visitor, None)
            self._of[visitor] = started
            for oldest in list(self._of)[:-_KEPT]:
                del self._of[oldest]
            return started

    def close(self) -> None:
        """End the one that runs, as the server ends."""
        if running := self.running:
            running.cancel()

    def _start(
        self, visitor: str, name: str, make_zip: Callable[[], bytes], command: Command
    ) -> FineTuning:
        self._models.mkdir(parents=True, exist_ok=True)
        for left_over in self._models.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                if time.time() - left_over.stat().st_mtime > _OLD:
                    shutil.rmtree(left_over, ignore_errors=True)
        # Beside the models, so that the new one can be moved there as a whole; mode 0700.
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._models))
        try:
            images = folder / DATA_NAME
            images.write_bytes(make_zip())
            words = command(images, folder / name, folder / "checkpoints")
            return FineTuning(self._models / name, folder, words, visitor=visitor)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
