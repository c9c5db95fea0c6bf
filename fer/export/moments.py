"""The moments of a session at which somebody showed an expression most surely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer.export.stream_rows import StreamRows
from fer.export.stream_times import HOLE_SECONDS, answers

#: Seconds that the same answer should last before and after a moment, so that it is no flicker.
SETTLED_SECONDS = 0.3


def surest_moments(rows: StreamRows) -> NDArray[np.int64]:
    """Return the surest moment of each person and expression, as positions in `rows`.

    It is the row with the highest confidence among those whose answer was the same for
    `SETTLED_SECONDS` before and after; if there is none such, among all with that answer. Uncertain
    answers have no moment. A later one that is equally sure does not count.

    Args:
        rows: rows of a session or recording, in chronological order.

    Returns:
        ``(m,)`` ascending by person, then by label; at most one per person and label. The row's
        `seconds`, `track`, `box` and ``probabilities.argmax()`` say all of it.
    """
    index = np.flatnonzero(rows.has_face)
    index = index[np.argsort(rows.track[index], kind="stable")]  # person by person, in time
    faces = rows.take(index)
    answer = answers(faces)
    settled = _time_inside(faces, answer) > SETTLED_SECONDS - 1e-6
    confidence = faces.probabilities.max(axis=1, initial=0)
    order = np.lexsort((faces.seconds, -confidence, ~settled, answer, faces.track))
    order = order[answer[order] < len(rows.labels)]
    key = np.stack([faces.track[order], answer[order]], axis=1)
    _, first = np.unique(key, axis=0, return_index=True)
    return index[order[first]]


def _time_inside(faces: StreamRows, answer: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how far each row is from either end of its run of equal answers, in seconds.

    Args:
        faces: rows of faces, person by person, each in chronological order.
        answer: ``(n,)`` answer of each.
    """
    if not len(faces):
        return np.zeros(0)
    new = np.ones(len(faces), np.bool_)
    new[1:] = (
        (np.diff(faces.track) != 0)
        | (np.diff(answer) != 0)
        | (np.diff(faces.array["head"].astype(np.int64)) != 0)
        | (np.diff(faces.seconds) > HOLE_SECONDS)
    )
    run = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(faces)) - 1
    seconds = faces.seconds
    return np.minimum(seconds - seconds[first][run], seconds[last][run] - seconds)
