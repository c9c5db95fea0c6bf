"""What a model is taught, and what that changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from fer.errors import ModelError
from fer.evaluation.labelled import evaluate_labelled
from fer.evaluation.report import Adaptation, Change, Given, OwnData, Replay, Report
from fer.labels import FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import Head, ModelSpec
from training.adapt.own import OwnImages
from training.adapt.replay import pool
from training.data.dataset import DataSet, LabelledFaces, concatenated, joined
from training.data.load import clean
from training.evaluation.spread import SpreadClassifier
from training.fit.mixture import Mixture
from training.presets.schema import Preset

#: Least number of one's own validation images on which temperatures and thresholds are fitted.
LEAST_HELD_OUT = 100


@dataclass(frozen=True)
class Lesson:
    """A trained model, one's own images, and what is replayed beside them.

    Attributes:
        initial: directory of the trained model.
        own: one's own images.
        replay: what it learnt from before; None if that is not at hand.
        preset: the configuration.
    """

    initial: Path
    own: OwnImages
    replay: DataSet | None
    preset: Preset

    @property
    def data(self) -> DataSet:
        """The data set of both, on which the taught model is measured as on one domain."""
        both = joined({"own": self.own.data} | ({"replayed": self.replay} if self.replay else {}))
        splits = {name: replace(faces, domains=None) for name, faces in both.splits.items()}
        return replace(both, splits=splits)

    @cached_property
    def _cleaned(self) -> tuple[LabelledFaces, dict[str, int]]:
        splits = self.own.data.splits
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
        return Mixture(
            self.learnt, self.train.labels, self.preset.least_faces, self.preset.replayed_per_face
        )

    @property
    def fits_thresholds(self) -> bool:
        """Whether temperatures and thresholds can be fitted; a handful of images cannot."""
        return self.replay is not None or len(self.own.data.split("validation")) >= LEAST_HELD_OUT

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
        own, replay, before = self.own.data, self.replay, self._classifier
        return Adaptation(
            initial_model=before.spec.name,
            initial_sha256=before.spec.sha256,
            own=OwnData(
                name=own.name,
                sha256=own.sha256,
                class_counts={split: faces.counts() for split, faces in own.splits.items()},
                left_out=self.own.left_out,
            ),
            replay=self._replay_card(),
            own_changes=tuple(_changes(before, after, own, "test")),
            replay_changes=tuple(_changes(before, after, replay, "validation") if replay else ()),
            calibration=("fitted" if self.replay else "own") if self.fits_thresholds else "kept",
            seconds=round(seconds, 1),
        )

    @cached_property
    def _classifier(self) -> ExpressionClassifier:
        return SpreadClassifier(self.initial)

    def _replay_card(self) -> Replay | None:
        if self.replay is None:
            return None
        try:
            learnt_from = Report.load(self.initial).data.sha256
        except ModelError:
            learnt_from = ""
        return Replay(
            name=self.replay.name,
            sha256=self.replay.sha256,
            pool=len(self.train) - self.learnt,
            per_epoch=self.mixture.replayed,
            of_initial_model=learnt_from == self.replay.sha256,
        )


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
            truth = [faces.class_names[label] for label in faces.labels]
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
