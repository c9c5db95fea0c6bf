import shlex
from pathlib import Path

import pytest

from app.own_data.teaching import command
from app.own_data.teaching.command import (
    few_of,
    name_fault,
    not_here,
    replay_path,
    run_command,
    too_few,
)
from training.__main__ import parser


@pytest.mark.parametrize("replay", ["", "fer2013.npz"])
def test_the_shown_command_is_one_that_the_training_understands(replay: str) -> None:
    shown = command.shown_command("compact", "your data.zip", "mine", replay=replay)
    program, words = shlex.split(shown)[:3], shlex.split(shown)[3:]
    understood = parser().parse_args(words)
    assert program == ["python", "-m", "training"]
    assert (understood.preset, understood.init) == ("adapt", Path("models/compact"))
    assert (understood.data, understood.out) == (["your data.zip"], Path("models/mine"))
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
    assert few_of({"happy": 20, "sad": 19, "fear": 0}) == ("sad",)


def test_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "does not train models" in not_here({})
    assert "does not train models" in not_here({"FER_TEACHING": "0"})
    monkeypatch.setattr(command, "_NEEDS", ("a_package_that_nobody_has",))
    assert "TensorFlow is not installed" in not_here({"FER_TEACHING": "1"})
    monkeypatch.setattr(command, "_NEEDS", ("json",))
    assert not_here({"FER_TEACHING": " 1 "}) == ""


def test_the_replayed_data_are_there_or_none_are(tmp_path: Path) -> None:
    file = tmp_path / "faces.npz"
    setting = {"FER_TEACHING_REPLAY": str(file)}
    assert replay_path({}) is None
    assert replay_path(setting) is None
    file.touch()
    assert replay_path(setting) == file
