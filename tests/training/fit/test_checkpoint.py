"""What is kept of a run after each epoch, and when it stops; the model is a fake."""

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fer.errors import DataError
from tests.training.samples import TINY, bars
from training.fit.checkpoint import Checkpoint, Run, fingerprint


class Model:
    """Its file is the number of its epoch."""

    def __init__(self) -> None:
        self.epoch, self.stop_training = 0, False
        self.optimizer = SimpleNamespace(learning_rate=0.1)

    def save(self, path: Path) -> None:
        path.write_text(str(self.epoch))


def lived(
    run: Run, losses: list[float], accuracies: list[float] | None = None, **settings: Any
) -> int:
    """Live through epochs as Keras would, and return how many there were."""
    model = Model()
    checkpoint = Checkpoint(run, {}, **{"keep_best": False, "patience": 0} | settings)
    checkpoint.set_model(model)
    for model.epoch, loss in enumerate(losses):
        checkpoint.on_epoch_begin(model.epoch)
        logs = {"loss": 1.0, "accuracy": 0.5, "val_loss": loss}
        logs["val_accuracy"] = accuracies[model.epoch] if accuracies else 0.5
        checkpoint.on_epoch_end(model.epoch, logs)
        if model.stop_training:
            break
    return model.epoch + 1


@pytest.mark.parametrize(
    ("losses", "patience", "epochs"),
    [
        ((3, 1, 2, 2, 2, 2), 0, 6),
        ((3, 1, 2, 2, 2, 2), 1, 3),
        ((3, 1, 2, 2, 2, 2), 3, 5),
        ((3, 1, 2, 2, 2, 2), 9, 6),
        ((1, 1, 1), 2, 3),
        ((3, 4, 2, 5), 2, 4),
    ],
)
def test_a_run_stops_once_it_has_stalled(
    tmp_path: Path, losses: tuple[float, ...], patience: int, epochs: int
) -> None:
    run = Run(tmp_path, {})
    assert lived(run, list(losses), patience=patience) == epochs
    assert run.stalled(patience) is (epochs < len(losses) or losses == (1, 1, 1))


@pytest.mark.parametrize(
    ("accuracies", "best"),
    [([0.5], "0"), ([0.3, 0.6, 0.5], "1"), ([0.3, 0.4, 0.5], "2"), ([0.3, 0.5, 0.5], "1")],
    ids=["one epoch", "in the middle", "rising", "the first of equals"],
)
@pytest.mark.parametrize("keep_best", [True, False])
def test_the_best_epoch_is_kept_beside_the_last_where_it_is_asked_for(
    tmp_path: Path, accuracies: list[float], best: str, keep_best: bool
) -> None:
    lived(Run(tmp_path, {}), [1.0] * len(accuracies), accuracies, keep_best=keep_best)
    found = Run.read(tmp_path, {})
    assert (found.best.read_text() if found.best.exists() else None) == (
        best if keep_best else None
    )
    assert found.checkpoint.read_text() == str(len(accuracies) - 1)
    assert [e.validation_accuracy for e in found.history] == accuracies


@pytest.mark.parametrize("figure", ["loss", "val_loss"])
def test_a_training_that_blows_up_says_so_and_keeps_the_epoch_before(
    figure: str, tmp_path: Path
) -> None:
    run = Run(tmp_path, {})
    lived(run, [1.0])
    checkpoint = Checkpoint(run, {}, keep_best=False, patience=0)
    checkpoint.set_model(Model())
    logs = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}
    with pytest.raises(DataError, match=r"epoch 2: .* lower --learning-rate"):
        checkpoint.on_epoch_end(1, logs | {figure: float("nan")})
    assert len(Run.read(tmp_path, {}).history) == 1


@pytest.mark.parametrize(
    ("changes", "seed", "faces", "reason"),
    [
        ({"name": "another name"}, 5, 1, ""),
        ({"learning_rate": 0.5}, 5, 1, "learning rate 0.05 (now 0.5)"),
        ({"mixup": 0.3}, 5, 1, "mixup 0.0 (now 0.3)"),
        ({}, 6, 1, "seed 5 (now 6)"),
        ({}, 5, 2, "faces "),
    ],
)
def test_only_the_same_run_goes_on(
    tmp_path: Path, changes: dict, seed: int, faces: int, reason: str
) -> None:
    def of(preset: Any, seed: int, faces: int) -> dict[str, Any]:
        return fingerprint(preset, bars(4, faces), seed=seed, teachers=None, initial_model=None)

    begun = of(TINY, 5, 1)
    del begun["mixup"]  # a run that is older than this setting used the usual one
    lived(Run(tmp_path, begun), [1.0])
    now = of(dataclasses.replace(TINY, **changes), seed, faces)
    if not reason:
        assert len(Run.read(tmp_path, now).history) == 1
        return
    with pytest.raises(DataError, match=re.escape(reason)):
        Run.read(tmp_path, now)


def test_a_run_without_its_checkpoint_cannot_go_on(tmp_path: Path) -> None:
    lived(Run(tmp_path, {}), [1.0])
    (tmp_path / "checkpoint.keras").unlink()
    with pytest.raises(DataError, match=r"has no checkpoint.keras beside it; train without"):
        Run.read(tmp_path, {})
