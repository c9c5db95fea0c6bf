"""The same run with several seeds: how much of a figure is chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from fer.evaluation.measurements import SeedVariance
from fer.evaluation.metrics import Evaluation, evaluate
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import softmax
from training.data.dataset import LabelledFaces
from training.fit.distillation import Teachers
from training.fit.loop import fit
from training.presets.schema import Preset


@dataclass(frozen=True)
class SeedRun:
    """One of the runs: its seed, what came of it on the validation split, and its wall clock."""

    seed: int
    evaluation: Evaluation
    seconds: float


def seed_runs(
    preset: Preset,
    train: LabelledFaces,
    validation: LabelledFaces,
    *,
    seeds: Sequence[int],
    work_dir: Path,
    teachers: Teachers | None,
    initial_model: Path | None = None,
) -> list[SeedRun]:
    """Train once per seed; runs that were finished before are only evaluated.

    Args:
        preset: of all runs.
        train: faces to learn from.
        validation: faces to measure on.
        seeds: one per run.
        work_dir: holds a folder of checkpoints per seed.
        teachers: models to learn from as well.
        initial_model: directory of a model whose weights every run begins with.
    """
    runs = []
    for seed in seeds:
        done = fit(
            preset,
            train,
            validation,
            seed=seed,
            work_dir=work_dir / f"seed-{seed}",
            resume=True,
            verbose=2,
            teachers=teachers,
            initial_model=initial_model,
        )
        runs.append(SeedRun(seed, _evaluated(done.model, validation), done.seconds))
    return runs


def seed_variance(
    runs: Sequence[SeedRun], *, epochs: int, command: str, initial_model: str | None = None
) -> SeedVariance:
    """Put the runs into the form of a report."""
    return SeedVariance(
        command=command,
        initial_model=initial_model,
        epochs=epochs,
        seeds=tuple(run.seed for run in runs),
        accuracies=tuple(run.evaluation.accuracy for run in runs),
        macro_f1s=tuple(run.evaluation.macro_f1 for run in runs),
        training_seconds=tuple(round(run.seconds, 1) for run in runs),
    )


def _evaluated(model: keras.Model, faces: LabelledFaces) -> Evaluation:
    found = model.predict(faces.images.astype(np.float32), verbose=0)
    return evaluate(faces.labels, softmax(np.asarray(found[EXPRESSION_HEAD])), faces.class_names)
