"""A camera session or recording: its rows, how long each frame stands, and all that was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fer.export.table import ExportInfo
from fer.model.spec import ModelSpec
from fer.types import ISSUES, Faces, Floats

#: Value of `track` in the row of a frame without faces.
NO_FACE = -2

#: The same for a black frame, which a camera that is switched off sends. Numbers of tracks are
#: greater than both.
CAMERA_OFF = -3

#: Longest smoothing window that a row notes, in milliseconds.
_MAX_MILLISECONDS = 60_000


@dataclass(frozen=True)
class HeadLabels:
    """Name and labels of a head; where several models may answer, of its model and file too."""

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
            ("issues", np.bool_, (len(ISSUES),)),
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
        """Return the rows of one frame of a width and height in pixels.

        Only the head of `faces` may occur in the session if none are given. If the camera was
        switched off, there are no faces.
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
            array["issues"] = faces.issues
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
        """Return the same rows, of which other heads may occur; at least those that do."""
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


#: A frame stands for the time until the next one, but for no more than this many seconds. A longer
#: time is a gap: the stream had stopped or the analysis stalled, and nobody knows who was there.
GAP_SECONDS = 1.0

#: The same for the frames of a camera that is switched off, of which a browser may send as few as
#: one a second.
OFF_GAP_SECONDS = 3.0

#: In a recording each frame is shown until the next one, however late that comes.
NO_GAPS = np.inf

#: Seconds by which times that are meant to be the same may differ, as sums of fractions do.
_TOLERANCE = 1e-6

Span = tuple[float, float]


@dataclass(frozen=True)
class FrameTimes:
    """The ``m`` frames of a session's ``n`` rows.

    A frame stands for the time to the next one. Before a gap (see `GAP_SECONDS`), and at the end,
    it stands for as long as frames usually do; a single one for no time at all.

    Attributes:
        lasted: ``(m,)`` for how many seconds each frame stands.
        limits: ``(m,)`` for how many seconds it may stand.
        frame: ``(n,)`` index of each row's frame.
    """

    seconds: NDArray[np.float64]
    lasted: NDArray[np.float64]
    limits: NDArray[np.float64]
    camera_off: NDArray[np.bool_]
    frame: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        rows: StreamRows,
        *,
        gap_seconds: float = GAP_SECONDS,
        cuts: Sequence[float] = (),
        end: float | None = None,
    ) -> FrameTimes:
        """Return the frames of rows.

        No frame stands for longer than a gap, nor than to the next of the ascending `cuts`, seconds
        at which another scene began. The last one ended at `end`, if that is known.
        """
        times, first, frame = np.unique(rows.seconds, return_index=True, return_inverse=True)
        off = rows.camera_off[first]
        limits = np.where(off, max(OFF_GAP_SECONDS, gap_seconds), gap_seconds)
        lasted = np.zeros(len(times))
        if len(times) > 1:
            steps = np.diff(times)
            known = steps <= limits[:-1] + _TOLERANCE
            usual = float(np.median(steps[known])) if known.any() else float(limits.min())
            lasted = np.minimum(usual, limits)
            lasted[:-1][known] = steps[known]
        if end is not None and len(times):
            lasted[-1] = max(0.0, end - times[-1])
        if len(cuts):
            following = np.searchsorted(cuts, times, side="right")
            lasted = np.minimum(lasted, np.append(cuts, np.inf)[following] - times)
        return cls(times, lasted, limits, off, frame)

    @cached_property
    def until(self) -> NDArray[np.float64]:
        """``(m,)`` second up to which each frame stands."""
        return self.seconds + self.lasted


def gaps(
    rows: StreamRows, start: float, until: float, *, gap_seconds: float = GAP_SECONDS
) -> list[Span]:
    """Return from when to when nothing was analysed, of the time in which frames may have come."""
    times = FrameTimes.of(rows, gap_seconds=gap_seconds)
    since, known = np.append(start, times.seconds), np.append(start, times.until)
    following = np.append(times.seconds, until)
    long = following - since > np.append(gap_seconds, times.limits) + _TOLERANCE
    return list(zip(known[long].tolist(), following[long].tolist(), strict=True))


def off_spans(times: FrameTimes) -> list[Span]:
    """Return from when to when the camera was switched off, in seconds."""
    spans: list[Span] = []
    off = times.camera_off
    for start, end in zip(times.seconds[off].tolist(), times.until[off].tolist(), strict=True):
        if spans and start <= spans[-1][1] + _TOLERANCE:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


@dataclass(frozen=True)
class Shares:
    """How long each person got each answer.

    Attributes:
        tracks: numbers of the ``p`` people, ascending.
        seconds: ``(p, k + 1)`` seconds per person and answer; the last column is "uncertain".
    """

    tracks: list[int]
    seconds: NDArray[np.float64]


def shares(rows: StreamRows, times: FrameTimes | None = None) -> Shares:
    """Add up how long each person got each answer; frames are a camera's if no `times` say more."""
    times = times or FrameTimes.of(rows)
    faces = rows.take(rows.has_face)
    tracks, person = np.unique(faces.track, return_inverse=True)
    seconds = np.zeros((len(tracks), len(rows.labels) + 1))
    if len(faces):
        lasted = times.lasted[times.frame][rows.has_face]
        np.add.at(seconds, (person, answers(faces)), lasted)
    return Shares(tracks.tolist(), seconds)


def answers(rows: StreamRows) -> NDArray[np.int64]:
    """Return the answer of each row, ``(n,)``: the index of a label, or ``k`` for "uncertain".

    Of a row without a face, the number means nothing.
    """
    return np.where(rows.array["uncertain"], len(rows.labels), rows.probabilities.argmax(axis=1))


@dataclass(frozen=True)
class StreamResult:
    """What was found in a session or recording.

    Attributes:
        recorded: whether it is a recording, of which each frame is shown until the next, and not a
            camera, which may stop.
        cuts: seconds at which another scene began, ascending.
        end: second at which the last frame ended; None if that is not known.
        source: what else is to be said of a recording's file, JSON-ready.
    """

    rows: StreamRows
    info: ExportInfo
    recorded: bool = False
    cuts: tuple[float, ...] = ()
    end: float | None = None
    note: str = ""
    source: Mapping[str, object] = field(default_factory=dict)

    @property
    def gap_seconds(self) -> float:
        """Longest time in seconds for which a frame stands."""
        return NO_GAPS if self.recorded else GAP_SECONDS

    @cached_property
    def times(self) -> FrameTimes:
        """The frames, and for how long each stands."""
        return FrameTimes.of(self.rows, gap_seconds=self.gap_seconds, cuts=self.cuts, end=self.end)
