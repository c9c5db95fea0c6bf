"""Learning from other networks: their answers soften labels of which a third are debatable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.classifier import ExpressionClassifier
from fer.errors import DataError
from fer.types import Floats
from training.faces import LabelledFaces


@dataclass(frozen=True)
class Lesson:
    """What teachers say about each training face.

    Attributes:
        probabilities: ``(n, k)`` float32, of the expression head.
        weight: their share in the target, 0…0.5. No more than half, so that the label stays the
            most probable class and training accuracy keeps its meaning.
        teachers: SHA-256 of each one's weights.
    """

    probabilities: Floats
    weight: float
    teachers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 0.5:
            raise DataError(f"a teacher's weight is 0 to 0.5, got {self.weight}.")

    def mixed(self, one_hot: Floats) -> Floats:
        """Return labels ``(n, k)`` mixed with the teachers' answers (Hinton et al. 2015)."""
        if one_hot.shape != self.probabilities.shape:
            raise ValueError(
                f"expected a lesson of {one_hot.shape}, got {self.probabilities.shape}"
            )
        mixture = (1 - self.weight) * one_hot + self.weight * self.probabilities
        return np.asarray(mixture, np.float32)


def lesson(directories: Sequence[Path], faces: LabelledFaces, weight: float) -> Lesson | None:
    """Ask teachers about every face, as it is and mirrored, and average what they say.

    Args:
        directories: model directories.
        faces: to be learnt from.
        weight: see `Lesson`; nobody is asked, and ``None`` returned, where it is 0.

    Raises:
        DataError: a teacher knows other classes, or none was named.
        ModelError: a directory is not a complete model.
    """
    if not weight:
        return None
    if not directories:
        raise DataError("this preset learns from a teacher: name its directory with --teacher.")
    teachers = [ExpressionClassifier(directory, threads=2) for directory in directories]
    answers = [_answers(teacher, faces) for teacher in teachers]
    return Lesson(
        np.mean(answers, axis=0, dtype=np.float32),
        weight,
        tuple(teacher.spec.sha256 for teacher in teachers),
    )


def _answers(teacher: ExpressionClassifier, faces: LabelledFaces) -> NDArray[np.float32]:
    if teacher.labels != faces.class_names:
        raise DataError(
            f"teacher {teacher.spec.name} knows {', '.join(teacher.labels)}; "
            f"the data set has {', '.join(faces.class_names)}."
        )
    mirrored = np.ascontiguousarray(faces.images[:, :, ::-1])
    return np.mean([teacher(faces.images), teacher(mirrored)], axis=0, dtype=np.float32)
