"""What FER+'s voters said of a face: by a majority of all ten, or by most votes."""

import numpy as np
import pytest

from fer.labels import FER2013_LABELS, FERPLUS_LABELS
from training.evaluation.ferplus_agreement import most_voted, voted_labels

#: Votes in FER+'s order: neutral, happy, surprise, sad, angry, disgust, fear, contempt, unknown,
#: no face; and what they say by each rule.
CASES = {
    "no votes": ((0, 0, 0, 0, 0, 0, 0, 0, 0, 0), None, None),
    "all agree": ((0, 10, 0, 0, 0, 0, 0, 0, 0, 0), "happy", "happy"),
    "just more than half": ((0, 0, 0, 6, 4, 0, 0, 0, 0, 0), "sad", "sad"),
    "half": ((0, 5, 3, 2, 0, 0, 0, 0, 0, 0), None, "happy"),
    "tied": ((5, 5, 0, 0, 0, 0, 0, 0, 0, 0), None, None),
    # Whoever does not know the expression has voted too.
    "most of those who know": ((0, 4, 0, 2, 0, 0, 0, 0, 4, 0), None, None),
    "half, others see no face": ((0, 5, 1, 0, 0, 0, 0, 0, 1, 3), None, "happy"),
    "nobody knows": ((0, 2, 0, 0, 0, 0, 0, 0, 8, 0), None, None),
    "contempt": ((1, 0, 0, 0, 0, 0, 0, 9, 0, 0), None, None),
}


@pytest.mark.parametrize(("votes", "majority", "plurality"), CASES.values(), ids=CASES)
def test_a_rule_names_an_expression_or_none(
    votes: tuple[int, ...], majority: str | None, plurality: str | None
) -> None:
    for rule, expected in (("majority", majority), ("plurality", plurality)):
        labels, counts = voted_labels(np.array([votes], np.uint8), rule)
        said = FER2013_LABELS[labels[0]] if counts[0] else None
        assert said == expected, rule


@pytest.mark.parametrize("rule", ["majority", "plurality"])
def test_about_no_face_nothing_is_said(rule: str) -> None:
    labels, counts = voted_labels(np.zeros((0, 10), np.uint8), rule)
    assert (labels.shape, counts.shape) == ((0,), (0,))


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ((0,) * 10, None),
        ((0, 5, 3, 2, 0, 0, 0, 0, 0, 0), "happy"),
        ((5, 5, 0, 0, 0, 0, 0, 0, 0, 0), None),
        ((1, 0, 0, 0, 0, 0, 0, 9, 0, 0), "contempt"),
        ((0, 2, 0, 0, 0, 0, 0, 0, 8, 0), None),
        ((0, 2, 0, 0, 0, 0, 0, 0, 0, 8), None),
    ],
    ids=["no votes", "most", "tied", "contempt", "nobody knows", "no face"],
)
def test_most_votes_name_an_expression_of_ferplus(
    votes: tuple[int, ...], expected: str | None
) -> None:
    labels, known = most_voted(np.array([votes], np.uint8))
    assert (FERPLUS_LABELS[labels[0]] if known[0] else None) == expected
