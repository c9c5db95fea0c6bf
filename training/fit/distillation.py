"""Knowledge distillation: answers of other networks soften labels, a third of them debatable.

Teachers answer once about each face (`SoftTargets`), or about every changed picture of it
(`OnlineTeachers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from fer.errors import DataError
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier, softmax
from fer.model.spec import ModelSpec
from fer.records import file_sha256
from fer.types import Floats
from training.data.class_names import check_known
from training.data.dataset import LabelledFaces
from training.export.litert import KERAS_FILE, keras_file
from training.presets.schema import Preset

#: Layers that stay in float32: the grey levels that come in, the scores that come out.
_PRECISE = (keras.layers.LayerNormalization, keras.layers.Dense)


@dataclass(frozen=True)
class SoftTargets:
    """What teachers say about each training face.

    Attributes:
        probabilities: ``(n, k)`` float32, of the expression head.
        weight: their share in the target, 0…1.
    """

    probabilities: Floats
    weight: float

    def mixed(self, one_hot: Floats) -> Floats:
        """Return labels ``(n, k)`` mixed with the teachers' answers (Hinton et al. 2015)."""
        if one_hot.shape != self.probabilities.shape:
            raise ValueError(
                f"expected soft targets of {one_hot.shape}, got {self.probabilities.shape}"
            )
        mixture = (1 - self.weight) * one_hot + self.weight * self.probabilities
        return np.asarray(mixture, np.float32)


class OnlineTeachers:
    """Answers for each changed picture, in the place of one answer per face.

    A teacher knows the faces it was trained on by heart, labels and all; of a picture that was
    turned, moved and scaled anew it says what it has understood (Beyer et al. 2022). Dark, blurred
    and covered faces are shown to the student alone, so it learns to see there what its teachers
    see in a good picture.

    Args:
        directories: model directories with their Keras files.
        weight: share of the teachers in the target, 0…1.
        precision: Keras dtype policy to run them in.
    """

    def __init__(self, directories: Sequence[Path], weight: float, precision: str) -> None:
        self._weight = weight
        found = [keras.models.load_model(one / KERAS_FILE, compile=False) for one in directories]
        self._networks = [_in_precision(network, precision) for network in found]
        heads = [ModelSpec.load(one).head(EXPRESSION_HEAD) for one in directories]
        self._temperatures = [np.float32(head.temperature) for head in heads]

    def mixed(self, shares: Floats, images: Floats, rng: np.random.Generator) -> Floats:
        """Return what is to be learnt of a batch, ``(n, k)``.

        Each teacher sees the pictures or their mirror images, as chance will have it: over the
        epochs that is the mean of both, which is better than either, at half the cost.

        Args:
            shares: ``(n, k)`` of the labels.
            images: ``(n, size, size, channels)`` float32, 0…255.
            rng: the source of chance.
        """
        answers = [
            self._probabilities(network, temperature, images, mirror=rng.random() < 0.5)
            for network, temperature in zip(self._networks, self._temperatures, strict=True)
        ]
        taught = np.mean(answers, axis=0)
        return np.asarray((1 - self._weight) * shares + self._weight * taught, np.float32)

    @staticmethod
    def _probabilities(
        network: keras.Model, temperature: np.float32, images: Floats, *, mirror: bool
    ) -> Floats:
        seen = np.ascontiguousarray(images[:, :, ::-1]) if mirror else images
        scores = network.predict_on_batch(seen)[EXPRESSION_HEAD]
        return softmax(np.asarray(scores, np.float32) / temperature)


class Teachers:
    """Trained models to learn from, asked only when something is to be learnt.

    Args:
        directories: model directories.
        faces: to be learnt from.
        preset: says how much the teachers count, and whether they are asked once about every face
            or about every changed picture of it.

    Raises:
        DataError: none was named, or one does not fit: other classes, another form of image, no
            Keras file where one is needed.
        ModelError: a directory is not that of a model.
    """

    def __init__(self, directories: Sequence[Path], faces: LabelledFaces, preset: Preset) -> None:
        if not directories:
            raise DataError("this preset learns from a teacher: name its directory with --teacher.")
        if not 0 < preset.teacher_weight <= 1:
            raise DataError(f"a teacher's weight is 0 to 1, got {preset.teacher_weight}.")
        self._directories = tuple(directories)
        self._faces = faces
        self._preset = preset
        #: What decides each teacher's answers.
        self.digests = tuple(self._checked(directory) for directory in directories)

    def _checked(self, directory: Path) -> str:
        """Return the digest of a teacher that fits the faces."""
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
        """What they teach. Asking about every face takes minutes, so not before it is needed."""
        weight = self._preset.teacher_weight
        if self._preset.teaching == "pictures":
            return OnlineTeachers(self._directories, weight, self._preset.precision)
        answers = [_answers(directory, self._faces) for directory in self._directories]
        return SoftTargets(np.mean(answers, axis=0, dtype=np.float32), weight)


def teachers_for(
    preset: Preset, directories: Sequence[Path], faces: LabelledFaces
) -> Teachers | None:
    """Return the teachers of a run; ``None`` where the preset gives them no weight."""
    return Teachers(directories, faces, preset) if preset.teacher_weight else None


def _answers(directory: Path, faces: LabelledFaces) -> Floats:
    """Return what a teacher says of every face, as it is and mirrored, on average."""
    teacher = ExpressionClassifier(directory, threads=2)
    mirrored = np.ascontiguousarray(faces.images[:, :, ::-1])
    return np.mean([teacher(faces.images), teacher(mirrored)], axis=0, dtype=np.float32)


def _in_precision(network: keras.Model, precision: str) -> keras.Model:
    """Return the network with what costs time in another precision; a nested one stays as it is."""

    def converted(layer: keras.layers.Layer) -> keras.layers.Layer:
        settings = layer.get_config()
        if not isinstance(layer, _PRECISE):
            settings["dtype"] = precision
        return layer.__class__.from_config(settings)

    changed = keras.models.clone_model(network, clone_function=converted)
    changed.set_weights(network.get_weights())
    return changed
