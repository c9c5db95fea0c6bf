"""Learning from other networks: their answers soften labels of which a third are debatable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from fer.errors import DataError
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import EXPRESSION_HEAD, ModelSpec
from fer.types import Floats
from training.data.class_names import check_known
from training.data.dataset import LabelledFaces
from training.data.layouts import file_sha256
from training.export.litert import keras_file
from training.fit.tutor import Tutor
from training.presets.schema import Preset


@dataclass(frozen=True)
class Lesson:
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
                f"expected a lesson of {one_hot.shape}, got {self.probabilities.shape}"
            )
        mixture = (1 - self.weight) * one_hot + self.weight * self.probabilities
        return np.asarray(mixture, np.float32)


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
    def lesson(self) -> Lesson | Tutor:
        """What they teach. Asking about every face takes minutes, so not before it is needed."""
        weight = self._preset.teacher_weight
        if self._preset.teaching == "pictures":
            return Tutor(self._directories, weight, self._preset.precision)
        answers = [_answers(directory, self._faces) for directory in self._directories]
        return Lesson(np.mean(answers, axis=0, dtype=np.float32), weight)


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
