"""The rows of a camera session or video: one per face and frame, one per frame without faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.model.spec import ModelSpec
from fer.types import FLAWS, Faces, Floats

#: Value of `track` in the row of a frame without faces.
NO_FACE = -2

#: The same for a black frame, which a camera that is switched off sends. Numbers of tracks are
#: greater than both.
CAMERA_OFF = -3

#: Longest smoothing window that a row notes, in milliseconds.
_MAX_MILLISECONDS = 60_000


@dataclass(frozen=True)
class HeadLabels:
    """Name and labels of a head.

    Attributes:
        name: of the head.
        labels: names of its classes.
        model: name of its model, where several may answer; else empty.
        sha256: SHA-256 of the model's file, likewise.
    """

    name: str
    labels: tuple[str, ...]
    model: str = ""
    sha256: str = ""

    @classmethod
    def of_model(cls, spec: ModelSpec) -> tuple[HeadLabels, ...]:
        """Return the heads of a model that may not be the only one."""
        return tuple(cls(head.name, head.labels, spec.name, spec.sha256) for head in spec.heads)


def row_type(labels: tuple[str, ...]) -> np.dtype:
    """Return the NumPy dtype of one row: 72 bytes with seven labels."""
    return np.dtype(
        [
            ("seconds", np.float64),
            ("track", np.int32),
            ("width", np.uint16),
            ("height", np.uint16),
            ("box", np.float32, (4,)),
            ("score", np.float32),
            ("head", np.uint8),
            ("smoothing_ms", np.uint16),
            ("uncertain", np.bool_),
            ("flaws", np.bool_, (len(FLAWS),)),
            ("probabilities", np.float32, (len(labels),)),
        ]
    )


@dataclass(frozen=True)
class StreamRows:
    """The ``n`` ≥ 0 rows of a session in chronological order.

    Attributes:
        array: ``(n,)`` of `row_type`. Boxes are in pixels of an image of ``width`` × ``height``.
            Probabilities of labels that the row's head lacks are 0.
        heads: the heads that may occur; a row's ``head`` is an index into them.
    """

    array: NDArray[np.void]
    heads: tuple[HeadLabels, ...]

    def __post_init__(self) -> None:
        expected = row_type(self.labels)
        if self.array.dtype != expected or self.array.ndim != 1:
            raise ValueError(
                f"expected rows (n,) of {expected}, got {self.array.shape} of {self.array.dtype}"
            )

    def __len__(self) -> int:
        return len(self.array)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the probability columns: the labels of all heads."""
        return labels_of(self.heads)

    @classmethod
    def empty(cls, heads: tuple[HeadLabels, ...]) -> StreamRows:
        """Return no rows."""
        return cls(np.zeros(0, row_type(labels_of(heads))), heads)

    @classmethod
    def of(
        cls,
        faces: Faces,
        size: tuple[int, int],
        heads: tuple[HeadLabels, ...] = (),
        *,
        smoothing_seconds: float = 0.0,
        camera_off: bool = False,
    ) -> StreamRows:
        """Return the rows of one frame.

        Args:
            faces: the faces of the frame; `seconds` must be set.
            size: width and height of the frame in pixels.
            heads: the heads that may occur in the session, including that of `faces`; only that one
                if not given.
            smoothing_seconds: smoothing window of the probabilities; of more than a minute, a
                minute is noted.
            camera_off: whether the camera was switched off, so that the frame was not analysed;
                then there are no faces.
        """
        if faces.seconds is None:
            raise ValueError("expected the faces of a stream, got those of a still photograph")
        heads = heads or (HeadLabels(faces.head, faces.labels),)
        labels = labels_of(heads)
        array = np.zeros(max(1, len(faces)), row_type(labels))
        array["seconds"] = faces.seconds
        array["width"], array["height"] = size
        array["smoothing_ms"] = min(round(1000 * smoothing_seconds), _MAX_MILLISECONDS)
        array["head"] = [head.name for head in heads].index(faces.head)
        if len(faces):
            array["track"] = faces.track_id
            array["box"] = faces.xyxy
            array["score"] = faces.score
            array["uncertain"] = faces.uncertain
            array["flaws"] = faces.flaws
            columns = [labels.index(label) for label in faces.labels]
            array["probabilities"][:, columns] = faces.probabilities
        else:
            array["track"] = CAMERA_OFF if camera_off else NO_FACE
        return cls(array, heads)

    def used(self) -> StreamRows:
        """Return the rows with only those heads that occur in them; the first one if none does."""
        used = np.unique(self.array["head"]).tolist() or [0]
        if len(used) == len(self.heads):
            return self
        return self.with_heads(tuple(self.heads[i] for i in used))

    def with_heads(self, heads: tuple[HeadLabels, ...]) -> StreamRows:
        """Return the same rows, of which other heads may occur.

        Args:
            heads: at least those that do occur.
        """
        labels = labels_of(heads)
        array = np.zeros(len(self), row_type(labels))
        for name in array.dtype.names or ():
            if name not in ("head", "probabilities"):
                array[name] = self.array[name]
        places = np.array([heads.index(head) if head in heads else 0 for head in self.heads])
        array["head"] = places[self.array["head"]]
        for column, label in enumerate(labels):
            if label in self.labels:
                own = self.array["probabilities"][:, self.labels.index(label)]
                array["probabilities"][:, column] = own
        return StreamRows(array, heads)

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Time of each row since the start of the session, ``(n,)``."""
        return self.array["seconds"]

    @property
    def track(self) -> NDArray[np.int32]:
        """Track number of each row, or `NO_FACE` or `CAMERA_OFF` without a face, ``(n,)``."""
        return self.array["track"]

    @property
    def probabilities(self) -> Floats:
        """Probability of each label, ``(n, k)``; 0 for a label that the row's head lacks."""
        return self.array["probabilities"]

    @property
    def has_face(self) -> NDArray[np.bool_]:
        """Whether each row describes a face, ``(n,)``."""
        return self.track > NO_FACE

    @property
    def camera_off(self) -> NDArray[np.bool_]:
        """Whether each row is about a camera that was switched off, ``(n,)``."""
        return self.track == CAMERA_OFF

    def take(self, index: NDArray | slice) -> StreamRows:
        """Return the rows at `index` (a mask, positions or a slice)."""
        return StreamRows(self.array[index], self.heads)


def labels_of(heads: tuple[HeadLabels, ...]) -> tuple[str, ...]:
    """Return the distinct labels of all heads, in order of first occurrence."""
    return tuple(dict.fromkeys(label for head in heads for label in head.labels))
