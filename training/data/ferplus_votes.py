"""FER+: ten people's votes per face of FER2013, in a table beside the images."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.labels import FERPLUS_LABELS
from training.data.csv_files import open_table
from training.data.raw import Problem, Source

#: What FER+'s authors call their table.
VOTES_FILE = "fer2013new.csv"

#: Its vote columns, in order.
_COLUMNS = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
    *("unknown", "nf"),
)

#: Least share of faces whose plurality vote is their label. It is about two thirds where rows match
#: and below a fifth where they are mixed up.
_LEAST_AGREEMENT = 0.4

#: Fewer faces than this say nothing about agreement.
_LEAST_FACES = 20


def is_votes_table(header: list[str]) -> bool:
    """Tell whether lower-case column names are those of FER+."""
    return set(_COLUMNS) <= set(header)


def read_votes(path: Path) -> tuple[NDArray[np.uint8], list[Problem]]:
    """Read ``fer2013new.csv``.

    A row belongs to the face that its image name numbers (``fer0000012.png``), and without a name
    to the face in the same row of ``fer2013.csv``.

    Returns:
        ``(rows, 10)`` votes, all zero where there are none, and what is wrong with the table.

    Raises:
        DataError: a vote column is missing, or the file is no CSV text.
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
                place = f"{path.name}, line {line}"
                problems.append(Problem(place, f"expected ten counts of votes: {error}."))
                continue
            votes[_row_number(cells.get("image name", ""), position)] = counts
    table = np.zeros((max(votes, default=-1) + 1, len(_COLUMNS)), np.uint8)
    for number, counts in votes.items():
        table[number] = counts
    return table, problems


def join(source: Source, path: Path) -> tuple[NDArray[np.uint8] | None, list[Problem]]:
    """Find the votes of each face by its row of ``fer2013.csv``.

    Votes for the wrong faces would be worse than none, so where the rows do not fit, none are used.

    Returns:
        ``(n, 10)`` votes, all zero for faces without; ``None`` where they cannot be joined. And
        what is wrong.
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
    if agreement < _LEAST_AGREEMENT:
        message = (
            f"not used: its votes agree with only {agreement:.0%} of the labels, about 65 % "
            "expected. The faces are not in the order of fer2013.csv."
        )
        return None, [*problems, Problem(path.name, message)]
    return votes, problems


def _agreement(source: Source, votes: NDArray[np.uint8]) -> float:
    """Return the share of faces whose plurality vote is their label; 1 where too few can tell."""
    expression = votes[:, : len(FERPLUS_LABELS)]
    comparable = expression.any(axis=1) & np.isin(
        np.array(source.class_names)[source.labels], FERPLUS_LABELS
    )
    if comparable.sum() < _LEAST_FACES:
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
