"""What a model learnt from before, replayed beside one's own images."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.types import Floats
from training.data import load
from training.data.dataset import DataSet, LabelledFaces, check_known
from training.evaluation.spread import SpreadClassifier
from training.fit.distillation import OnlineTeachers, SoftTargets
from training.presets.schema import Preset

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


def answers_of(
    initial: Path, train: LabelledFaces, data: DataSet, preset: Preset
) -> InitialAnswers:
    """Return the answers of an initial model, with a weight for faces that it learnt from.

    Args:
        initial: directory of the model.
        train: the training faces.
        data: their data set, perhaps of several domains.
        preset: the configuration, with the weight of the answers in the targets of those faces.

    Raises:
        ModelError: the model has no report that says what it learnt from.
    """
    known = Report.load(initial).data
    learnt_from = {known.sha256, *known.domains.values()}
    weights = np.full((len(train), 1), preset.memory_weight, np.float32)
    if train.domains is not None:
        new = [domain for domain, sha256 in data.sources.items() if sha256 not in learnt_from]
        weights[np.isin(train.domains, new)] = 0
    return InitialAnswers(initial, train, weights, preset)


@dataclass(frozen=True)
class InitialAnswers:
    """The answers of the model that is taught, as targets where they are to be kept.

    Learning without forgetting (Li & Hoiem 2016): what a network said before it learns something
    new is what it shall go on to say. Here that holds for faces like those that it learnt from in
    the expression head, and for faces on which nobody voted in the FER+ head.

    Attributes:
        directory: directory of the model.
        faces: the training faces.
        weights: ``(n, 1)`` weight of the answers in the targets of the expression head, 0…1.
        preset: the configuration; it sets whether the model answers each face once or every
            augmented image of it. On an augmented image it says what it has generalised, not the
            label that it memorised.
    """

    directory: Path
    faces: LabelledFaces
    weights: Floats
    preset: Preset

    @property
    def digests(self) -> tuple[str, ...]:
        """What determines the answers."""
        weights = hashlib.sha256(np.ascontiguousarray(self.weights, np.float32).tobytes())
        return (ModelSpec.load(self.directory).sha256, weights.hexdigest())

    @cached_property
    def targets(self) -> SoftTargets | OnlineTeachers:
        """The soft targets, computed on first use."""
        model = SpreadClassifier(self.directory)
        mirrored = np.ascontiguousarray(self.faces.images[:, :, ::-1])
        sides = [model.all_heads(images) for images in (self.faces.images, mirrored)]
        means: dict[str, Floats] = {
            head: np.mean([side[head] for side in sides], axis=0, dtype=np.float32)
            for head in sides[0]
        }
        ferplus = means.get(FERPLUS_HEAD)
        if self.preset.teaching == "pictures":
            return OnlineTeachers([self.directory], self.weights, self.preset.precision, ferplus)
        return SoftTargets(means[EXPRESSION_HEAD], self.weights, ferplus)
