"""Where everybody is at any time of a recording, between the frames that were analysed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fer.export.stream_rows import NO_FACE, StreamRows
from fer.model.spec import ModelSpec
from fer.types import LANDMARKS, Faces, Floats


class Playback:
    """The faces of a recording over time.

    Boxes move evenly between two analysed frames. Everything else is that of the nearer one, in
    which somebody who is in only one of them is seen.

    Args:
        rows: rows of the recording.
        cuts: seconds at which another scene begins; nobody is seen from one scene in another.
        spec: describes the model that the rows are of.
    """

    def __init__(self, rows: StreamRows, cuts: tuple[float, ...], spec: ModelSpec) -> None:
        self._rows, self._spec = rows, spec
        self._times, self._first = np.unique(rows.seconds, return_index=True)
        self._cuts = np.array(cuts, np.float64)
        # The frames of one head, one after the other, are often asked for again.
        self._cached: dict[int, Faces] = {}

    def faces_at(self, seconds: float) -> Faces:
        """Return the faces at a time, left to right, in pixels of the upright frame."""
        after = int(np.searchsorted(self._times, seconds, side="right"))
        before = after - 1
        known = [i for i in (before, after) if self._is_near(i, seconds)]
        if not known:
            return self._nobody()
        nearest = min(known, key=lambda i: abs(float(self._times[i]) - seconds))
        faces = self._faces(nearest)
        if len(known) == 2:
            start, end = self._times[[before, after]]
            share = float((seconds - start) / (end - start))
            faces = _between(faces, self._faces(before), self._faces(after), share)
        return faces

    def _is_near(self, frame: int, seconds: float) -> bool:
        """Return whether an analysed frame tells of a time: there is one, and no cut between."""
        if not 0 <= frame < len(self._times):
            return False
        time = float(self._times[frame])
        first, last = min(time, seconds), max(time, seconds)
        return not ((self._cuts > first) & (self._cuts <= last)).any()

    def _nobody(self) -> Faces:
        head = self._rows.heads[0]
        return Faces.empty(head.labels, head.name)

    def _faces(self, frame: int) -> Faces:
        """Return the faces of an analysed frame."""
        if frame not in self._cached:
            # Two frames at a time are needed.
            self._cached = {i: f for i, f in self._cached.items() if i == frame - 1}
            end = [*self._first[1:].tolist(), len(self._rows)][frame]
            self._cached[frame] = self._made(self._rows.take(slice(self._first[frame], end)))
        return self._cached[frame]

    def _made(self, rows: StreamRows) -> Faces:
        if rows.track[0] == NO_FACE:
            return self._nobody()
        array, head = rows.array, rows.heads[int(rows.array["head"][0])]
        spec = self._spec.head(head.name)
        columns = [rows.labels.index(label) for label in head.labels]
        return Faces(
            array["box"],
            array["score"],
            np.zeros((len(rows), LANDMARKS, 2), np.float32),
            array["probabilities"][:, columns],
            head.labels,
            track_id=array["track"].astype(np.int64),
            seconds=float(array["seconds"][0]),
            flaws=array["flaws"],
            thresholds=spec.thresholds,
            margin=spec.margin,
            head=head.name,
        )


def _between(nearest: Faces, before: Faces, after: Faces, share: float) -> Faces:
    """Return the nearest frame's faces, moved to where they are at a share of the way."""
    boxes = [dict(zip(f.track_id.tolist(), f.xyxy, strict=True)) for f in (before, after)]
    xyxy = nearest.xyxy.copy()
    for face, person in enumerate(nearest.track_id.tolist()):
        if all(person in known for known in boxes):
            xyxy[face] = _blended(boxes[0][person], boxes[1][person], share)
    return replace(nearest, xyxy=xyxy)


def _blended(one: Floats, other: Floats, share: float) -> Floats:
    return np.asarray((1 - share) * one + share * other, np.float32)
