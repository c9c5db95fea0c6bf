"""What a model learnt from before, replayed beside one's own images."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.types import Floats
from training.adapt.own import OwnImages
from training.data import load
from training.data.class_names import check_known
from training.data.dataset import DataSet, LabelledFaces
from training.evaluation.spread import SpreadClassifier
from training.fit.distillation import SoftTargets

#: Most faces of a class from which those to replay are drawn. The initial model is asked about each
#: of them, which takes seconds for these, and minutes for all of FER2013.
POOL_PER_CLASS = 400

_SEED = 0


def load_replay(path: Path, spec: ModelSpec) -> DataSet:
    """Load the data to replay; what it holds out as test is not touched.

    Raises:
        DataError: it cannot be read, or has other classes than the model.
    """
    data = load.load(path, size=spec.input_size, channels=spec.channels)
    check_known(spec.name, spec.labels, data.split("train").class_names)
    kept = {name: data.split(name) for name in ("train", "validation")}
    return replace(data, splits=kept)


def pool(data: DataSet) -> LabelledFaces:
    """Return the faces to draw from: as many of each class, without useless and leaking ones."""
    train, _ = load.clean(data.split("train"), data.split("validation"))
    rng = np.random.default_rng(_SEED)
    chosen = [
        rng.permutation(np.flatnonzero(train.labels == label))[:POOL_PER_CLASS]
        for label in range(len(train.class_names))
    ]
    return train.take(np.sort(np.concatenate(chosen)))


def together(first: LabelledFaces, second: LabelledFaces | None) -> LabelledFaces:
    """Return the faces of two data sets of the same classes, in their order."""
    if second is None:
        return first
    return LabelledFaces(
        np.concatenate([first.images, second.images]),
        np.concatenate([first.labels, second.labels]),
        first.class_names,
        None if first.votes is None else np.concatenate([first.votes, _votes(second)]),
    )


def _votes(faces: LabelledFaces) -> NDArray[np.uint8]:
    return np.zeros((len(faces), 10), np.uint8) if faces.votes is None else faces.votes


def joined(own: OwnImages, replay: DataSet | None) -> DataSet:
    """Return one data set of both: validation is that of both, test one's own alone."""
    if replay is None:
        return own.data
    splits = {
        name: together(faces, replay.splits.get(name)) for name, faces in own.data.splits.items()
    }
    both = hashlib.sha256(f"{own.data.sha256}\n{replay.sha256}\n".encode()).hexdigest()
    problems = (*own.data.problems, *replay.problems)
    return DataSet(f"{own.data.name} + {replay.name}", both, splits, problems)


@dataclass(frozen=True)
class InitialAnswers:
    """The answers of the model that is taught, as targets where they are to be kept.

    Learning without forgetting (Li & Hoiem 2016): what a network said before it learns something
    new is what it shall go on to say. Here that holds for replayed faces in the expression head,
    and for one's own in the FER+ head, since nobody voted on them.

    Attributes:
        directory: directory of the model.
        faces: the training faces, one's own first.
        own: number of one's own.
        weight: weight of the answers in the targets of replayed faces, 0…1.
        own_weight: the same for one's own.
    """

    directory: Path
    faces: LabelledFaces
    own: int
    weight: float
    own_weight: float = 0.0

    @property
    def digests(self) -> tuple[str, ...]:
        """What determines the answers."""
        sha256 = ModelSpec.load(self.directory).sha256
        return (f"{sha256} after {self.own} at {self.weight:g} and {self.own_weight:g}",)

    @cached_property
    def targets(self) -> SoftTargets:
        """The soft targets, computed on first use."""
        model = SpreadClassifier(self.directory)
        mirrored = np.ascontiguousarray(self.faces.images[:, :, ::-1])
        sides = [model.all_heads(images) for images in (self.faces.images, mirrored)]
        means: dict[str, Floats] = {
            head: np.mean([side[head] for side in sides], axis=0, dtype=np.float32)
            for head in sides[0]
        }
        weight = np.full((len(self.faces), 1), self.weight, np.float32)
        weight[: self.own] = self.own_weight
        return SoftTargets(means[EXPRESSION_HEAD], weight, means.get(FERPLUS_HEAD))
