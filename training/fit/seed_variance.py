"""Repeat a run with several seeds to measure the random variation of its metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from fer.evaluation.measurements import SeedVariance
from fer.evaluation.metrics import Evaluation, evaluate
from fer.labels import EXPRESSION_HEAD
from fer.model.heads import softmax
from training.data.dataset import LabelledFaces
from training.fit.distillation import Teachers
from training.fit.loop import fit
from training.presets.schema import Preset


@dataclass(frozen=True)
class SeedRun:
    """One run: its seed, its metrics on the validation split, and its wall-clock time."""

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
    """Train once per seed; runs that are already finished are only evaluated.

    Args:
        preset: configuration of all runs.
        train: training faces.
        validation: faces for evaluation.
        seeds: one per run.
        work_dir: directory with one folder of checkpoints per seed.
        teachers: teacher models for knowledge distillation.
        initial_model: directory of a model whose weights initialise every run.
    """
    runs = []
    for seed in seeds:
        result = fit(
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
        runs.append(SeedRun(seed, _evaluated(result.model, validation), result.seconds))
    return runs


def seed_variance(
    runs: Sequence[SeedRun], *, epochs: int, command: str, initial_model: str | None = None
) -> SeedVariance:
    """Return the record of the runs for a report."""
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
    logits = model.predict(faces.images.astype(np.float32), verbose=0)
    return evaluate(faces.labels, softmax(np.asarray(logits[EXPRESSION_HEAD])), faces.class_names)
