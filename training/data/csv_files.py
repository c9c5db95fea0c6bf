"""Read FER2013 as CSV: one face per row, with its pixels as numbers separated by spaces."""

from __future__ import annotations

import csv
import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.images import MIN_SIDE
from fer.labelled.folders import SPLIT_OF_USAGE
from fer.labels import FER2013_LABELS, canonical
from training.data.raw import Problem, Source, strings

_LABEL_OF = {str(number): number for number in range(len(FER2013_LABELS))} | {
    name: number for number, name in enumerate(FER2013_LABELS)
}


@contextmanager
def open_table(path: Path) -> Iterator[tuple[list[str], Iterator[tuple[int, list[str]]]]]:
    """Open a CSV file.

    Yields:
        The column names, in lower case and stripped of whitespace, and an iterator over the line
        number and cells of each row that is not empty.

    Raises:
        DataError: the file cannot be opened or is not CSV text.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = [name.strip().lower() for name in next(reader, [])]
            yield header, ((reader.line_num, row) for row in reader if row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV text: {error}.") from error


def read_header(path: Path) -> list[str]:
    """Return the column names of a CSV file; see `open_table`."""
    with open_table(path) as (header, _):
        return header


def read_table(path: Path, default_split: str = "train", column: str | None = None) -> Source:
    """Read labelled faces from a CSV file with ``emotion``, ``pixels`` and optionally ``Usage``.

    Invalid rows are skipped and reported in ``problems``.

    Args:
        path: the CSV file.
        default_split: split of all rows if there is no ``Usage`` column.
        column: name of a column that is kept in ``values``.

    Raises:
        DataError: the file cannot be read, or a column is missing.
    """
    with open_table(path) as (header, rows):
        column = column and column.strip().lower()
        _require(path, header, "emotion", "pixels", *([column] if column else []))
        table = _Rows(path.name, header, default_split, column or "")
        table.add_all(rows)
    return table.source()


def read_unlabelled_table(path: Path) -> Source:
    """Read faces from a CSV file with ``pixels``; other columns are ignored and labels are 0.

    Raises:
        DataError: the file cannot be read, or has no such column.
    """
    with open_table(path) as (header, rows):
        _require(path, header, "pixels")
        position = header.index("pixels")
        table = _Rows(path.name, ["pixels"], "test")
        table.add_all((line, row[position : position + 1]) for line, row in rows)
    return table.source()


def _require(path: Path, header: list[str], *columns: str) -> None:
    if missing := [name for name in columns if name not in header]:
        raise DataError(
            f"{path} has no column {' and no column '.join(missing)}; it has "
            f"{', '.join(header[:12]) or 'no header'}. Expected a table like fer2013.csv: "
            "emotion, pixels and Usage."
        )


@dataclass
class _Rows:
    """Collects rows; the first valid one determines the side of the images."""

    file: str
    header: list[str]
    default_split: str
    column: str = ""
    side: int = 0
    pixels: bytearray = field(default_factory=bytearray)
    labels: list[int] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add_all(self, rows: Iterable[tuple[int, list[str]]]) -> None:
        """Add every valid row and report the others; rows are numbered from 0, as in FER+."""
        with warnings.catch_warnings():
            # Up to NumPy 2.2, text after the last number only causes a warning.
            warnings.simplefilter("error", DeprecationWarning)
            for number, (line, row) in enumerate(rows):
                self._add(number, line, row)

    def _add(self, number: int, line: int, row: list[str]) -> None:
        origin = f"{self.file}, line {line}"
        try:
            if len(row) != len(self.header):
                raise ValueError(f"expected {len(self.header)} columns, got {len(row)}")
            cells = dict(zip(self.header, row, strict=True))
            label = _label(cells["emotion"]) if "emotion" in cells else 0
            split = _split(cells["usage"]) if "usage" in cells else self.default_split
            face = _face(cells["pixels"], self.side)
        except ValueError as error:
            self.problems.append(Problem(origin, f"{error}; row left out."))
            return
        self.side = math.isqrt(len(face))
        self.pixels += face.tobytes()
        self.labels.append(label)
        self.splits.append(split)
        self.origins.append(origin)
        self.rows.append(number)
        self.values.append(cells[self.column].strip() if self.column else "")

    def source(self) -> Source:
        side = self.side or 48
        return Source(
            np.frombuffer(self.pixels, np.uint8).reshape(-1, side, side, 1),
            np.array(self.labels, np.int64),
            FER2013_LABELS,
            strings(self.splits),
            strings(self.origins),
            np.array(self.rows, np.int64),
            problems=tuple(self.problems),
            values=strings(self.values) if self.column else None,
        )


def _label(text: str) -> int:
    label = _LABEL_OF.get(canonical(text))
    if label is None:
        raise ValueError(f"expected an emotion from 0 to {len(FER2013_LABELS) - 1}, got {text!r}")
    return label


def _split(text: str) -> str:
    split = SPLIT_OF_USAGE.get(text.strip())
    if split is None:
        raise ValueError(f"expected a usage of {', '.join(SPLIT_OF_USAGE)}, got {text!r}")
    return split


def _face(text: str, side: int) -> NDArray[np.uint8]:
    """Parse the pixels of one face; `np.fromstring` is five times as fast as splitting the text."""
    try:
        values = np.fromstring(text, np.int32, sep=" ")
    except (ValueError, DeprecationWarning) as error:
        raise ValueError("the pixels are not whole numbers with blanks between them") from error
    expected = side or math.isqrt(len(values))
    if len(values) != expected**2 or expected < MIN_SIDE:
        usual = side or 48
        raise ValueError(f"expected {usual**2:,} pixels ({usual} × {usual}), got {len(values):,}")
    if values.min() < 0 or values.max() > 255:
        raise ValueError(f"expected pixels from 0 to 255, got {values.min()} to {values.max()}")
    return values.astype(np.uint8)
