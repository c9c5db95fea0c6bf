"""All probabilities of one person over time. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.export.stream import GAP_SECONDS, StreamRows
from fer.text import chance, clock

#: Maximum number of points of a line; more would not be seen, and slow the page down.
MAX_POINTS = 400


@dataclass(frozen=True)
class Curves:
    """A person's mean probabilities over time, in ``m`` points.

    Attributes:
        seconds: ``(m,)`` times, ascending.
        probabilities: ``(m, k)``; NaN for a label that the head of the time lacks. A row that is
            all NaN is a gap: the person was not in view, nothing was analysed, or the head changed.
        labels: names of the ``k`` expressions.
    """

    seconds: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]

    @property
    def occurring(self) -> list[int]:
        """The indices of all labels that some head of the time has."""
        return np.flatnonzero(~np.isnan(self.probabilities).all(axis=0)).tolist()


def curves(rows: StreamRows, person: int, start: float, end: float) -> Curves:
    """Return a person's probabilities between two times in seconds."""
    rows = rows.take((rows.track == person) & (rows.seconds >= start) & (rows.seconds <= end))
    width = max(1e-3, (end - start) / MAX_POINTS)
    head = rows.array["head"].astype(np.int64)
    # Each point is of one head alone, whatever was changed within its time.
    key = ((rows.seconds - start) / width).astype(np.int64) * len(rows.heads) + head
    _, first, point, count = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    seconds = np.bincount(point, weights=rows.seconds) / count if len(rows) else np.zeros(0)
    sums = np.zeros((len(count), len(rows.labels)))
    np.add.at(sums, point, rows.probabilities)
    has = np.array([[label in of.labels for label in rows.labels] for of in rows.heads])
    means = np.where(has[head[first]], sums / count[:, None], np.nan)
    gap = (np.diff(seconds) > max(GAP_SECONDS, 2 * width)) | (np.diff(head[first]) != 0)
    before = np.flatnonzero(gap) + 1
    return Curves(
        np.insert(seconds, before, (seconds[before - 1] + seconds[before]) / 2),
        np.insert(means, before, np.nan, axis=0),
        rows.labels,
    )


def describe_curves(curve: Curves, name: str) -> str:
    """Return the alternative text of a chart: each expression's mean and its highest point."""
    shown = curve.occurring
    if not shown:
        return f"Probabilities of {name} over time: not in view."
    means = np.nanmean(curve.probabilities[:, shown], axis=0)
    parts = []
    for i in (-means).argsort(kind="stable").tolist():
        line = curve.probabilities[:, shown[i]]
        top = int(np.nanargmax(line))
        peak = f"{chance(float(line[top]))} at {clock(curve.seconds[top])}"
        parts.append(
            f"{curve.labels[shown[i]]} {chance(float(means[i]))} on average, at most {peak}"
        )
    return f"Probabilities of {name} over time: {'; '.join(parts)}."
