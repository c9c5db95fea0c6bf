"""The recorded results of one live session: numbers, never images. Does not use Streamlit."""

from __future__ import annotations

import numpy as np

from fer.export.stream import HeadLabels, StreamRows, labels_of, row_type

#: Maximum number of rows, 76 bytes each: half an hour at 15 frames a second with two faces in
#: view, an hour with one. When the history is full, new rows replace the oldest.
MAX_ROWS = 2 * 15 * 60 * 30


class LiveHistory:
    """A ring buffer of rows.

    Its memory is bounded, and the operating system provides it only as far as rows are written.

    Args:
        heads: names and labels of the heads that may be used; further ones come with their rows.
        max_rows: capacity of the buffer.
    """

    def __init__(self, heads: tuple[HeadLabels, ...], max_rows: int = MAX_ROWS) -> None:
        self._heads = heads
        self._ring = np.zeros(max_rows, row_type(labels_of(heads)))
        self._written = 0

    def __len__(self) -> int:
        return min(self._written, len(self._ring))

    @property
    def bytes(self) -> int:
        """Memory that the rows take."""
        return len(self) * self._ring.itemsize

    @property
    def dropped(self) -> int:
        """Number of old rows that were replaced."""
        return self._written - len(self)

    def append(self, rows: StreamRows) -> None:
        """Append the rows of a frame, which may have heads of their own."""
        if rows.heads != self._heads:
            self._take_heads(rows.heads)
            rows = rows.with_heads(self._heads)
        # A frame with more rows than the buffer holds keeps only its last ones.
        kept = rows.array[-len(self._ring) :]
        skipped = len(rows) - len(kept)
        places = (self._written + skipped + np.arange(len(kept))) % len(self._ring)
        self._ring[places] = kept
        self._written += len(rows)

    @property
    def heads(self) -> tuple[HeadLabels, ...]:
        """The heads that may occur in the rows."""
        return self._heads

    def _take_heads(self, heads: tuple[HeadLabels, ...]) -> None:
        """Make room for the labels of heads that came later, as with another model."""
        new = tuple(head for head in heads if head not in self._heads)
        if new:
            written = StreamRows(self._ring[: len(self)], self._heads)
            self._heads = (*self._heads, *new)
            self._ring = np.zeros(len(self._ring), row_type(labels_of(self._heads)))
            self._ring[: len(written)] = written.with_heads(self._heads).array

    def rows(self, since: float = -np.inf) -> StreamRows:
        """Return a copy of the rows from a time in seconds on, the oldest first."""
        count = len(self)
        first = self._written - count
        order = (first + np.arange(count)) % len(self._ring)
        if np.isfinite(since):
            # Times never decrease, so the rows are sorted by time.
            order = order[np.searchsorted(self._ring["seconds"][order], since) :]
        return StreamRows(self._ring[order], self._heads)
