"""A training as a process of its own, at most one on this server. Does not use Streamlit."""

from __future__ import annotations

import contextlib
import json
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
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from app.core.paths import ROOT
from app.core.server.events import log_disk_failure
from fer.whole_files import replace_folder

#: Beginning of the names of the folders in which trainings run; hidden, so no model is seen there.
_PREFIX = ".teaching-"

#: Name of the images in that folder, and so in the new model's report.
DATA_NAME = "your-data.zip"

#: Lines of the log that are kept, and characters of each.
_LINES, _LINE = 1000, 500

#: Seconds that a cancelled training has to end by itself.
_PATIENCE = 3.0

#: Seconds after which a folder without a training is taken for that of one that was killed.
_OLD = 24 * 3600.0

#: Teachings whose outcome is kept for who started them.
_KEPT = 20

#: Beginning of the line in which a training says why it failed.
_ERROR = "error: "

#: Returns the command that learns from a ZIP, writes a model directory, and keeps checkpoints.
Command = Callable[[Path, Path, Path], list[str]]


class NotStartedError(Exception):
    """A teaching could not be started. Its message is for the visitor."""


class State(Enum):
    """Where a teaching stands."""

    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()


@dataclass(frozen=True)
class Progress:
    """What a training last said of itself, see `training.progress.say`."""

    stage: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float | None = None


class Teaching:
    """One training, and what became of it. Safe to share between threads.

    Args:
        name: name of the new model.
        target: directory that it shall have.
        folder: folder of this teaching alone, which goes with it.
        command: the command.
        replaces: whether a model of this name may be replaced.
    """

    def __init__(
        self, name: str, target: Path, folder: Path, command: list[str], *, replaces: bool = False
    ) -> None:
        self.name, self.progress = name, Progress()
        self._target, self._folder, self._replaces = target, folder, replaces
        self._log: deque[str] = deque(maxlen=_LINES)
        self._cancelled = False
        self._state = State.RUNNING
        self._ended = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.own_data.teaching.keeper", str(folder), *command],
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, which can be ended as a whole
        )
        threading.Thread(target=self._follow, name="teaching", daemon=True).start()

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._state

    @property
    def active(self) -> bool:
        """Whether it still runs."""
        return self._state is State.RUNNING

    @property
    def log(self) -> str:
        """What it has said, without the lines about progress and without this server's paths."""
        return "\n".join(list(self._log)).replace(f"{self._folder}{os.sep}", "")

    @property
    def reason(self) -> str:
        """Why it failed, as it said itself; empty if it did not."""
        errors = [x for x in self.log.splitlines() if x.startswith(_ERROR)]
        return errors[-1].removeprefix(_ERROR) if errors else ""

    def cancel(self) -> None:
        """End it, and wait until nothing of it runs any more."""
        self._cancelled = True
        self._signal(signal.SIGTERM)
        if not self._ended.wait(_PATIENCE):
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            self._ended.wait(_PATIENCE)

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; return False if that takes longer."""
        return self._ended.wait(seconds)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, number)
            else:  # Windows, where the keeper ends the command when its stdin ends
                self._process.terminate()

    def _follow(self) -> None:
        """Read what it says until it ends, on a thread of its own."""
        stdout = self._process.stdout
        for line in stdout or ():
            self._take(line.decode(errors="replace").rstrip()[:_LINE])
        status = self._process.wait()
        # Whatever of the group is left, such as a command whose keeper was killed.
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        state = State.CANCELLED if self._cancelled else State.FAILED
        if status == 0 and not self._cancelled:
            try:
                self._publish()
                state = State.DONE
            except OSError as error:
                if not isinstance(error, FileExistsError):
                    log_disk_failure(error, "teaching")
                self._log.append(f"{_ERROR}the new model could not be kept: {error.strerror}.")
        shutil.rmtree(self._folder, ignore_errors=True)
        for pipe in (self._process.stdin, stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._state = state
        self._ended.set()

    def _take(self, line: str) -> None:
        said = _progress(line)
        if said:
            self.progress = said
        elif line:
            self._log.append(line)

    def _publish(self) -> None:
        """Put the new model where all models are, as a whole."""
        if self._target.exists() and not self._replaces:
            raise FileExistsError(0, f"there is a model {self.name} meanwhile")
        replace_folder(self._folder / self.name, self._target)


def _progress(line: str) -> Progress | None:
    """Return what a line says about progress; None if it is another line."""
    if not line.startswith("{"):
        return None
    try:
        said = json.loads(line)
        left = said.get("seconds_left")
        return Progress(
            str(said["stage"]),
            int(said.get("done", 0)),
            int(said.get("total", 0)),
            None if left is None else float(left),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


class Teachings:
    """The teachings of a server, of which one runs at a time. Safe to share between threads.

    Args:
        models: folder of the model directories.
    """

    def __init__(self, models: Path) -> None:
        self._models = models
        self._lock = threading.Lock()
        self._of: dict[str, Teaching] = {}
        self._taught: dict[str, set[str]] = {}

    @property
    def running(self) -> Teaching | None:
        """The one that runs."""
        return next((one for one in list(self._of.values()) if one.active), None)

    def of(self, visitor: str) -> Teaching | None:
        """Return a visitor's last teaching, whatever became of it."""
        return self._of.get(visitor)

    def may_use(self, name: str, visitor: str) -> bool:
        """Return whether a new model may have a name: nobody else's has it."""
        own = name in self._taught.get(visitor, set())
        return own or not (self._models / name).exists()

    def start(
        self, visitor: str, name: str, make_zip: Callable[[], bytes], command: Command
    ) -> Teaching:
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
                    "Another teaching runs on this server, and there is room for one. Try again "
                    "when it has ended."
                )
            if not self.may_use(name, visitor):
                raise NotStartedError(f"There is a model {name} already. Choose another name.")
            try:
                teaching = self._started(visitor, name, make_zip, command)
            except OSError as error:
                log_disk_failure(error, "teaching")
                raise NotStartedError(
                    f"This server could not start it ({error.strerror or error})."
                ) from error
            self._of.pop(visitor, None)
            self._of[visitor] = teaching
            self._taught.setdefault(visitor, set()).add(name)
            for oldest in list(self._of)[:-_KEPT]:
                del self._of[oldest]
            return teaching

    def close(self) -> None:
        """End the one that runs, as the server ends."""
        if running := self.running:
            running.cancel()

    def _started(
        self, visitor: str, name: str, make_zip: Callable[[], bytes], command: Command
    ) -> Teaching:
        self._models.mkdir(parents=True, exist_ok=True)
        self._remove_left_overs()
        # Beside the models, so that the new one can be moved there as a whole; mode 0700.
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._models))
        try:
            images = folder / DATA_NAME
            images.write_bytes(make_zip())
            return Teaching(
                name,
                self._models / name,
                folder,
                command(images, folder / name, folder / "checkpoints"),
                replaces=name in self._taught.get(visitor, set()),
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _remove_left_overs(self) -> None:
        for folder in self._models.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > _OLD:
                    shutil.rmtree(folder, ignore_errors=True)
