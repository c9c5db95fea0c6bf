"""How often predictions at about some confidence were right."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from fer.evaluation.measurements import (
    CONFIDENCE_BINS,
    Neighbours,
    SeedVariance,
    Selective,
    Truth,
)
from fer.evaluation.report import Report
from tests.samples import SHIPPED_MODEL


def counted(*cells: tuple[int, int, int], truth: Truth = "label") -> Selective:
    """Return what was measured of two labels; cells are label, bin and count, half of it right."""
    predicted = np.zeros((2, CONFIDENCE_BINS), int)
    for label, column, count in cells:
        predicted[label, column] = count
    return Selective.model_construct(
        truth=truth,
        labels=("happy", "sad"),
        predicted=tuple(map(tuple, predicted.tolist())),
        correct=tuple(map(tuple, (predicted // 2).tolist())),
    )


@pytest.mark.parametrize(
    ("cells", "label", "confidence", "expected"),
    [
        ([], "happy", 0.5, None),
        ([(0, 10, 40)], "happy", 0.52, Neighbours(0.5, 0.55, 40, 20)),
        # As narrow as possible, and beyond two bins only as far as for a few.
        ([(0, 10, 40), (0, 11, 90)], "happy", 0.52, Neighbours(0.5, 0.55, 40, 20)),
        ([(0, 10, 20), (0, 8, 30)], "happy", 0.52, Neighbours(0.4, 0.65, 50, 25)),
        ([(0, 10, 20), (0, 7, 90)], "happy", 0.52, Neighbours(0.35, 0.7, 110, 55)),
        ([(0, 10, 10)], "happy", 0.52, Neighbours(0.35, 0.7, 10, 5)),
        ([(0, 10, 4), (0, 19, 6)], "happy", 0.52, Neighbours(0.05, 1.0, 10, 5)),
        # Others do not count.
        ([(0, 10, 9), (1, 10, 90)], "happy", 0.52, None),
        ([(1, 10, 50)], "angry", 0.52, None),
        # The ends of the scale.
        ([(0, 19, 60)], "happy", 1.0, Neighbours(0.95, 1.0, 60, 30)),
        ([(0, 1, 60)], "happy", 0.0, Neighbours(0.0, 0.1, 60, 30)),
    ],
)
def test_neighbours_of_a_confidence(
    cells: list, label: str, confidence: float, expected: Neighbours | None
) -> None:
    assert counted(*cells).near(label, confidence) == expected


@pytest.mark.parametrize(
    ("right", "floor"),
    [
        ({}, 1.0),
        ({19: 100, 18: 90, 17: 54, 16: 90}, 0.9),
        ({19: 54, 18: 90}, 1.0),
        (dict.fromkeys(range(20), 55), 0.0),
    ],
)
def test_a_floor_is_where_fewer_than_55_of_100_were_right(
    right: dict[int, int], floor: float
) -> None:
    columns = range(CONFIDENCE_BINS)
    measured = Selective.model_construct(
        truth="label",
        labels=("happy",),
        predicted=(tuple(100 if column in right else 0 for column in columns),),
        correct=(tuple(right.get(column, 0) for column in columns),),
    )
    assert measured.floor("happy") == floor
    assert measured.floor("contempt") == 1, "nothing was seen of it"


@pytest.mark.parametrize("field", ["confusion", "predicted", "correct"])
def test_a_table_of_another_size_is_refused(field: str) -> None:
    measured = next(one for one in Report.load(SHIPPED_MODEL).selective if one.predicted)
    fields = json.loads(measured.model_dump_json())
    assert Selective.model_validate(fields) == measured
    for table in ([*fields[field][1:]], [row[1:] for row in fields[field]]):
        with pytest.raises(ValidationError, match=f"{field}: expected 7 rows"):
            Selective.model_validate(fields | {field: table})


def test_seeds_and_runs_that_differ_in_number_are_refused() -> None:
    runs = {"command": "c", "epochs": 1, "seeds": (1, 2), "accuracies": (0.5, 0.6)}
    times = {"training_seconds": (1.0, 2.0)}
    assert SeedVariance(**runs, **times, macro_f1s=(0.5, 0.6))
    with pytest.raises(ValidationError, match="expected 3 rows of 2"):
        SeedVariance(**runs, **times, macro_f1s=(0.5,))
