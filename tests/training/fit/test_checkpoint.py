"""What is kept of a run after each epoch, and when it stops; the model is a fake."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from fer.evaluation.report import Epoch
from training.fit.checkpoint import Checkpoint, ProgressLines, Run


class Model:
    """Its file is the number of its epoch."""

    def __init__(self) -> None:
        self.epoch = 0
        self.stop_training = False
        self.optimizer = SimpleNamespace(learning_rate=0.1)

    def save(self, path: Path) -> None:
        path.write_text(str(self.epoch))


def epoch(validation_loss: float = 1.0, validation_accuracy: float = 0.5) -> Epoch:
    return Epoch(
        loss=1.0,
        accuracy=0.5,
        validation_loss=validation_loss,
        validation_accuracy=validation_accuracy,
        learning_rate=0.1,
    )


def run(work_dir: Path, epochs: list[Epoch], *, keep_best: bool = False, patience: int = 0) -> int:
    """Live through epochs as Keras would, and return how many there were."""
    model = Model()
    checkpoint = Checkpoint(Run(work_dir, {}), {}, keep_best=keep_best, patience=patience)
    checkpoint.set_model(model)
    for model.epoch, figures in enumerate(epochs):
        checkpoint.on_epoch_begin(model.epoch)
        logs = figures.model_dump()
        logs = {name.replace("validation_", "val_"): value for name, value in logs.items()}
        checkpoint.on_epoch_end(model.epoch, logs)
        if model.stop_training:
            break
    return model.epoch + 1


@pytest.mark.parametrize(
    ("losses", "patience", "stalled"),
    [
        ([], 1, False),
        ([1.0, 2.0, 3.0], 0, False),
        ([1.0], 1, False),
        ([2.0, 1.0], 1, False),
        ([1.0, 2.0], 1, True),
        ([1.0, 2.0], 2, False),
        ([1.0, 2.0, 3.0], 2, True),
        ([1.0, 1.0, 1.0], 2, True),
        ([3.0, 4.0, 2.0, 5.0], 2, False),
    ],
)
def test_a_run_has_stalled_after_as_many_epochs_as_patience_says(
    tmp_path: Path, losses: list[float], patience: int, stalled: bool
) -> None:
    progress = Run(tmp_path, {}, [epoch(validation_loss=loss) for loss in losses])
    assert progress.stalled(patience) is stalled


@pytest.mark.parametrize(("patience", "lived"), [(0, 6), (1, 3), (3, 5), (9, 6)])
def test_a_run_stops_once_it_has_stalled(tmp_path: Path, patience: int, lived: int) -> None:
    epochs = [epoch(validation_loss=loss) for loss in (3.0, 1.0, 2.0, 2.0, 2.0, 2.0)]
    assert run(tmp_path, epochs, patience=patience) == lived


@pytest.mark.parametrize(
    ("accuracies", "best"),
    [
        ([0.5], "0"),
        ([0.3, 0.6, 0.5], "1"),
        ([0.3, 0.4, 0.5], "2"),
        ([0.5, 0.4, 0.3], "0"),
        ([0.3, 0.5, 0.5], "1"),
    ],
    ids=["one epoch", "in the middle", "rising", "falling", "the first of equals"],
)
def test_the_best_epoch_is_kept_beside_the_last(
    tmp_path: Path, accuracies: list[float], best: str
) -> None:
    run(tmp_path, [epoch(validation_accuracy=share) for share in accuracies], keep_best=True)
    found = Run.read(tmp_path, {})
    assert found.best.read_text() == best
    assert found.checkpoint.read_text() == str(len(accuracies) - 1)
    assert [e.validation_accuracy for e in found.history] == accuracies


def test_the_best_epoch_is_kept_only_where_it_is_asked_for(tmp_path: Path) -> None:
    run(tmp_path, [epoch()])
    found = Run.read(tmp_path, {})
    assert found.checkpoint.is_file()
    assert not found.best.exists()


def said(epochs: int, frozen: int, seconds: list[float], first: int = 0) -> list[dict]:
    """Return what is said about epochs that end at some times."""
    out, times = io.StringIO(), iter([0.0, 0.0, *seconds])
    lines = ProgressLines(epochs, frozen, out, clock=lambda: next(times))
    lines.on_epoch_begin(first)
    for epoch in range(first, first + len(seconds)):
        lines.on_epoch_end(epoch)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_for_each_epoch() -> None:
    first, second = said(2, 0, [10, 20])
    assert first == {"stage": "all layers", "done": 1, "total": 2, "seconds_left": 10}
    assert second == {"stage": "all layers", "done": 2, "total": 2, "seconds_left": 0}


def test_epochs_of_all_layers_are_expected_to_take_longer() -> None:
    first, second = said(2, 1, [10, 40])
    assert (first["stage"], first["seconds_left"]) == ("heads", 30)
    assert second["stage"] == "all layers"


def test_a_resumed_run_counts_its_own_time() -> None:
    (line,) = said(4, 0, [10], first=2)
    assert (line["done"], line["seconds_left"]) == (3, 10)
