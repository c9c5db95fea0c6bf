"""What a model directory says about the trainings behind it."""

from pathlib import Path

from fer.evaluation.report import EarlierTraining
from tests.app.dashboard.samples import write_model
from training.model_writer import trainings_of


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
