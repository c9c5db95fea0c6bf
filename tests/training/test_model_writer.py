"""What a model directory says about the trainings behind it."""

from pathlib import Path

import pytest

from fer.errors import OutputError
from fer.evaluation.report import EarlierTraining
from tests.app.dashboard.samples import write_model
from training.model_writer import put_in_place, trainings_of


def test_a_chain_of_trainings_is_kept(tmp_path: Path) -> None:
    first = EarlierTraining(name="first", command="python -m training train")
    report = write_model(tmp_path, "second", earlier_trainings=(first,))
    before, own = trainings_of(tmp_path / "second")
    assert before == first
    assert (own.name, own.command, own.history) == ("second", report.command, report.history)
    assert own.training_seconds == report.training_seconds


def test_a_model_without_a_report_is_known_by_name(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (only,) = trainings_of(tmp_path / "bare")
    assert (only.name, only.history) == ("bare", ())


def test_a_new_model_is_not_lost_if_its_place_was_taken_meanwhile(tmp_path: Path) -> None:
    for name in ("new", "mine"):
        write_model(tmp_path, name)
    with pytest.raises(OutputError, match=r"has a model in it.* The new model is in .*mine-2\."):
        put_in_place(tmp_path / "new", tmp_path / "mine", overwrite=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "mine-2"]
