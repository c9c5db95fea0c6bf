import shlex
from pathlib import Path

import pytest

from app.own_data import fine_tuning
from app.own_data.fine_tuning import (
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


@pytest.mark.parametrize("name", ["a", "my-team", "A1", "x" * 40])
def test_a_name_that_will_do(name: str) -> None:
    assert name_fault(name) == ""


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "a b", "../a", "a/b", ".hidden", "x" * 41, "ä", "con", "a\n", "COM1"]
)
def test_a_name_that_will_not(name: str) -> None:
    assert "letters, digits and hyphens" in name_fault(name)


@pytest.mark.parametrize(
    ("counts", "enough"),
    [
        ({}, False),
        ({"happy": 100}, False),
        ({"happy": 100, "sad": 4}, False),
        ({"happy": 5, "sad": 5}, True),
        ({"happy": 5, "sad": 5, "fear": 1}, True),
    ],
)
def test_how_many_faces_it_takes(counts: dict[str, int], enough: bool) -> None:
    assert (too_few(counts) == "") is enough


def test_what_there_is_too_little_of_is_named() -> None:
    assert "You have 100 happy, 4 sad." in too_few({"happy": 100, "sad": 4, "fear": 0})
    assert "none yet" in too_few({})


def test_what_to_expect() -> None:
    assert (
        expectation({"happy": 20, "sad": 20, "fear": 0}, replay=True) == "It takes a few minutes."
    )
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


def test_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_replayed_data_are_there_or_none_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "faces.npz"
    assert replay_path() is None
    monkeypatch.setenv("FER_FINE_TUNING_REPLAY", str(file))
    assert replay_path() is None
    file.touch()
    assert replay_path() == file
