"""Teach a trained model one's own images: what it learns, how, and what that changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer.errors import DataError, ModelError
from fer.evaluation.labelled import evaluate_labelled
from fer.evaluation.report import Adaptation, Change, Given, OwnData, Replay, Report
from fer.labels import FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import Head, ModelSpec
from training.adapt.own import load_replay, own_images, pool
from training.data.dataset import DataSet, LabelledFaces, concatenated, joined
from training.data.load import clean
from training.evaluation.spread import SpreadClassifier
from training.presets.schema import Preset

if TYPE_CHECKING:
    import keras

    from training.fit.batches import Mixture
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

#: Least number of one's own validation images on which temperatures and thresholds are fitted.
LEAST_HELD_OUT = 100


@dataclass(frozen=True)
class Lesson:
    """A trained model, one's own images, and what is replayed beside them.

    Attributes:
        initial: directory of the trained model.
        own: one's own images, see `own_images`.
        left_out: number of one's own images per class that the model does not know.
        replay: what it learnt from before; None if that is not at hand.
        preset: the configuration.
    """

    initial: Path
    own: DataSet
    left_out: dict[str, int]
    replay: DataSet | None
    preset: Preset

    @property
    def data(self) -> DataSet:
        """The data set of both, on which the taught model is measured as on one domain."""
        both = joined({"own": self.own} | ({"replayed": self.replay} if self.replay else {}))
        splits = {name: replace(faces, domains=None) for name, faces in both.splits.items()}
        return replace(both, splits=splits)

    @cached_property
    def _cleaned(self) -> tuple[LabelledFaces, dict[str, int]]:
        splits = self.own.splits
        return clean(splits["train"], splits["validation"], splits["test"])

    @property
    def dropped(self) -> dict[str, int]:
        """Number of one's own images that are not learnt from, by reason."""
        return self._cleaned[1]

    @cached_property
    def train(self) -> LabelledFaces:
        """The faces to learn from: one's own, then those that may be replayed."""
        return concatenated([self._cleaned[0], *([pool(self.replay)] if self.replay else [])])

    @property
    def learnt(self) -> int:
        """Number of one's own images that are learnt from."""
        return len(self._cleaned[0])

    @property
    def mixture(self) -> Mixture:
        """Which faces are in an epoch."""
        from training.fit.batches import Mixture

        return Mixture(
            self.learnt, self.train.labels, self.preset.least_faces, self.preset.replayed_per_face
        )

    @property
    def fits_thresholds(self) -> bool:
        """Whether temperatures and thresholds can be fitted; a handful of images cannot."""
        return self.replay is not None or len(self.own.split("validation")) >= LEAST_HELD_OUT

    def keep_settings(self, directory: Path) -> None:
        """Give a taught model the initial one's temperatures and thresholds that cannot be fitted.

        Args:
            directory: directory of the taught model; its ``spec.json`` is written anew.
        """
        spec, initial = ModelSpec.load(directory), self._classifier.spec
        new = {head.name: head for head in spec.heads}
        kept = {h.name: _settled(h, new.get(h.name)) for h in initial.heads if self._keeps(h)}
        heads = tuple((new | kept)[name] for name in dict.fromkeys((*initial.head_names, *new)))
        spec.model_copy(update={"heads": heads}).save(directory)

    def _keeps(self, head: Head) -> bool:
        """Return whether a head's settings cannot be fitted to what is at hand."""
        votes = self.data.split("validation").votes
        voted = votes is not None and bool(votes.any())
        return not self.fits_thresholds or (head.name == FERPLUS_HEAD and not voted)

    def changes(self, after: ExpressionClassifier, seconds: float) -> Adaptation:
        """Measure the initial model and the taught one on the same faces.

        Args:
            after: the taught model.
            seconds: time of the training.
        """
        own, replay, before = self.own, self.replay, self._classifier
        return Adaptation(
            initial_model=before.spec.name,
            initial_sha256=before.spec.sha256,
            own=OwnData(
                name=own.name,
                sha256=own.sha256,
                class_counts={split: faces.counts() for split, faces in own.splits.items()},
                left_out=self.left_out,
            ),
            replay=Replay(
                name=replay.name,
                sha256=replay.sha256,
                pool=len(self.train) - self.learnt,
                per_epoch=self.mixture.replayed,
                of_initial_model=self._learnt_from == replay.sha256,
            )
            if replay
            else None,
            own_changes=tuple(_changes(before, after, own, "test")),
            replay_changes=tuple(_changes(before, after, replay, "validation") if replay else ()),
            calibration=("fitted" if self.replay else "own") if self.fits_thresholds else "kept",
            seconds=round(seconds, 1),
        )

    @cached_property
    def _classifier(self) -> ExpressionClassifier:
        return SpreadClassifier(self.initial)

    @property
    def _learnt_from(self) -> str:
        """SHA-256 of the data that the initial model learnt from; empty if that is not known."""
        try:
            return Report.load(self.initial).data.sha256
        except ModelError:
            return ""


def _settled(initial: Head, taught: Head | None) -> Head:
    """Return a head of the initial model under the outputs' names in the taught one's file."""
    if taught is None:
        return initial
    names = {"output": taught.output, "activation_map": taught.activation_map}
    return initial.model_copy(update=names)


def _changes(
    before: ExpressionClassifier, after: ExpressionClassifier, data: DataSet, split: str
) -> Iterator[Change]:
    """Measure both models with each head whose classes are those of the labels."""
    faces = data.split(split)
    answers = [model.all_heads(faces.images) for model in (before, after)]
    for head in after.spec.heads:
        if head.name in answers[0] and head.labels == faces.class_names:
            truth = faces.names.tolist()
            old, new = (
                evaluate_labelled(truth, one[head.name], model.spec.head(head.name))
                for one, model in zip(answers, (before, after), strict=True)
            )
            yield Change(
                head=head.name,
                data=data.name,
                split=split,
                before=old.as_answered,
                after=new.as_answered,
                given_before=Given(answered=old.answered, right=old.answered_accuracy),
                given_after=Given(answered=new.answered, right=new.answered_accuracy),
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
    own, left_out = own_images(data, spec, split_seed)
    replayed = load_replay(replay, spec) if replay else None
    return Lesson(initial, own, left_out, replayed, preset)


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
    from training.fit.distillation import initial_answers
    from training.fit.loop import fit

    preset = lesson.preset
    weights = np.zeros((len(lesson.train), 1), np.float32)
    weights[lesson.learnt :] = preset.memory_weight
    answers = initial_answers(lesson.initial, lesson.train, weights, preset)
    return fit(
        preset,
        lesson.train,
        lesson.own.split("validation"),
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
    counts = {n: c for n, c in lesson.own.split("train").counts().items() if c}
    lines = [f"{lesson.learnt:,} own images to learn: {_listed(counts)}"]
    if lesson.left_out:
        lines.append(
            f"left out, since {lesson.initial.name} does not know them: {_listed(lesson.left_out)}"
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
