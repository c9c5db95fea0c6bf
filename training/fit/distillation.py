"""Knowledge distillation: teachers' predictions soften labels, a third of which are debatable.

Teachers predict each face once (`SoftTargets`), or every augmented image of it (`OnlineTeachers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.heads import softmax
from fer.model.spec import ModelSpec
from fer.records import file_sha256
from fer.types import Floats
from training.data.dataset import LabelledFaces, check_known
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


class Teaching(Protocol):
    """What a training asks of those it learns from: `Teachers`, or an initial model."""

    @property
    def digests(self) -> tuple[str, ...]:
        """Digests of everything that determines their predictions."""

    @property
    def targets(self) -> SoftTargets | OnlineTeachers:
        """The soft targets."""


class Teachers:
    """The teacher models of a run. They are only run when `targets` is first used.

    Args:
        directories: model directories.
        faces: the training faces.
        preset: the configuration; it sets the teachers' weight, and whether they predict each face
            once or every augmented image of it.

    Raises:
        DataError: no teacher was named, or one has other classes, another image shape, or no Keras
            file although one is needed.
        ModelError: a directory is not a model directory.
    """

    def __init__(self, directories: Sequence[Path], faces: LabelledFaces, preset: Preset) -> None:
        if not directories:
            raise DataError("this preset learns from a teacher: name its directory with --teacher.")
        if not 0 < preset.teacher_weight <= 1:
            raise DataError(f"a teacher's weight is 0 to 1, got {preset.teacher_weight}.")
        self._directories = tuple(directories)
        self._faces = faces
        self._preset = preset
        #: Digests of everything that determines each teacher's predictions.
        self.digests: tuple[str, ...] = tuple(self._checked(one) for one in directories)

    def _checked(self, directory: Path) -> str:
        """Check that a teacher matches the faces, and return its digest."""
        spec, faces = ModelSpec.load(directory), self._faces
        check_known(f"teacher {spec.name}", spec.labels, faces.class_names)
        form = (spec.input_size, spec.input_size, spec.channels)
        if form != faces.images.shape[1:]:
            raise DataError(
                f"teacher {spec.name} looks at images {form}; this preset has "
                f"{faces.images.shape[1:]}."
            )
        if self._preset.teaching == "faces":
            return spec.sha256
        file = keras_file(directory, "a teacher of every picture needs it")
        return f"{file_sha256(file)} at {spec.head(EXPRESSION_HEAD).temperature:g}"

    @cached_property
    def targets(self) -> SoftTargets | OnlineTeachers:
        """The soft targets. Predicting every face takes minutes, so this happens on first use."""
        weight = self._preset.teacher_weight
        if self._preset.teaching == "pictures":
            return OnlineTeachers(self._directories, weight, self._preset.precision)
        predictions = [_predictions(directory, self._faces) for directory in self._directories]
        return SoftTargets(np.mean(predictions, axis=0, dtype=np.float32), weight)


def teachers_for(
    preset: Preset, directories: Sequence[Path], faces: LabelledFaces
) -> Teachers | None:
    """Return the teachers of a run; ``None`` if the preset gives them no weight."""
    return Teachers(directories, faces, preset) if preset.teacher_weight else None


def _predictions(directory: Path, faces: LabelledFaces) -> Floats:
    """Return a teacher's mean prediction for each face and its mirror image, ``(n, k)``."""
    teacher = ExpressionClassifier(directory, threads=2)
    mirrored = np.ascontiguousarray(faces.images[:, :, ::-1])
    return np.mean([teacher(faces.images), teacher(mirrored)], axis=0, dtype=np.float32)


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
