"""Fine-tuning with a Python script in the place of the training."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.jobs import State
from app.own_data.fine_tuning import (
    Command,
    FineTuning,
    FineTunings,
    NotStartedError,
    TrainingProgress,
)
from tests.app.samples import PATIENCE

#: Says how far it is, and makes the model directory as a training does, at last.
GOOD = """
import pathlib, sys
data, out, work = map(pathlib.Path, sys.argv[1:])
print('{"stage": "reading"}')
print('a line of the log with', data)
print('{"stage": "heads", "done": 1, "total": 4, "seconds_left": 9}')
out.mkdir()
(out / "spec.json").write_text(data.read_text())
"""

#: Begins a model directory and stays, with a child of its own.
ENDLESS = """
import pathlib, subprocess, sys, time
out = pathlib.Path(sys.argv[2])
out.mkdir()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
print("child", child.pid)
print('{"stage": "heads", "done": 1, "total": 4}')
time.sleep(3600)
"""


def script(code: str) -> Command:
    return lambda data, out, work: [sys.executable, "-c", code, str(data), str(out), str(work)]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def started(
    trainings: FineTunings, code: str, name: str = "mine", visitor: str = "me"
) -> FineTuning:
    return trainings.start(visitor, name, lambda: b"the images", script(code))


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    tick, end = threading.Event(), PATIENCE / 0.02
    while not condition() and end > 0:
        tick.wait(0.02)
        end -= 1
    assert condition()


def alive(pid: int) -> bool:
    """Return whether a process runs; one that ended and waits for its parent does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_training_ends_with_a_model_among_the_others(models: Path) -> None:
    training = started(FineTunings(models), GOOD)
    assert training.job.wait(PATIENCE)
    assert training.job.state is State.DONE
    assert (models / "mine" / "spec.json").read_text() == "the images"
    assert training.progress == TrainingProgress(stage="heads", done=1, total=4, seconds_left=9.0)
    assert training.log == "a line of the log with your-data.zip"
    assert [entry.name for entry in models.iterdir()] == ["mine"]


def test_a_failure_says_what_the_training_said(models: Path) -> None:
    training = started(FineTunings(models), "import sys; sys.exit('error: no face in it.')")
    assert training.job.wait(PATIENCE)
    assert (training.job.state, str(training.job.error)) == (State.FAILED, "no face in it.")
    assert list(models.iterdir()) == []


def test_a_training_that_makes_nothing_has_failed(models: Path) -> None:
    training = started(FineTunings(models), "pass")
    assert training.job.wait(PATIENCE)
    assert training.job.state is State.FAILED
    assert "could not be kept" in str(training.job.error)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="tells by /proc what runs")
@pytest.mark.parametrize("server_ends", [False, True])
def test_cancelling_ends_all_processes_and_leaves_nothing(models: Path, server_ends: bool) -> None:
    trainings = FineTunings(models)
    training = started(trainings, ENDLESS)
    until(lambda: training.progress.done == 1)
    child = int(training.log.split()[1])
    assert alive(child)
    trainings.close() if server_ends else training.cancel()
    assert training.job.state is State.CANCELLED
    until(lambda: not alive(child))
    assert list(models.iterdir()) == []
    assert trainings.running is None


def test_one_runs_at_a_time_and_others_are_told(models: Path) -> None:
    trainings = FineTunings(models)
    first = started(trainings, ENDLESS)
    with pytest.raises(NotStartedError, match="Another fine-tuning runs"):
        started(trainings, GOOD, "other", "another visitor")
    assert trainings.of("another visitor") is None
    first.cancel()
    assert started(trainings, GOOD, "other", "another visitor").job.wait(PATIENCE)
    assert (models / "other").is_dir()


def test_a_model_is_replaced_by_who_taught_it_alone(models: Path) -> None:
    trainings = FineTunings(models)
    (models / "compact").mkdir(parents=True)
    with pytest.raises(NotStartedError, match="a model compact already"):
        started(trainings, GOOD, "compact")
    assert started(trainings, GOOD).job.wait(PATIENCE)
    with pytest.raises(NotStartedError, match="a model mine already"):
        started(trainings, GOOD, "mine", "another visitor")
    again = started(trainings, GOOD)
    assert again.job.wait(PATIENCE)
    assert again.job.state is State.DONE
    assert sorted(entry.name for entry in models.iterdir()) == ["compact", "mine"]


def test_what_cannot_be_written_is_told_and_leaves_nothing(models: Path) -> None:
    def no_zip() -> bytes:
        raise OSError(28, os.strerror(28))

    with pytest.raises(NotStartedError, match="No space left"):
        FineTunings(models).start("me", "mine", no_zip, script(GOOD))
    assert list(models.iterdir()) == []


def test_folders_of_servers_that_were_killed_go_after_a_day(models: Path) -> None:
    old, new = models / ".fine-tuning-old", models / ".fine-tuning-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    assert started(FineTunings(models), GOOD).job.wait(PATIENCE)
    assert (old.exists(), new.exists()) == (False, True)


@pytest.mark.parametrize(
    "line", ["{", "{}", "[1]", '{"stage": "x", "done": "many"}', '{"done": 1}']
)
def test_a_line_that_says_nothing_of_progress_is_for_the_log(models: Path, line: str) -> None:
    training = started(FineTunings(models), f"print({line!r})")
    assert training.job.wait(PATIENCE)
    assert training.progress == TrainingProgress(stage="")
    assert training.log.startswith(line)
