"""What one live session has seen: numbers only, never a picture. No streamlit in here."""

from __future__ import annotations

import numpy as np

from fer.export.sessions import HeadLabels, StreamRows, labels_of, row_type

#: Rows that are kept, 74 bytes each: half an hour at 15 frames a second with two faces in view, an
#: hour with one. When it is full, the oldest rows make room.
MAX_ROWS = 2 * 15 * 60 * 30


class LiveHistory:
    """A ring of rows. Its memory is bounded, and only what was written is really used.

    Args:
        heads: what may answer.
        max_rows: rows that are kept.
    """

    def __init__(self, heads: tuple[HeadLabels, ...], max_rows: int = MAX_ROWS) -> None:
        self._readings = heads
        self._ring = np.zeros(max_rows, row_type(labels_of(heads)))
        self._written = 0

    def __len__(self) -> int:
        return min(self._written, len(self._ring))

    @property
    def dropped(self) -> int:
        """How many of the oldest rows are gone."""
        return self._written - len(self)

    def append(self, rows: StreamRows) -> None:
        """Add the rows of a frame."""
        # More than the ring holds cannot be kept: of such a frame the last ones are.
        fresh = rows.array[-len(self._ring) :]
        skipped = len(rows) - len(fresh)
        places = (self._written + skipped + np.arange(len(fresh))) % len(self._ring)
        self._ring[places] = fresh
        self._written += len(rows)

    def rows(self, since: float = -np.inf) -> StreamRows:
        """Return a copy of the rows from a time on, the oldest first."""
        count = len(self)
        first = self._written - count
        order = (first + np.arange(count)) % len(self._ring)
        if np.isfinite(since):
            # Times only grow, so the ring's order is sorted by them.
            order = order[np.searchsorted(self._ring["seconds"][order], since) :]
        return StreamRows(self._ring[order], self._readings)
