"""Read FER+: the votes of ten annotators per FER2013 face, from a table next to the images."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.labels import FERPLUS_LABELS
from training.data.csv_files import open_table
from training.data.raw import Problem, Source

#: File name of FER+'s table.
VOTES_FILE = "fer2013new.csv"

#: Vote columns of the table, in order.
_COLUMNS = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
    *("unknown", "nf"),
)

#: Least fraction of faces whose plurality vote equals their label. It is about two thirds if the
#: rows match, and below a fifth if they do not.
_MIN_AGREEMENT = 0.4

#: Least number of faces from which agreement can be judged.
_MIN_FACES = 20


def is_votes_table(header: list[str]) -> bool:
    """Return whether lower-case column names are those of FER+."""
    return set(_COLUMNS) <= set(header)


def read_votes(path: Path) -> tuple[NDArray[np.uint8], list[Problem]]:
    """Read ``fer2013new.csv``.

    The image name of a row gives the row of its face in ``fer2013.csv`` (``fer0000012.png``).
    Without an image name, it is the row of the same number.

    Returns:
        Votes ``(rows, 10)``, all zero for rows without votes, and the problems of the table.

    Raises:
        DataError: a vote column is missing, or the file is not CSV text.
    """
    votes: dict[int, list[int]] = {}
    problems = []
    with open_table(path) as (header, rows):
        if missing := set(_COLUMNS) - set(header):
            raise DataError(f"{path} is no FER+ table: it lacks {', '.join(sorted(missing))}.")
        for position, (line, row) in enumerate(rows):
            try:
                cells = dict(zip(header, row, strict=True))
                counts = [_count(cells[column]) for column in _COLUMNS]
            except ValueError as error:
                origin = f"{path.name}, line {line}"
                problems.append(Problem(origin, f"expected ten counts of votes: {error}."))
                continue
            votes[_row_number(cells.get("image name", ""), position)] = counts
    table = np.zeros((max(votes, default=-1) + 1, len(_COLUMNS)), np.uint8)
    for number, counts in votes.items():
        table[number] = counts
    return table, problems


def join(source: Source, path: Path) -> tuple[NDArray[np.uint8] | None, list[Problem]]:
    """Join votes to faces by their rows in ``fer2013.csv``.

    Votes for wrong faces would be worse than none, so if the rows do not match, none are used.

    Returns:
        Votes ``(n, 10)``, all zero for faces without votes, or ``None`` if they cannot be joined;
        and the problems.
    """
    try:
        table, problems = read_votes(path)
    except DataError as error:
        return None, [Problem(path.name, f"not used: {error}")]
    known = source.rows >= 0
    if not known.any():
        message = "not used: expected file names such as Training_12.png that number the rows."
        return None, [*problems, Problem(path.name, message)]
    if source.rows.max() >= len(table):
        message = (
            f"not used: it has {len(table):,} rows, but the faces are numbered up to "
            f"{source.rows.max():,}, so their numbers are not rows of fer2013.csv."
        )
        return None, [*problems, Problem(path.name, message)]
    votes = np.where(known[:, None], table[source.rows], 0).astype(np.uint8)
    agreement = _agreement(source, votes)
    if agreement < _MIN_AGREEMENT:
        message = (
            f"not used: its votes agree with only {agreement:.0%} of the labels, about 65 % "
            "expected. The faces are not in the order of fer2013.csv."
        )
        return None, [*problems, Problem(path.name, message)]
    return votes, problems


def _agreement(source: Source, votes: NDArray[np.uint8]) -> float:
    """Return the fraction of faces whose plurality vote equals their label; 1 for too few faces."""
    expression = votes[:, : len(FERPLUS_LABELS)]
    comparable = expression.any(axis=1) & np.isin(
        np.array(source.class_names)[source.labels], FERPLUS_LABELS
    )
    if comparable.sum() < _MIN_FACES:
        return 1.0
    voted = np.array(FERPLUS_LABELS)[expression[comparable].argmax(axis=1)]
    labelled = np.array(source.class_names)[source.labels[comparable]]
    return float((voted == labelled).mean())


def _count(text: str) -> int:
    count = int(text)
    if not 0 <= count <= 255:
        raise ValueError(f"{count} votes")
    return count


def _row_number(image_name: str, position: int) -> int:
    digits = re.fullmatch(r"fer(\d{1,7})\.\w+", image_name.strip())
    return int(digits[1]) if digits else position
