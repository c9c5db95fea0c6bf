"""Read FER2013 as CSV, a face per row, or as ``.npz``; and FER+: the votes of ten annotators."""

from __future__ import annotations

import csv
import math
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError, failures_as
from fer.images import MIN_SIDE
from fer.labelled.archives import MB, RATIO
from fer.labelled.names import SPLIT_OF_FOLDER, SPLIT_OF_USAGE
from fer.labelled.table import delimiter_of
from fer.labels import FER2013_LABELS, FERPLUS_LABELS, canonical
from training.data.dataset import VOTES, LabelledFaces, Problem, name_problems

#: Endings of tables.
TABLE_SUFFIXES = (".csv", ".tsv")

#: File name of FER+'s table.
VOTES_FILE = "fer2013new.csv"

#: Its columns with votes, in order.
_VOTE_COLUMNS = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
    *("unknown", "nf"),
)

#: Characters of a table from which its delimiter is recognised.
_FIRST_LINE = 2**14

#: Least fraction of faces whose plurality vote equals their label. It is about two thirds if the
#: rows match, and below a fifth if they do not.
_MIN_AGREEMENT = 0.4

#: Least number of faces from which agreement can be judged.
_MIN_FACES = 20

Value = TypeVar("Value")

_LABEL_OF = {str(number): number for number in range(len(FER2013_LABELS))} | {
    name: number for number, name in enumerate(FER2013_LABELS)
}


#: What a label looks like that is no name.
_NUMBER = re.compile(r"[+-]?\d{1,9}")

_EXPECTED_EMOTION = f"an emotion from 0 to {len(FER2013_LABELS) - 1}, or its name"
_EXPECTED_USAGE = f"a usage of {', '.join(SPLIT_OF_USAGE)}, or train, validation, test"


@contextmanager
def open_table(path: Path) -> Iterator[tuple[list[str], Iterator[tuple[int, list[str]]]]]:
    """Open a CSV file: yield the column names in lower case, and line number and cells of each row.

    Cells may be separated by commas, semicolons or tabs.

    Raises:
        DataError: the file cannot be opened or is not CSV text.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first_line = file.readline(_FIRST_LINE)
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter_of(first_line))
            header = [name.strip().lower() for name in next(reader, [])]
            yield header, ((reader.line_num, row) for row in reader if row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV text: {error}.") from error


def read_header(path: Path) -> list[str]:
    """Return the column names of a CSV file; see `open_table`."""
    with open_table(path) as (header, _):
        return header


def read_table(path: Path, default_split: str, column: str | None = None) -> LabelledFaces:
    """Read labelled faces from a CSV file with ``emotion``, ``pixels`` and perhaps ``Usage``.

    Without ``Usage``, all rows are of the default split. The column, if one is named, gives the
    faces' domains. Invalid rows are skipped and reported in ``problems``.

    Raises:
        DataError: a column is missing, or an emotion is a number above FER2013's.
    """
    with open_table(path) as (header, rows):
        column = column and column.strip().lower()
        _require(path, header, "emotion", "pixels", *([column] if column else []))
        return _read(path.name, header, rows, default_split, column)


def read_unlabelled_table(path: Path) -> LabelledFaces:
    """Read faces from a CSV file with ``pixels``; other columns are ignored and labels are 0."""
    with open_table(path) as (header, rows):
        _require(path, header, "pixels")
        position = header.index("pixels")
        only = ((line, row[position : position + 1]) for line, row in rows)
        return _read(path.name, ["pixels"], only, "test", None)


def _require(path: Path, header: list[str], *columns: str) -> None:
    if missing := [name for name in columns if name not in header]:
        raise DataError(
            f"{path} has no column {' and no column '.join(missing)}; it has "
            f"{', '.join(header[:12]) or 'no header'}. Expected a table like fer2013.csv: "
            "emotion, pixels and Usage."
        )


def _read(
    file: str,
    header: list[str],
    rows: Iterator[tuple[int, list[str]]],
    default_split: str,
    column: str | None,
) -> LabelledFaces:
    """Read rows, which are numbered from 0, as in FER+."""
    pixels, side = bytearray(), 0  # the first valid row determines the side
    found: list[tuple[int, str, str, int, str]] = []
    problems = []
    spellings: dict[str, str] = {}
    with warnings.catch_warnings():
        # Up to NumPy 2.2, text after the last number only causes a warning.
        warnings.simplefilter("error", DeprecationWarning)
        for number, (line, row) in enumerate(rows):
            origin = f"{file}, line {line}"
            try:
                if len(row) != len(header):
                    raise ValueError(f"expected {len(header)} columns, got {len(row)}")
                cells = dict(zip(header, row, strict=True))
                label, split = 0, default_split
                if "emotion" in cells:
                    text = cells["emotion"].strip()
                    if _NUMBER.fullmatch(text):
                        check_numbers(origin, [int(text)])
                    label = _known(_LABEL_OF, text, _EXPECTED_EMOTION, canonical)
                    spellings[text] = FER2013_LABELS[label]
                if "usage" in cells:
                    split = _known(SPLIT_OF_FOLDER, cells["usage"], _EXPECTED_USAGE, _lower)
                face = _face(cells["pixels"], side)
            except ValueError as error:
                problems.append(Problem(origin, f"{error}; row left out."))
                continue
            side = math.isqrt(len(face))
            pixels += face.tobytes()
            found.append((label, split, origin, number, cells[column].strip() if column else ""))
    named = {text: name for text, name in spellings.items() if not _NUMBER.fullmatch(text)}
    problems += name_problems(named)
    side = side or 48
    labels, splits, origins, numbers, domains = zip(*found, strict=True) if found else ((),) * 5
    return LabelledFaces(
        np.frombuffer(pixels, np.uint8).reshape(-1, side, side, 1),
        np.array(labels, np.int64),
        FER2013_LABELS,
        splits=np.array(splits, np.str_),
        origins=np.array(origins, np.str_),
        rows=np.array(numbers, np.int64),
        domains=np.array(domains, np.str_) if column else None,
        problems=tuple(problems),
    )


def check_numbers(place: str, labels: Iterable[int]) -> None:
    """Refuse numbers above FER2013's, because the other labels then mean something else too.

    Other data sets number their expressions from 1, or in another order: leaving out the rows
    that do not fit would teach the others under wrong names. Negative numbers, which mark faces
    without a label, are left to the caller.

    Raises:
        DataError: a number is above 6.
    """
    wrong = next((label for label in labels if label >= len(FER2013_LABELS)), None)
    if wrong is None:
        return
    mapping = ", ".join(f"{number} {name}" for number, name in enumerate(FER2013_LABELS))
    raise DataError(
        f"{place}: expected a label from 0 to {len(FER2013_LABELS) - 1}, got {wrong}. Labels are "
        f"numbered as in FER2013 ({mapping}). Renumber all of them, or write names in a table."
    )


def _lower(text: str) -> str:
    return text.strip().lower()


def _known(
    known: dict[str, Value], text: str, expected: str, normal: Callable[[str], str]
) -> Value:
    if normal(text) not in known:
        raise ValueError(f"expected {expected}, got {text!r}")
    return known[normal(text)]


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


_NPZ_EXPECTED = (
    "Expected image (n, 48, 48) uint8 and label (n,), perhaps usage (n,), votes (n, 10) and "
    "person (n,)."
)

#: Unpacked bytes that an archive may have in any case, however small it is.
_BYTES = 64 * MB

_PER_FACE = ("image", "label", "usage", "votes", "row", "person")


def read_archive(path: Path, column: str | None = None) -> LabelledFaces:
    """Read ``image``, ``label`` and, if present, ``usage``, ``votes``, ``row`` and ``person``.

    Without ``usage``, no face has a split. Faces with a negative label are left out and reported
    in ``problems``.

    Raises:
        DataError: it is no such archive, or has a label above FER2013's.
    """
    with failures_as(lambda error: DataError(f"{path} cannot be read as an .npz archive: {error}")):
        return _archived(path, _fields(path), column)


def _archived(path: Path, fields: dict[str, NDArray], column: str | None) -> LabelledFaces:
    if column is not None and fields.get(column, np.zeros(0)).shape != fields["label"].shape:
        raise DataError(f"{path} has no {column!r} for each face; it has {', '.join(fields)}.")
    images, labels = fields["image"], fields["label"].astype(np.int64)
    check_numbers(path.name, labels.tolist())
    position = np.arange(len(labels))
    valid = labels >= 0
    faces = LabelledFaces(
        images[..., None] if images.ndim == 3 else images,
        labels,
        FER2013_LABELS,
        votes=fields.get("votes"),
        origins=np.char.add(f"{path.name}, index ", position.astype(np.str_)),
        domains=None if column is None else fields[column].astype(np.str_),
        splits=_splits(path, fields, len(labels)),
        rows=fields.get("row", position).astype(np.int64),
        groups=fields["person"].astype(np.str_) if "person" in fields else None,
        problems=tuple(
            Problem(
                f"{path.name}, index {i}",
                f"expected a label from 0 to {len(FER2013_LABELS) - 1}, got {labels[i]}; left out.",
            )
            for i in np.flatnonzero(~valid)
        ),
    )
    return faces if valid.all() else faces.take(valid)


def _splits(path: Path, fields: dict[str, NDArray], count: int) -> NDArray[np.str_]:
    """Return the split of each face by ``usage``; empty texts without it."""
    if "usage" not in fields:
        return np.full(count, "", np.str_)
    usages = fields["usage"].astype(np.str_).tolist()
    if unknown := sorted({one for one in usages if _lower(one) not in SPLIT_OF_FOLDER}):
        raise DataError(f"{path} has unknown usage {unknown}; expected {_EXPECTED_USAGE}.")
    return np.array([SPLIT_OF_FOLDER[_lower(one)] for one in usages], np.str_)


def _fields(path: Path) -> dict[str, NDArray]:
    with zipfile.ZipFile(path) as members:
        unpacked = sum(member.file_size for member in members.infolist())
    if unpacked > max(_BYTES, RATIO * path.stat().st_size):
        raise DataError(
            f"{path} was refused: it unpacks to {unpacked / MB:,.0f} MB, more than {RATIO} "
            "times its size, as no faces do."
        )
    with path.open("rb") as file, np.load(file) as archive:
        fields = {key: archive[key] for key in archive.files}
    if missing := {"image", "label"} - fields.keys():
        raise DataError(
            f"{path} lacks {', '.join(sorted(missing))}; it has {', '.join(fields)}. "
            f"{_NPZ_EXPECTED}"
        )
    if not _fit(fields):
        shapes = ", ".join(f"{name} {a.shape} {a.dtype}" for name, a in fields.items())
        raise DataError(f"{path} holds {shapes}. {_NPZ_EXPECTED}")
    return fields


def _fit(fields: dict[str, NDArray]) -> bool:
    image, label, votes = fields["image"], fields["label"], fields.get("votes")
    return (
        image.dtype == np.uint8
        and (image.ndim == 3 or (image.ndim == 4 and image.shape[3] in (1, 3)))
        and image.shape[1] == image.shape[2]
        and label.ndim == 1
        and label.dtype.kind in "iu"
        and all(f.shape[:1] == label.shape for n, f in fields.items() if n in _PER_FACE)
        and ("usage" not in fields or fields["usage"].ndim == 1)
        and (votes is None or (votes.dtype.kind in "iuf" and votes.shape[1:] == (VOTES,)))
        and (votes is None or bool(((votes >= 0) & (votes <= 255)).all()))
        and ("row" not in fields or fields["row"].dtype.kind in "iu")
    )


def is_votes_table(header: list[str]) -> bool:
    """Return whether lower-case column names are those of FER+."""
    return set(_VOTE_COLUMNS) <= set(header)


def read_votes(path: Path) -> tuple[NDArray[np.uint8], list[Problem]]:
    """Read ``fer2013new.csv``: votes ``(rows, 10)``, all zero for rows without, and its problems.

    The image name of a row gives the row of its face in ``fer2013.csv`` (``fer0000012.png``).
    Without an image name, it is the row of the same number.
    """
    votes: dict[int, list[int]] = {}
    problems = []
    with open_table(path) as (header, rows):
        if missing := set(_VOTE_COLUMNS) - set(header):
            raise DataError(f"{path} is no FER+ table: it lacks {', '.join(sorted(missing))}.")
        for position, (line, row) in enumerate(rows):
            try:
                cells = dict(zip(header, row, strict=True))
                counts = [int(cells[column]) for column in _VOTE_COLUMNS]
                if wrong := [count for count in counts if not 0 <= count <= 255]:
                    raise ValueError(f"{wrong[0]} votes")
            except ValueError as error:
                origin = f"{path.name}, line {line}"
                problems.append(Problem(origin, f"expected ten counts of votes: {error}."))
                continue
            digits = re.fullmatch(r"fer(\d{1,7})\.\w+", cells.get("image name", "").strip())
            votes[int(digits[1]) if digits else position] = counts
    table = np.zeros((max(votes, default=-1) + 1, len(_VOTE_COLUMNS)), np.uint8)
    for number, counts in votes.items():
        table[number] = counts
    return table, problems


def with_votes(faces: LabelledFaces, path: Path) -> LabelledFaces:
    """Join votes to faces by their rows in ``fer2013.csv``; faces without votes get all zeros.

    If the rows do not match, none are used: votes for wrong faces would be worse than none.
    """
    votes: NDArray[np.uint8] | None = None
    problems: list[Problem] = []
    try:
        table, problems = read_votes(path)
        votes = _of_rows(table, faces)
    except DataError as error:
        problems = [*problems, Problem(path.name, f"not used: {error}")]
    return replace(faces, votes=votes, problems=(*faces.problems, *problems))


def _of_rows(table: NDArray[np.uint8], faces: LabelledFaces) -> NDArray[np.uint8]:
    assert faces.rows is not None
    known = faces.rows >= 0
    if not known.any():
        raise DataError("expected file names such as Training_12.png that number the rows.")
    if faces.rows.max() >= len(table):
        raise DataError(
            f"it has {len(table):,} rows, but the faces are numbered up to {faces.rows.max():,}, "
            "so their numbers are not rows of fer2013.csv."
        )
    votes = np.where(known[:, None], table[faces.rows], 0).astype(np.uint8)
    expression = votes[:, : len(FERPLUS_LABELS)]
    comparable = expression.any(axis=1) & np.isin(faces.names, FERPLUS_LABELS)
    voted = np.array(FERPLUS_LABELS)[expression[comparable].argmax(axis=1)]
    # The plurality vote of most faces is their label; too few faces say nothing.
    agreement = (voted == faces.names[comparable]).mean() if comparable.sum() >= _MIN_FACES else 1
    if agreement < _MIN_AGREEMENT:
        raise DataError(
            f"its votes agree with only {agreement:.0%} of the labels, about 65 % expected. The "
            "faces are not in the order of fer2013.csv."
        )
    return votes
