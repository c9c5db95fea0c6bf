"""A training as a process of its own, at most one on this server. Does not use Streamlit."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ValidationError

from app.core.jobs import Cancelled, Job
from app.core.server.events import log_disk_failure
from app.core.settings import ROOT
from fer.atomic_write import replace_folder
from fer.errors import FerError

#: Beginning of the names of the folders in which trainings run; hidden, so no model is seen there.
_PREFIX = ".fine-tuning-"

#: Name of the images in that folder, and so in the new model's report.
DATA_NAME = "your-data.zip"

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


class NotStartedError(Exception):
    """A training could not be started. Its message is for the visitor."""


class TrainingFailedError(FerError):
    """A training failed. Its message is the reason that it said itself; empty if it said none."""


class TrainingProgress(BaseModel, frozen=True):
    """What a training last said of itself, see `training.progress.say`."""

    stage: str
    done: int = 0
    total: int = 0
    seconds_left: float | None = None


class FineTuning:
    """One training, and what became of it. Safe to share between threads.

    Args:
        name: name of the new model.
        target: directory that it shall have.
        folder: folder of this training alone, which goes with it.
        command: the command.
        replaces: whether a model of this name may be replaced.
    """

    def __init__(
        self, name: str, target: Path, folder: Path, command: list[str], *, replaces: bool = False
    ) -> None:
        self.name, self.progress = name, TrainingProgress(stage="")
        self._target, self._folder, self._replaces = target, folder, replaces
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.own_data.fine_tuning.supervisor", str(folder), *command],
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
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
        self._signal(signal.SIGTERM)
        if not self.job.wait(_PATIENCE):
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            self.job.wait(_PATIENCE)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, number)
            else:  # Windows, where the supervisor ends the command when its stdin ends
                self._process.terminate()

    def _work(self, cancelled: Cancelled) -> None:
        """Read what it says until it ends, and put the new model where all models are."""
        for line in self._process.stdout or ():
            self._take(line.decode(errors="replace").rstrip()[:_LINE])
        if self._process.wait() != 0:
            errors = [line for line in self.log.splitlines() if line.startswith(_ERROR)]
            raise TrainingFailedError(errors[-1].removeprefix(_ERROR) if errors else "")
        if cancelled():
            return
        try:
            if self._target.exists() and not self._replaces:
                raise FileExistsError(0, f"there is a model {self.name} meanwhile")
            replace_folder(self._folder / self.name, self._target)
        except OSError as error:
            if not isinstance(error, FileExistsError):
                log_disk_failure(error, "fine_tuning")
            reason = f"the new model could not be kept: {error.strerror}."
            raise TrainingFailedError(reason) from error

    def _take(self, line: str) -> None:
        try:
            self.progress = TrainingProgress.model_validate_json(line)
        except ValidationError:  # it says something else
            if line:
                self._lines.append(line)

    def _clean_up(self) -> None:
        # Whatever of the group is left, such as a command whose supervisor was killed.
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        shutil.rmtree(self._folder, ignore_errors=True)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


class FineTunings:
    """The trainings of a server, of which one runs at a time. Safe to share between threads.

    Args:
        models: folder of the model directories.
    """

    def __init__(self, models: Path) -> None:
        self._models = models
        self._lock = threading.Lock()
        self._of: dict[str, FineTuning] = {}
        self._made: dict[str, set[str]] = {}

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
        """Start one.

        Args:
            visitor: whose it is.
            name: name of the new model.
            make_zip: returns the images.
            command: see `Command`.

        Raises:
            NotStartedError: another one runs, the name is taken, or nothing can be written.
        """
        with self._lock:
            if self.running:
                raise NotStartedError(
                    "Another fine-tuning runs on this server, and there is room for one. Try again "
                    "when it has ended."
                )
            replaces = name in self._made.get(visitor, set())
            if not replaces and (self._models / name).exists():
                raise NotStartedError(f"There is a model {name} already. Choose another name.")
            try:
                started = self._start(name, make_zip, command, replaces=replaces)
            except OSError as error:
                log_disk_failure(error, "fine_tuning")
                raise NotStartedError(
                    f"This server could not start it ({error.strerror or error})."
                ) from error
            self._of.pop(visitor, None)
            self._of[visitor] = started
            self._made.setdefault(visitor, set()).add(name)
            for oldest in list(self._of)[:-_KEPT]:
                del self._of[oldest]
            return started

    def close(self) -> None:
        """End the one that runs, as the server ends."""
        if running := self.running:
            running.cancel()

    def _start(
        self, name: str, make_zip: Callable[[], bytes], command: Command, *, replaces: bool
    ) -> FineTuning:
        self._models.mkdir(parents=True, exist_ok=True)
        self._remove_left_overs()
        # Beside the models, so that the new one can be moved there as a whole; mode 0700.
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._models))
        try:
            images = folder / DATA_NAME
            images.write_bytes(make_zip())
            words = command(images, folder / name, folder / "checkpoints")
            return FineTuning(name, self._models / name, folder, words, replaces=replaces)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _remove_left_overs(self) -> None:
        for folder in self._models.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > _OLD:
                    shutil.rmtree(folder, ignore_errors=True)
