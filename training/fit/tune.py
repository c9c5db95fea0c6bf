"""Hyperparameter search with Optuna's sampler and pruner around the fit loop."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import keras

from fer.errors import DataError
from training.data.dataset import LabelledFaces
from training.fit.distillation import Teachers
from training.fit.loop import fit
from training.presets.schema import Preset


def search(
    preset: Preset,
    train: LabelledFaces,
    validation: LabelledFaces,
    *,
    trials: int,
    seed: int,
    storage: Path,
    study: str,
    teachers: Teachers | None = None,
) -> Any:
    """Run trials, each a short training, and return Optuna's study; a later call continues it.

    Args:
        preset: configuration that each trial modifies.
        train: training faces.
        validation: faces whose accuracy is maximised.
        trials: number of additional trials.
        seed: seed of the sampler and of every trial, so that trials differ only in their fields.
        storage: SQLite file.
        study: name of the study in the storage.
        teachers: teacher models for knowledge distillation.

    Raises:
        DataError: Optuna is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise DataError("tuning needs Optuna: `pip install -r requirements-train.txt`.") from error
    storage.parent.mkdir(parents=True, exist_ok=True)
    optuna_study = optuna.create_study(
        study_name=study,
        storage=f"sqlite:///{storage}",
        load_if_exists=True,
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2),
    )

    def objective(trial: Any) -> float:
        candidate = preset.override(_suggest(trial, preset))
        with tempfile.TemporaryDirectory() as work_dir:
            result = fit(
                candidate,
                train,
                validation,
                seed=seed,
                work_dir=Path(work_dir),
                verbose=0,
                callbacks=[_Prune(trial)],
                teachers=teachers,
            )
        return max(epoch.validation_accuracy for epoch in result.history)

    optuna_study.optimize(objective, n_trials=trials)
    return optuna_study


def _suggest(trial: Any, preset: Preset) -> dict[str, float]:
    """Sample the most important fields from ranges around the preset's values."""
    rate = preset.learning_rate
    return {
        "learning_rate": trial.suggest_float("learning_rate", rate / 5, rate * 5, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-5, 2e-3, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.6),
        "label_smoothing": trial.suggest_float("label_smoothing", 0.0, 0.2),
        "erase_probability": trial.suggest_float("erase_probability", 0.0, 0.6),
    }


class _Prune(keras.callbacks.Callback):
    """Reports the validation accuracy to Optuna, and stops a trial that should be pruned."""

    def __init__(self, trial: Any) -> None:
        super().__init__()
        self._trial = trial

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        import optuna

        accuracy = next(v for k, v in (logs or {}).items() if k.startswith("val_") and "accur" in k)
        self._trial.report(float(accuracy), epoch)
        if self._trial.should_prune():
            raise optuna.TrialPruned
