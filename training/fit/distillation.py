"""Knowledge distillation: teachers' predictions soften labels, a third of which are debatable.

Teachers predict each face once (`SoftTargets`), or every augmented image of it (`OnlineTeachers`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.heads import softmax
from fer.model.spec import ModelSpec
from fer.records import file_sha256
from fer.types import Floats
from training.data.dataset import DataSet, LabelledFaces, check_known
from training.evaluation.spread import SpreadClassifier
from training.export.litert import KERAS_FILE, keras_file
from training.presets.schema import Preset

#: Layers that stay in float32: input standardisation and the logits.
_FLOAT32_LAYERS = (keras.layers.LayerNormalization, keras.layers.Dense)


@dataclass(frozen=True)
class SoftTargets:
    """The teachers' predictions for each training face.

    Attributes:
        probabilities: ``(n, k)`` float32, from the expression head.
        weight: weight of the predictions in the targets, 0…1; of all, or ``(n, 1)`` of each face.
        ferplus: ``(n, 8)`` float32, from the FER+ head, for faces without votes; None for none.
    """

    probabilities: Floats
    weight: float | Floats
    ferplus: Floats | None = None

    def mixed(self, one_hot: Floats) -> Floats:
        """Return the labels ``(n, k)`` mixed with the soft targets (Hinton et al. 2015)."""
        if one_hot.shape != self.probabilities.shape:
            raise ValueError(
                f"expected soft targets of {one_hot.shape}, got {self.probabilities.shape}"
            )
        mixed_targets = (1 - self.weight) * one_hot + self.weight * self.probabilities
        return np.asarray(mixed_targets, np.float32)


class OnlineTeachers:
    """Teachers that predict each augmented image, instead of each face once.

    A teacher has memorised its training faces and their labels. On newly warped images it shows
    what it has generalised (Beyer et al. 2022). Only the student sees the degraded images, so it
    learns to recognise in them what the teachers recognise in the undegraded ones.

    Args:
        directories: model directories with Keras files.
        weight: weight of the teachers in the targets, 0…1; of all, or ``(n, 1)`` of each face.
        precision: Keras dtype policy of the teachers.
        ferplus: see `SoftTargets`; of each face once, since only few have no votes.
    """

    def __init__(
        self,
        directories: Sequence[Path],
        weight: float | Floats,
        precision: str,
        ferplus: Floats | None = None,
    ) -> None:
        self.ferplus = ferplus
        self._weight = weight
        networks = [keras.models.load_model(one / KERAS_FILE, compile=False) for one in directories]
        self._networks = [_in_precision(network, precision) for network in networks]
        heads = [ModelSpec.load(one).head(EXPRESSION_HEAD) for one in directories]
        self._temperatures = [np.float32(head.temperature) for head in heads]

    def mixed(
        self,
        shares: Floats,
        images: Floats,
        rng: np.random.Generator,
        indices: NDArray[np.int64],
    ) -> Floats:
        """Return the targets of a batch, ``(n, k)``.

        Each teacher sees either the images or their mirror images, chosen at random. Over the
        epochs this averages both, which is better than either alone, at half the cost.

        Args:
            shares: targets from the labels, ``(n, k)``.
            images: ``(n, size, size, channels)`` float32, 0…255.
            rng: random generator.
            indices: ``(n,)`` positions of the faces among all training faces.
        """
        predictions = [
            self._probabilities(network, temperature, images, mirror=rng.random() < 0.5)
            for network, temperature in zip(self._networks, self._temperatures, strict=True)
        ]
        teacher_mean = np.mean(predictions, axis=0)
        weight = self._weight if isinstance(self._weight, float) else self._weight[indices]
        return np.asarray((1 - weight) * shares + weight * teacher_mean, np.float32)

    @staticmethod
    def _probabilities(
        network: keras.Model, temperature: np.float32, images: Floats, *, mirror: bool
    ) -> Floats:
        inputs = np.ascontiguousarray(images[:, :, ::-1]) if mirror else images
        scores = network.predict_on_batch(inputs)[EXPRESSION_HEAD]
        # NumPy 2.5 types the quotient of two float32 arrays as any float.
        return softmax(np.asarray(np.asarray(scores, np.float32) / temperature, np.float32))


@dataclass(frozen=True)
class Teachers:
    """The models that a run learns from. They are only run when `targets` is first used.

    Attributes:
        directories: model directories.
        faces: the training faces.
        preset: the configuration; it sets whether they predict each face once or every augmented
            image of it.
        weight: weight of their answers in the targets of the expression head, 0…1; of all, or
            ``(n, 1)`` of each face.
        digests: digests of everything that determines their answers.
        of_ferplus: whether their answers are the targets of the FER+ head too, where nobody voted.
    """

    directories: tuple[Path, ...]
    faces: LabelledFaces
    preset: Preset
    weight: float | Floats
    digests: tuple[str, ...]
    of_ferplus: bool = False

    @cached_property
    def targets(self) -> SoftTargets | OnlineTeachers:
        """The soft targets. Predicting every face takes minutes, so this happens on first use."""
        online = self.preset.teaching == "pictures"
        answers: dict[str, Floats] = {}
        if self.of_ferplus or not online:
            said = [_answers(directory, self.faces) for directory in self.directories]
            answers = {
                head: np.mean([one[head] for one in said], axis=0, dtype=np.float32)
                for head in (EXPRESSION_HEAD, *([FERPLUS_HEAD] if self.of_ferplus else []))
            }
        ferplus = answers.get(FERPLUS_HEAD)
        if online:
            return OnlineTeachers(self.directories, self.weight, self.preset.precision, ferplus)
        return SoftTargets(answers[EXPRESSION_HEAD], self.weight, ferplus)


def teachers_for(
    preset: Preset, directories: Sequence[Path], faces: LabelledFaces
) -> Teachers | None:
    """Return the teachers of a run; ``None`` if the preset gives them no weight.

    Raises:
        DataError: no teacher was named, or one has other classes, another image shape, or no Keras
            file although one is needed.
        ModelError: a directory is not a model directory.
    """
    if not preset.teacher_weight:
        return None
    if not directories:
        raise DataError("this preset learns from a teacher: name its directory with --teacher.")
    digests = []
    for directory in directories:
        spec = ModelSpec.load(directory)
        check_known(f"teacher {spec.name}", spec.labels, faces.class_names)
        form = (spec.input_size, spec.input_size, spec.channels)
        if form != faces.images.shape[1:]:
            raise DataError(
                f"teacher {spec.name} looks at images {form}; this preset has "
                f"{faces.images.shape[1:]}."
            )
        digest = spec.sha256
        if preset.teaching == "pictures":
            file = keras_file(directory, "a teacher of every picture needs it")
            digest = f"{file_sha256(file)} at {spec.head(EXPRESSION_HEAD).temperature:g}"
        digests.append(digest)
    return Teachers(tuple(directories), faces, preset, preset.teacher_weight, tuple(digests))


def initial_answers(
    initial: Path, faces: LabelledFaces, weights: Floats, preset: Preset
) -> Teachers:
    """Return a model that goes on learning as its own teacher, where its answers are to be kept.

    Learning without forgetting (Li & Hoiem 2016): what a network said before it learns something
    new is what it shall go on to say. Here that holds for faces like those that it learnt from in
    the expression head, and for faces on which nobody voted in the FER+ head. On an augmented image
    it says what it has generalised, not the label that it memorised.

    Args:
        initial: directory of the model.
        faces: the training faces.
        weights: ``(n, 1)`` weight of the answers in the targets of the expression head, 0…1.
        preset: the configuration.
    """
    spec = ModelSpec.load(initial)
    digest = hashlib.sha256(np.ascontiguousarray(weights, np.float32).tobytes()).hexdigest()
    of_ferplus = FERPLUS_HEAD in spec.head_names
    return Teachers((initial,), faces, preset, weights, (spec.sha256, digest), of_ferplus)


def answers_of(initial: Path, train: LabelledFaces, data: DataSet, preset: Preset) -> Teachers:
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
    return initial_answers(initial, train, weights, preset)


def _answers(directory: Path, faces: LabelledFaces) -> dict[str, Floats]:
    """Return a model's mean answers to each face and its mirror image, ``(n, k)`` of each head."""
    model = SpreadClassifier(directory)
    mirrored = np.ascontiguousarray(faces.images[:, :, ::-1])
    sides = [model.all_heads(images) for images in (faces.images, mirrored)]
    return {h: np.mean([s[h] for s in sides], axis=0, dtype=np.float32) for h in sides[0]}


def _in_precision(network: keras.Model, precision: str) -> keras.Model:
    """Return the network with its costly layers in another precision, except in nested models."""

    def converted(layer: keras.layers.Layer) -> keras.layers.Layer:
        settings = layer.get_config()
        if not isinstance(layer, _FLOAT32_LAYERS):
            settings["dtype"] = precision
        return layer.__class__.from_config(settings)

    clone = keras.models.clone_model(network, clone_function=converted)
    clone.set_weights(network.get_weights())
    return clone
