"""Teach a trained model one's own images, without losing what it knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer.errors import DataError, ModelError
from fer.evaluation.metrics import evaluate_labelled
from fer.evaluation.report import Adaptation, Change, Given, OwnData, Replay, Report
from fer.labels import FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from training.data.dataset import VOTES, DataSet, LabelledFaces, check_known, concatenated, joined
from training.data.load import SPLIT_SEED, clean, load
from training.evaluation.predict import SpreadClassifier
from training.presets.schema import Preset

if TYPE_CHECKING:
    from training.fit.batches import Mixture
    from training.fit.other_models import Teachers

#: Least number of images of an expression, so that some can be held out.
LEAST_IMAGES = 5

#: Most faces of a class from which those to replay are drawn. The initial model is asked about each
#: of them, which takes seconds for these, and minutes for all of FER2013.
POOL_PER_CLASS = 400

_SEED = 0


def own_images(
    path: Path, spec: ModelSpec, seed: int = SPLIT_SEED
) -> tuple[DataSet, dict[str, int]]:
    """Load one's own images; return them, and the number per class that the model does not know.

    They have the model's classes, in its order, some of which may have none, and votes if it has a
    FER+ head, so that it is not lost; zero where nobody voted.

    Raises:
        DataError: too few images, or none, are of classes that the model knows.
    """
    data = load(path, size=spec.input_size, channels=spec.channels, seed=seed, needs_test=True)
    labels, name = spec.labels, data.name
    counts: Counter[str] = Counter()
    splits = {}
    for split, faces in data.splits.items():
        counts.update(faces.counts())
        index = np.array([labels.index(n) if n in labels else -1 for n in faces.class_names])
        votes = faces.votes
        if votes is None and FERPLUS_HEAD in spec.head_names:
            votes = np.zeros((len(faces), VOTES), np.uint8)
        faces = replace(faces, labels=index[faces.labels], class_names=labels, votes=votes)
        if len(known := faces.take(faces.labels >= 0)):
            splits[split] = known
    if splits and "train" not in splits:
        raise DataError(
            f"{name} has no training images of expressions that {spec.name} knows, only "
            f"{' and '.join(splits)}: expected some, from which validation and test are drawn "
            "where they are missing."
        )
    left_out = {n: count for n, count in counts.items() if count and n not in labels}
    enough = [label for label in labels if counts[label] >= LEAST_IMAGES]
    if len(enough) < 2 or len(splits) < 3:
        found = {label: counts[label] for label in labels} | left_out
        raise DataError(
            f"expected at least {LEAST_IMAGES} images of each of two expressions that "
            f"{spec.name} knows ({', '.join(labels)}); {name} has "
            f"{', '.join(f'{count} {label}' for label, count in found.items() if count)}."
        )
    return replace(data, splits=splits), left_out


def load_replay(path: Path, spec: ModelSpec) -> DataSet:
    """Load the data to replay, but its test split; DataError if its classes are not the model's."""
    data = load(path, size=spec.input_size, channels=spec.channels)
    check_known(spec.name, spec.labels, data.split("train").class_names)
    kept = {name: data.split(name) for name in ("train", "validation")}
    return replace(data, splits=kept)


def pool(data: DataSet) -> LabelledFaces:
    """Return the faces to draw from: as many of each class, without useless and leaking ones."""
    train, _ = clean(data.split("train"), data.split("validation"))
    rng = np.random.default_rng(_SEED)
    chosen = [
        rng.permutation(np.flatnonzero(train.labels == label))[:POOL_PER_CLASS]
        for label in range(len(train.class_names))
    ]
    return train.take(np.sort(np.concatenate(chosen)))


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
class FineTuning:
    """A trained model, one's own images, and what is replayed beside them, if that is at hand.

    ``left_out`` is the number of one's own images per class that the model does not know.
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
    def teachers(self) -> Teachers:
        """The initial model, whose answers the faces keep that are replayed."""
        from training.fit.other_models import initial_answers

        weights = np.zeros((len(self.train), 1), np.float32)
        weights[self.learnt :] = self.preset.memory_weight
        return initial_answers(self.initial, self.train, weights, self.preset)

    @property
    def fits_thresholds(self) -> bool:
        """Whether temperatures and thresholds can be fitted; a handful of images cannot."""
        return self.replay is not None or len(self.own.split("validation")) >= LEAST_HELD_OUT

    def keep_settings(self, directory: Path) -> None:
        """Give a taught model's ``spec.json`` what cannot be fitted as it is in the initial one."""
        spec, initial = ModelSpec.load(directory), self._classifier.spec
        votes = self.data.split("validation").votes
        voted = votes is not None and bool(votes.any())
        heads = {head.name: head for head in spec.heads}
        for head in initial.heads:
            if self.fits_thresholds and (head.name != FERPLUS_HEAD or voted):
                continue
            if taught := heads.get(head.name):  # under its outputs' names in the taught one's file
                names = {"output": taught.output, "activation_map": taught.activation_map}
                head = head.model_copy(update=names)
            heads[head.name] = head
        order = dict.fromkeys((*initial.head_names, *heads))
        kept = tuple(heads[name] for name in order if name in heads)
        spec.model_copy(update={"heads": kept}).save(directory)

    def changes(self, after: ExpressionClassifier, seconds: float) -> Adaptation:
        """Measure the initial model and the taught one on the same faces."""
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
        try:
            return Report.load(self.initial).data.sha256
        except ModelError:
            return ""


def _changes(
    before: ExpressionClassifier, after: ExpressionClassifier, data: DataSet, split: str
) -> Iterator[Change]:
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


def tuning_text(tuning: FineTuning) -> str:
    """Return what is learnt and what is not, as lines for a terminal."""

    def listed(counts: dict[str, int]) -> str:
        return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)

    lines = [f"{tuning.learnt:,} own images to learn: {listed(tuning.own.split('train').counts())}"]
    if tuning.left_out:
        lines.append(
            f"left out, since {tuning.initial.name} does not know them: {listed(tuning.left_out)}"
        )
    if tuning.replay:
        count = tuning.mixture.replayed
        lines.append(f"replayed in each epoch: {count:,} faces of {tuning.replay.name}")
    else:
        lines.append(
            "nothing is replayed, so it will forget some of what it knows; --replay FILE names "
            "the data that it learnt from"
        )
    return "\n".join(lines)
