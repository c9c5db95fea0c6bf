"""Teach a trained model one's own images: load, fit, write, and say what changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer.errors import DataError
from fer.evaluation.report import Report
from fer.model.spec import ModelSpec
from training.adapt.lesson import Lesson
from training.adapt.own import own_images
from training.adapt.replay import InitialAnswers, load_replay
from training.presets.schema import Preset

if TYPE_CHECKING:
    import keras

    from training.fit.loop import Fit

#: Fields of a preset that are those of the initial model: its network and its input.
_ARCHITECTURE = (
    "network",
    "input_size",
    "channels",
    "widths",
    "blocks_per_stage",
    "dropout",
    "backbone",
)


def adapted(preset: Preset, initial: Path | None) -> Preset:
    """Return the preset with the network of the model that it goes on from.

    Raises:
        DataError: no model was named.
        ModelError: it has no report.
    """
    if initial is None:
        raise DataError(
            f"preset {preset.name} teaches a trained model: name its directory with --init."
        )
    configuration = Report.load(initial).configuration
    fields = {name: configuration[name] for name in _ARCHITECTURE if name in configuration}
    return preset.override({n: tuple(v) if isinstance(v, list) else v for n, v in fields.items()})


def prepare(
    preset: Preset, initial: Path, data: Path, replay: Path | None, split_seed: int
) -> Lesson:
    """Load one's own images and what is replayed.

    Args:
        preset: see `adapted`.
        initial: directory of the model to teach.
        data: one's own images.
        replay: data set that the model learnt from before; None for none.
        split_seed: seed of splits that are drawn.

    Raises:
        DataError: see `own_images` and `load_replay`.
    """
    spec = ModelSpec.load(initial)
    own = own_images(data, spec, split_seed)
    return Lesson(initial, own, load_replay(replay, spec) if replay else None, preset)


def fit_lesson(
    lesson: Lesson,
    *,
    seed: int,
    work_dir: Path,
    resume: bool = False,
    verbose: int | str = "auto",
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Fit:
    """Train on a lesson; arguments as in `training.fit.loop.fit`.

    The curve of the validation split is of one's own images. Nothing is chosen on it: the model is
    that of the last epoch, since so few images cannot tell which epoch is best.
    """
    from training.fit.loop import fit

    preset = lesson.preset
    weights = np.zeros((len(lesson.train), 1), np.float32)
    weights[lesson.learnt :] = preset.memory_weight
    answers = InitialAnswers(lesson.initial, lesson.train, weights, preset)
    return fit(
        preset,
        lesson.train,
        lesson.own.data.split("validation"),
        seed=seed,
        work_dir=work_dir,
        resume=resume,
        verbose=verbose,
        callbacks=callbacks,
        teachers=answers,
        initial_model=lesson.initial,
        mixture=lesson.mixture,
    )


def started(lesson: Lesson) -> str:
    """Return what is learnt and what is not, as lines for a terminal."""
    counts = {n: c for n, c in lesson.own.data.split("train").counts().items() if c}
    lines = [f"{lesson.learnt:,} own images to learn: {_listed(counts)}"]
    if lesson.own.left_out:
        lines.append(
            f"left out, since {lesson.initial.name} does not know them: "
            f"{_listed(lesson.own.left_out)}"
        )
    if lesson.replay:
        count = lesson.mixture.replayed
        lines.append(f"replayed in each epoch: {count:,} faces of {lesson.replay.name}")
    else:
        lines.append(
            "nothing is replayed, so it will forget some of what it knows; --replay FILE names "
            "the data that it learnt from"
        )
    return "\n".join(lines)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
