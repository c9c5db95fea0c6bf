"""What is measured of each output, and what follows for its temperature and its thresholds."""

import dataclasses

import numpy as np
import pytest

from fer.evaluation.report import PLAIN_PICTURES
from fer.labels import EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD, FERPLUS_LABELS
from fer.model.spec import Head, ModelSpec
from tests.training.commands.test_train import bars
from training.data.dataset import LabelledFaces
from training.evaluation.measure import (
    FLAWED,
    Answers,
    Truth,
    selective_answers,
    temperatures,
    thresholds,
    truths,
)
from training.evaluation.predictions import Predictions

#: Scores, one row for each answer.
SCORES = np.eye(len(FERPLUS_LABELS), dtype=np.float32) * 2


@pytest.fixture
def both(spec: ModelSpec) -> ModelSpec:
    """A model with both outputs."""
    heads = (
        Head(name=EXPRESSION_HEAD, labels=FER2013_LABELS, meaning="a label"),
        Head(name=FERPLUS_HEAD, labels=FERPLUS_LABELS, meaning="a vote"),
    )
    return spec.model_copy(update={"heads": heads})


def voted(*votes: tuple[int, ...]) -> LabelledFaces:
    return dataclasses.replace(bars(len(votes), 1), votes=np.array(votes, np.uint8))


CLEAR = (7, 2, 0, 0, 0, 0, 0, 0, 1, 0)
TIED = (5, 5, 0, 0, 0, 0, 0, 0, 0, 0)
NO_FACE = (1, 0, 0, 0, 0, 0, 0, 0, 0, 9)
NO_VOTES = (0,) * 10


@pytest.mark.parametrize(
    ("faces", "known"),
    [
        (dataclasses.replace(bars(2, 1), votes=None), None),
        (voted(NO_VOTES, NO_VOTES), None),
        (voted(TIED, NO_FACE), None),
        (voted(CLEAR, TIED), [True, False]),
    ],
)
def test_voters_are_the_truth_where_one_expression_leads(
    both: ModelSpec, faces: LabelledFaces, known: list | None
) -> None:
    found = truths(both, faces)
    assert found[EXPRESSION_HEAD].known.all()
    assert (found[FERPLUS_HEAD].known.tolist() if FERPLUS_HEAD in found else None) == known


@pytest.mark.parametrize("known", [[], [False, False], [True, False, True], [True]])
def test_answers_are_judged_where_the_truth_is_known(known: list[bool]) -> None:
    count = len(known)
    truth = Truth(np.arange(count), np.array(known, bool))
    judged = truth.of(SCORES[:count])
    assert judged.labels.tolist() == np.flatnonzero(known).tolist()
    np.testing.assert_array_equal(judged.probabilities, SCORES[judged.labels])


def test_an_output_that_the_model_has_not_is_not_measured(spec: ModelSpec) -> None:
    assert truths(spec, voted(CLEAR)).keys() == {EXPRESSION_HEAD}


def test_each_output_gets_the_temperature_of_its_own_truth(both: ModelSpec) -> None:
    faces = voted(*[CLEAR] * 60, *[TIED] * 20)
    logits = {
        EXPRESSION_HEAD: SCORES[[0] * 80, :7],
        # Always right where the votes are clear, so it cannot be sure enough; wrong elsewhere.
        FERPLUS_HEAD: np.concatenate([SCORES[[0] * 60], SCORES[[5] * 20]]),
    }
    found = temperatures(logits, both, faces)
    assert found[FERPLUS_HEAD]["temperature"] < 0.3
    assert found[EXPRESSION_HEAD]["temperature"] > 1


def made(confidence: float, right: float, count: int = 300) -> Predictions:
    """Return answers of one confidence, some share of which is right."""
    shares = np.full((count, 7), (1 - confidence) / 6, np.float32)
    shares[:, 0] = confidence
    return Predictions((np.arange(count) >= right * count).astype(np.int64), shares)


def answers(plain: Predictions, poor: Predictions) -> Answers:
    further = {
        f"{EXPRESSION_HEAD}: {PLAIN_PICTURES}": plain,
        f"{EXPRESSION_HEAD}: {FLAWED}": poor,
    }
    return Answers("validation", plain, further)


@pytest.mark.parametrize(
    ("plain", "poor", "expected"),
    [
        (made(0.6, 0.9), made(0.6, 0.85), (0.0, 0.0)),
        (made(0.6, 0.9), made(0.6, 0.5), (0.0, 1.0)),
        # A poor picture is never trusted more than a good one.
        (made(0.6, 0.5), made(0.6, 0.9), (1.0, 1.0)),
    ],
)
def test_thresholds_of_plain_and_of_poor_pictures(
    both: ModelSpec, plain: Predictions, poor: Predictions, expected: tuple[float, float]
) -> None:
    found = thresholds(answers(plain, poor), both)
    threshold = found[EXPRESSION_HEAD]
    assert (threshold["threshold"], threshold["flawed_threshold"]) == expected
    assert set(found[FERPLUS_HEAD].values()) == {1.0}, "what was not measured does not answer"


def test_what_thresholds_do_is_told_of_measured_outputs_alone(both: ModelSpec) -> None:
    found = selective_answers(answers(made(0.6, 0.9), made(0.6, 0.5)), both)
    assert [(s.head, s.plain, s.count) for s in found] == [
        (EXPRESSION_HEAD, True, 300),
        (EXPRESSION_HEAD, False, 300),
    ]
    assert found[0].labels == FER2013_LABELS
