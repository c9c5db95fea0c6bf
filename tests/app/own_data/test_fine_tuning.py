"""Fine-tuning: the command, the process that runs it, and the page, with a script in its place."""

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.core.jobs import State
from app.core.models.runnable import is_shown, is_taught_by
from app.own_data import fine_tuning
from app.own_data import fine_tuning_view as view
from app.own_data.fine_tuning import (
    Command,
    FineTuning,
    FineTunings,
    NotStartedError,
    TrainingProgress,
    expectation,
    name_fault,
    not_here,
    progress_line,
    replay_path,
    run_command,
    shown_command,
    too_few,
)
from tests.app.dashboard.samples import write_model
from tests.app.own_data.samples import adaptation
from tests.app.samples import PATIENCE
from tests.app.samples import plain_words as words
from tests.samples import ROOT
from training.__main__ import parser


@pytest.mark.parametrize("replay", ["", "fer2013.npz"])
def test_the_shown_command_is_one_that_the_training_understands(replay: str) -> None:
    shown = shown_command("a model", "mine", replay)
    program, words = shlex.split(shown)[:3], shlex.split(shown)[3:]
    understood = parser().parse_args(words)
    assert program == ["python", "-m", "training"]
    assert (understood.preset, understood.init) == ("adapt", Path("models/a model"))
    assert (understood.data, understood.out) == (["your-data.zip"], Path("models/mine"))
    assert understood.replay == (Path(replay) if replay else None)


def test_what_the_server_runs_says_how_far_it_is() -> None:
    make = run_command(Path("/m/compact"), Path("/d/fer2013.npz"))
    words = make(Path("/t/data.zip"), Path("/t/mine"), Path("/t/work"))
    understood = parser().parse_args(words[3:])
    assert understood.progress_json
    assert understood.work_dir == Path("/t/work")
    assert understood.replay == Path("/d/fer2013.npz")


def test_names_that_will_do_and_others() -> None:
    good = ["a", "my-team", "A1", "x" * 40]
    bad = ["", "-a", "a-", "a b", "../a", "a/b", ".hidden", "x" * 41, "ä", "con", "a\n", "COM1"]
    assert [name for name in (*good, *bad) if not name_fault(name)] == good


@pytest.mark.parametrize(
    ("counts", "lacks"),
    [
        ({}, "You have none yet."),
        ({"happy": 100}, "You have 100 happy."),
        ({"happy": 100, "sad": 4, "fear": 0}, "You have 100 happy, 4 sad."),
        ({"happy": 5, "sad": 5, "fear": 1}, ""),
    ],
)
def test_how_many_faces_it_takes(counts: dict[str, int], lacks: str) -> None:
    assert lacks in too_few(counts)
    assert bool(too_few(counts)) is bool(lacks)


def test_what_to_expect() -> None:
    many = {"happy": 20, "sad": 20, "fear": 0}
    told = expectation(many, replay=True)
    assert told.startswith("It takes a few minutes.")
    assert "for this browser alone" in told
    little = expectation({"happy": 20, "sad": 19}, replay=False)
    assert "Of sad there are fewer than 20" in little
    assert "FER_FINE_TUNING_REPLAY" in little


def said(stage: str, done: int = 0, total: int = 0, left: float | None = None) -> TrainingProgress:
    return TrainingProgress(stage=stage, done=done, total=total, seconds_left=left)


@pytest.mark.parametrize(
    ("progress", "share", "line"),
    [
        (said(""), 0.0, "starting …"),
        (said("a stage of tomorrow"), 0.0, "a stage of tomorrow …"),
        (said("reading"), 0.02, "reading the images …"),
        (said("heads", 4, 16), 0.155, "learning, the last layer first, round 4 of 16"),
        (said("all layers", 16, 16, 0), 0.5, "round 16 of 16, some seconds left"),
        (said("measuring"), 0.5, "measuring what it answers now …"),
        (said("measuring", 1, 2, 70), 0.75, "now, about 70 seconds left"),
        (said("measuring", 5, 4), 1.0, "measuring what it answers now"),
    ],
)
def test_progress_in_words(progress: TrainingProgress, share: float, line: str) -> None:
    shown, words = progress_line(progress)
    assert line in words
    assert shown == pytest.approx(share)


def test_where_it_runs_and_what_it_replays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for value, needs, says in (
        (None, "json", "does not train models"),
        ("0", "json", "does not train models"),
        ("1", "a_package_that_nobody_has", "TensorFlow is not installed"),
        (" 1 ", "json", ""),
    ):
        monkeypatch.delenv("FER_FINE_TUNING", raising=False)
        if value:
            monkeypatch.setenv("FER_FINE_TUNING", value)
        monkeypatch.setattr(fine_tuning, "_NEEDS", (needs,))
        assert says in not_here()
        assert bool(not_here()) == bool(says)
    file = tmp_path / "faces.npz"
    assert replay_path() is None
    monkeypatch.setenv("FER_FINE_TUNING_REPLAY", str(file))
    assert replay_path() is None
    file.touch()
    assert replay_path() == file


#: Says how far it is, and makes the model directory as a training does, at last.
GOOD = """
import pathlib, sys
data, out, work = map(pathlib.Path, sys.argv[1:])
print('{"stage": "reading"}')
for line in ('{', '{}', '[1]', '{"stage": "x", "done": "many"}', '{"done": 1}', ''):
    print(line)
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
    *odd, last = training.log.splitlines()
    assert last == "a line of the log with your-data.zip"
    assert len(odd) == 5, "what says nothing of progress is for the log"
    assert [entry.name for entry in models.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import sys; sys.exit('error: no face in it.')", "no face in it."),
        ("import sys; sys.exit(1)", ""),
        ("pass", "the new model could not be kept: No such file or directory."),
    ],
)
def test_a_failure_says_what_the_training_said(models: Path, code: str, error: str) -> None:
    training = started(FineTunings(models), code)
    assert training.job.wait(PATIENCE)
    assert (training.job.state, str(training.job.error)) == (State.FAILED, error)
    assert list(models.iterdir()) == []


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


def test_temporary_files_of_a_training_go_with_it(models: Path) -> None:
    code = f"import tempfile; print('made', tempfile.mkdtemp())\n{ENDLESS}"
    training = started(FineTunings(models), code)
    until(lambda: training.progress.done == 1)
    (folder,) = models.iterdir()
    (made,) = (path for path in folder.iterdir() if path.name != "mine" and path.is_dir())
    training.cancel()
    assert not made.exists()
    assert list(models.iterdir()) == []


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
    with pytest.raises(NotStartedError, match="compact is taken"):
        started(trainings, GOOD, "compact")
    assert started(trainings, GOOD).job.wait(PATIENCE)
    with pytest.raises(NotStartedError, match="mine is taken"):
        started(trainings, GOOD, "mine", "another visitor")
    again = started(trainings, GOOD)
    assert again.job.wait(PATIENCE)
    assert again.job.state is State.DONE
    assert sorted(entry.name for entry in models.iterdir()) == ["compact", "mine"]
    assert is_taught_by(models / "mine", "me")
    assert not is_shown(models / "mine", "another visitor")
    assert started(FineTunings(models), GOOD).job.wait(PATIENCE), "after a restart it is theirs too"
    with pytest.raises(NotStartedError, match="mine is taken"):
        started(FineTunings(models), GOOD, "mine", "another visitor")


def test_what_cannot_be_written_or_is_old_leaves_nothing(models: Path) -> None:
    def no_zip() -> bytes:
        raise OSError(28, os.strerror(28))

    with pytest.raises(NotStartedError, match="No space left"):
        FineTunings(models).start("me", "mine", no_zip, script(GOOD))
    assert list(models.iterdir()) == []
    old, new = models / ".fine-tuning-old", models / ".fine-tuning-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    assert started(FineTunings(models), GOOD).job.wait(PATIENCE)
    assert (old.exists(), new.exists()) == (False, True)


def supervised(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "app.own_data.supervisor", str(folder), *command],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_it_ends_with_its_command_or_the_server(tmp_path: Path) -> None:
    with supervised(
        tmp_path, sys.executable, "-c", "import sys; print('said'); sys.exit(3)"
    ) as process:
        assert process.wait(PATIENCE) == 3
        assert process.stdout
        assert process.stdout.read().split() == [b"said"]
    assert tmp_path.is_dir()
    folder = tmp_path / "training"
    folder.mkdir()
    (folder / "images.zip").write_bytes(b"images")
    code = "print('begun', flush=True); import time; time.sleep(3600)"
    with supervised(folder, sys.executable, "-c", code) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline().strip() == b"begun"
        process.stdin.close()  # as a server's end does, however it ends
        assert process.wait(PATIENCE) != 0
    assert not folder.exists()


Open = Callable[..., AppTest]


@pytest.fixture
def trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FineTunings:
    """Those of the server, which allows them and has all it takes."""
    monkeypatch.setenv("FER_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("FER_FINE_TUNING", "1")
    monkeypatch.setattr(fine_tuning, "_NEEDS", ("json",))
    server = FineTunings(tmp_path / "models")
    monkeypatch.setattr(view, "_fine_tunings", lambda: server)
    return server


def show(happy: int = 20, sad: int = 20) -> None:
    from app.own_data.fine_tuning_view import show_fine_tuning

    show_fine_tuning(lambda: b"the images", {"happy": happy, "sad": sad, "fear": 0})


@pytest.fixture
def opened(trainings: FineTunings) -> Open:
    def open_page(**counts: int) -> AppTest:
        return AppTest.from_function(show, kwargs=counts, default_timeout=60).run()

    return open_page


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def test_the_command_is_there_to_copy(opened: Open) -> None:
    page = opened()
    page.text_input(key="fine_tuning_name").set_value("../mine").run()
    assert page.button(key="fine_tuning_start").disabled
    assert "letters, digits and hyphens" in words(page)
    assert "../mine" not in page.code[0].value
    page.text_input(key="fine_tuning_name").set_value("my-team").run()
    assert page.code[0].value == (
        "python -m training train --preset adapt --init models/compact --data your-data.zip "
        "--out models/my-team"
    )
    steps = [m.value for m in page.markdown if m.value.startswith(("1.", "3."))]
    assert "`your-data.zip` in a folder" in steps[0]
    assert "`models/my-team`" in steps[1]


@pytest.mark.parametrize(
    ("sad", "allowed", "says"),
    [(4, "1", "too few labelled faces"), (20, "0", "does not train models")],
)
def test_where_it_does_not_run_here_the_command_is_there(
    opened: Open, monkeypatch: pytest.MonkeyPatch, sad: int, allowed: str, says: str
) -> None:
    monkeypatch.setenv("FER_FINE_TUNING", allowed)
    page = opened(sad=sad)
    assert says in words(page)
    assert labels(page) == []
    assert "--preset adapt" in page.code[0].value


def test_a_training_from_the_button_to_the_model_that_answers(
    opened: Open, trainings: FineTunings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened()

    def start(code: str) -> FineTuning:
        monkeypatch.setattr(view, "run_command", lambda initial, replay: script(code))
        page.button(key="fine_tuning_start").click().run()
        return next(iter(trainings._of.values()))

    cancelled = start(ENDLESS)
    until(lambda: cancelled.progress.done == 1)
    page.run()
    assert labels(page) == ["Cancel"]
    page.button(key="fine_tuning_cancel").click().run()
    assert trainings.running is None
    page.run()
    assert "No model was written" in words(page)
    assert start("import sys; sys.exit('error: no *face* in it.')").job.wait(PATIENCE)
    page.run()
    assert "It could not be fine-tuned: no *face* in it." in words(page)
    assert sys.executable not in words(page)
    write_model(tmp_path, "my-faces", adaptation=adaptation())
    made = f"import shutil, sys; shutil.copytree({str(tmp_path / 'my-faces')!r}, sys.argv[2])"
    assert start(made).job.wait(PATIENCE)
    page.run()
    assert "**my-faces** has learnt from your faces." in words(page)
    assert "which compact had learnt from" in words(page)
    assert page.metric[0].label == "Before"
    assert "model" not in page.session_state
    page.button(key="fine_tuning_choose").click().run()
    assert page.session_state["model"] == "my-faces"
