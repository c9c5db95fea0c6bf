"""Collect the rows of a recording."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer.export.stream_rows import HeadLabels, StreamRows, labels_of, row_type


class RowLog:
    """Rows in a buffer that doubles when it is full.

    Args:
        heads: the heads that may occur.
    """

    def __init__(self, heads: tuple[HeadLabels, ...]) -> None:
        self._heads = heads
        self._buffer: NDArray[np.void] = np.zeros(1024, row_type(labels_of(heads)))
        self._length = self._told = 0

    def append(self, rows: StreamRows) -> None:
        """Append the rows of a frame."""
        length = self._length + len(rows)
        while length > len(self._buffer):
            self._buffer = np.concatenate([self._buffer, np.zeros_like(self._buffer)])
        self._buffer[self._length : length] = rows.array
        self._length = length

    def newest(self) -> StreamRows:
        """Return the rows since the last call."""
        since, self._told = self._told, self._length
        return StreamRows(self._buffer[since : self._length].copy(), self._heads)

    def all(self) -> StreamRows:
        """Return all rows."""
        return StreamRows(self._buffer[: self._length].copy(), self._heads)
