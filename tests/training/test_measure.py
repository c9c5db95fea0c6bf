"""What is measured of each head, and what follows for its temperature and its thresholds."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from fer.errors import ModelError
from fer.labels import (
    BALANCED_HEAD,
    EXPRESSION_HEAD,
    FER2013_LABELS,
    FERPLUS_HEAD,
    FERPLUS_LABELS,
)
from fer.model.spec import Abstention, Head, ModelSpec
from tests.training.samples import HEADS, bars
from training.data.dataset import LabelledFaces
from training.evaluation.measure import (
    abstentions,
    cross_fitted_calibration_error,
    selective_predictions,
    split_figures,
    temperatures,
)
from training.evaluation.predictions import (
    Predictions,
    SplitPredictions,
    load_predictions,
    load_splits,
    most_voted,
    save_predictions,
    save_splits,
    truths,
    voted_labels,
)
from training.evaluation.selective import FLOOR, MARGIN

#: Votes in FER+'s order: neutral, happy, surprise, sad, angry, disgust, fear, contempt, unknown,
#: no face; and what they say by a majority of all ten, and by most votes.
VOTES = {
    "no votes": ((0, 0, 0, 0, 0, 0, 0, 0, 0, 0), None, None),
    "all agree": ((0, 10, 0, 0, 0, 0, 0, 0, 0, 0), "happy", "happy"),
    "just more than half": ((0, 0, 0, 6, 4, 0, 0, 0, 0, 0), "sad", "sad"),
    "half": ((0, 5, 3, 2, 0, 0, 0, 0, 0, 0), None, "happy"),
    "tied": ((5, 5, 0, 0, 0, 0, 0, 0, 0, 0), None, None),
    # Whoever does not know the expression has voted too.
    "most of those who know": ((0, 4, 0, 2, 0, 0, 0, 0, 4, 0), None, None),
    "half, others see no face": ((0, 5, 1, 0, 0, 0, 0, 0, 1, 3), None, "happy"),
    "nobody knows": ((0, 2, 0, 0, 0, 0, 0, 0, 8, 0), None, None),
    "no face": ((0, 2, 0, 0, 0, 0, 0, 0, 0, 8), None, None),
    "contempt": ((1, 0, 0, 0, 0, 0, 0, 9, 0, 0), "contempt", "contempt"),
}


@pytest.mark.parametrize(("votes", "majority", "plurality"), VOTES.values(), ids=VOTES)
def test_a_rule_names_an_expression_or_none(
    votes: tuple[int, ...], majority: str | None, plurality: str | None
) -> None:
    for rule, expected in (("majority", majority), ("plurality", plurality)):
        labels, known = most_voted(np.array([votes], np.uint8), rule)
        assert (FERPLUS_LABELS[labels[0]] if known[0] else None) == expected, rule
        labels, known = voted_labels(np.array([votes], np.uint8), rule)
        among = None if expected == "contempt" else expected
        assert (FER2013_LABELS[labels[0]] if known[0] else None) == among, rule
        assert voted_labels(np.zeros((0, 10), np.uint8), rule)[0].shape == (0,)


#: Scores, one row for each answer.
SCORES = np.eye(len(FERPLUS_LABELS), dtype=np.float32) * 2


@pytest.fixture
def both(spec: ModelSpec) -> ModelSpec:
    """A model with both heads."""
    return spec.model_copy(update={"heads": HEADS})


def voted(*votes: tuple[int, ...]) -> LabelledFaces:
    return dataclasses.replace(bars(len(votes), 1), votes=np.array(votes, np.uint8))


CLEAR = (7, 2, 0, 0, 0, 0, 0, 0, 1, 0)
TIED = (5, 5, 0, 0, 0, 0, 0, 0, 0, 0)
NO_FACE = (1, 0, 0, 0, 0, 0, 0, 0, 0, 9)
NO_VOTES = (0,) * 10


def test_each_head_has_a_truth_of_its_own_for_some_faces(both: ModelSpec) -> None:
    """Most people judge faces whose votes are clear, and the label those without votes."""
    weights = {EXPRESSION_HEAD: 0.5, FERPLUS_HEAD: 0.5}
    blend = Head(name=BALANCED_HEAD, labels=FER2013_LABELS, meaning="", blend=weights)
    balanced = both.model_copy(update={"heads": (blend, *both.heads)})
    faces = voted(TIED, CLEAR, NO_VOTES, NO_FACE)
    found = truths(balanced, faces)
    neutral = FER2013_LABELS.index("neutral")
    assert found[EXPRESSION_HEAD].faces.tolist() == [0, 1, 2, 3]
    assert (found[FERPLUS_HEAD].faces.tolist(), found[FERPLUS_HEAD].labels.tolist()) == ([1], [0])
    people = found[BALANCED_HEAD]
    assert (people.faces.tolist(), people.labels.tolist()) == ([1, 2], [neutral, faces.labels[2]])
    np.testing.assert_array_equal(people.of(np.eye(4)).probabilities, np.eye(4)[[1, 2]])
    for less in (voted(TIED, NO_FACE), dataclasses.replace(faces, votes=None)):
        assert truths(balanced, less).keys() == {EXPRESSION_HEAD}
    without = both.model_copy(update={"heads": both.heads[:1]})
    assert truths(without, faces).keys() == {EXPRESSION_HEAD}


def test_each_head_gets_the_temperature_of_its_own_truth(both: ModelSpec) -> None:
    faces = voted(*[CLEAR] * 60, *[TIED] * 20)
    logits = {
        EXPRESSION_HEAD: SCORES[[0] * 80, :7],
        # Always right where the votes are clear, so it cannot be sure enough; wrong elsewhere.
        FERPLUS_HEAD: np.concatenate([SCORES[[0] * 60], SCORES[[5] * 20]]),
    }
    found = temperatures(logits, both, faces)
    assert found[FERPLUS_HEAD] < 0.3
    assert found[EXPRESSION_HEAD] > 1


def made(confidence: float, right: float, count: int = 300) -> Predictions:
    """Return answers of one confidence, some share of which is right."""
    shares = np.full((count, 7), (1 - confidence) / 6, np.float32)
    shares[:, 0] = confidence
    return Predictions((np.arange(count) >= right * count).astype(np.int64), shares)


CLOSE = np.tile(np.array([0.53, 0.47, 0, 0, 0, 0, 0], np.float32), (300, 1))
WITH_CLOSE = Predictions.pooled([made(0.6, 0.9), Predictions(np.full(300, 2), CLOSE)])


def answers(
    plain: Predictions, degraded: Predictions, split: str = "validation"
) -> SplitPredictions:
    parts = dict.fromkeys(
        ("plain", "tta", "corrupted/darker", "agreement/expression/majority"), plain
    )
    return SplitPredictions(split, parts | {f"{EXPRESSION_HEAD}/degraded": degraded})


@pytest.mark.parametrize(
    ("plain", "degraded", "expected"),
    [
        (made(0.6, 0.9), made(0.6, 0.85), (FLOOR, FLOOR)),
        (made(0.6, 0.9), made(0.6, 0.5), (FLOOR, 1.0)),
        # A degraded picture is never trusted more than a good one.
        (made(0.6, 0.5), made(0.6, 0.9), (1.0, 1.0)),
        # Close answers are always wrong here, but will not be given.
        (WITH_CLOSE, WITH_CLOSE, (FLOOR, FLOOR)),
    ],
)
def test_thresholds_of_plain_and_of_degraded_pictures(
    plain: Predictions, degraded: Predictions, expected: tuple[float, float]
) -> None:
    found = abstentions(answers(plain, degraded), labels=FER2013_LABELS)
    assert found.keys() == {EXPRESSION_HEAD}, "what was not measured does not answer"
    chosen = found[EXPRESSION_HEAD]
    assert (chosen.threshold, chosen.degraded_threshold) == expected
    assert chosen.margin == MARGIN


def test_a_threshold_does_in_each_domain_and_none_dilutes_another() -> None:
    """A hundred times as many faces of a domain on which nearly all is right change nothing."""
    noisy, easy = made(0.6, 0.5), made(0.6, 0.95, 30_000)
    press = answers(easy, easy, "validation, press")
    first = answers(noisy, noisy)
    chosen = abstentions(first, press, labels=FER2013_LABELS)[EXPRESSION_HEAD]
    assert chosen.threshold == abstentions(first, labels=FER2013_LABELS)[EXPRESSION_HEAD].threshold
    assert abstentions(press, labels=FER2013_LABELS)[EXPRESSION_HEAD].threshold == FLOOR


def test_domains_weigh_alike_in_a_temperature(both: ModelSpec) -> None:
    """Of one domain every answer is right, of the other, with a tenth of the faces, half."""

    def fitted(first: int, second: int) -> float:
        count = first + second
        faces = dataclasses.replace(
            bars(count, 1),
            labels=np.where(np.arange(count) < first + second // 2, 0, 1),
            domains=np.repeat(["web", "press"], [first, second]),
            votes=None,
        )
        logits = np.tile(np.array([2, 0, 0, 0, 0, 0, 0], np.float32), (count, 1))
        return temperatures({EXPRESSION_HEAD: logits}, both, faces)[EXPRESSION_HEAD]

    assert fitted(1000, 100) == pytest.approx(fitted(200, 200), rel=1e-3)


def test_the_calibration_error_is_that_of_the_first_domain() -> None:
    """All answers are sure: of one domain nearly all are right, of the other none."""
    labels = np.r_[np.zeros(190), np.ones(10), np.ones(200)].astype(np.int64)
    logits = np.tile(np.array([3, 0, 0, 0, 0, 0, 0], np.float32), (400, 1))
    faces = dataclasses.replace(bars(400, 1), labels=labels, votes=None)
    domains = np.repeat(["first", "second"], 200)
    alone = cross_fitted_calibration_error(logits[:200], faces.take(slice(200)))
    both = cross_fitted_calibration_error(logits, dataclasses.replace(faces, domains=domains))
    assert alone == pytest.approx(0, abs=0.02)
    assert both == pytest.approx(0.95 - 0.475, abs=0.05), "one temperature for both"


def test_counts_of_validation_faces_are_cross_fitted(both: ModelSpec) -> None:
    """A temperature was fitted on these faces, but never on the pictures made poor."""
    shy = made(0.6, 0.9)
    head = both.heads[0].model_copy(
        update={"abstention": Abstention(threshold=0.5, degraded_threshold=0.5)}
    )
    spec = both.model_copy(update={"heads": (head,)})
    for split, moved in (("validation", True), ("test", False)):
        plain, poor = selective_predictions(answers(shy, shy, split), spec)
        assert plain.predicted[0][12] == (0 if moved else 300)
        assert poor.predicted[0][12] == 300


def test_the_second_head_is_measured_against_most_votes(both: ModelSpec) -> None:
    half = Predictions(np.array([0, 1]), np.eye(8, dtype=np.float32)[[0, 2]])
    split = answers(made(0.6, 0.9), made(0.6, 0.9))
    assert split_figures(split, both, FER2013_LABELS)["ferplus_evaluation"] is None
    voted_too = {f"{FERPLUS_HEAD}/plain": half, f"{FERPLUS_HEAD}/degraded": half}
    split = dataclasses.replace(split, parts=split.parts | voted_too)
    figures = split_figures(split, both, FER2013_LABELS)["ferplus_evaluation"]
    assert figures
    assert [c.label for c in figures.classes] == list(FERPLUS_LABELS)
    assert (figures.count, figures.accuracy) == (2, 0.5)
    assert figures.confusion[1][2] == 1


def test_what_thresholds_do_is_told_of_measured_heads_alone(both: ModelSpec) -> None:
    said = answers(made(0.6, 0.9), made(0.6, 0.5))
    assert selective_predictions(said, both) == (), "nothing was chosen yet"
    measured = both.heads[0].model_copy(
        update={"abstention": Abstention(threshold=0.1, degraded_threshold=0.7)}
    )
    found = selective_predictions(
        said, both.model_copy(update={"heads": (measured, both.heads[1])})
    )
    assert [(s.head, s.degraded, s.threshold, s.count) for s in found] == [
        (EXPRESSION_HEAD, False, 0.1, 300),
        (EXPRESSION_HEAD, True, 0.7, 300),
    ]
    assert found[0].labels == FER2013_LABELS


@pytest.mark.parametrize("split", ["validation", "test", "validation, press"])
def test_what_was_stored_is_read_again(split: str, tmp_path: Path) -> None:
    """Of other splits than validation, a report gives neither views nor corruptions nor votes."""
    said = answers(made(0.6, 0.9), made(0.6, 0.5), split)
    others = ("ferplus/plain", "ferplus/degraded", "balanced", "without_duplicates")
    said = dataclasses.replace(said, parts=said.parts | dict.fromkeys(others, made(0.8, 0.9)))
    save_splits({split: said}, tmp_path)
    ((name, again),) = load_splits(tmp_path).items()
    assert (name, again.split, again.is_validation) == (split, split, split != "test")
    omitted = {"tta", "corrupted/darker", "agreement/expression/majority"}
    assert again.parts.keys() == said.parts.keys() - (omitted if split != "validation" else set())
    assert set(again.heads) == {EXPRESSION_HEAD, FERPLUS_HEAD}
    assert again.of(EXPRESSION_HEAD, degraded=False) is again.plain
    for condition, part in again.parts.items():
        np.testing.assert_array_equal(said.parts[condition].probabilities, part.probabilities)
        np.testing.assert_array_equal(said.parts[condition].labels, part.labels)


@pytest.mark.parametrize("kept", [None, 0, 10, 200, -30])
def test_a_missing_or_damaged_file_is_told(kept: int | None, tmp_path: Path) -> None:
    file = tmp_path / "predictions.npz"
    if kept is not None:
        save_predictions({"test": made(0.6, 0.5, 50)}, tmp_path)
        file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(ModelError, match="is missing" if kept is None else "is damaged"):
        load_predictions(tmp_path)


@pytest.mark.parametrize(
    ("labels", "probabilities"),
    [
        (np.zeros(2, int), None),
        (np.zeros(2, int), np.zeros((3, 4))),
        (np.zeros((2, 2), int), np.zeros((2, 4))),
        (np.zeros(2), np.zeros((2, 4))),
        (np.zeros(2, int), np.zeros((2, 4), int)),
        (np.array([0, 4]), np.zeros((2, 4))),
        (np.array([0, -1]), np.zeros((2, 4))),
        (np.array([None]), np.zeros((1, 4))),
    ],
)
def test_what_is_no_prediction_is_told(
    tmp_path: Path, labels: np.ndarray, probabilities: np.ndarray | None
) -> None:
    arrays = {"a_labels": labels, "a_probabilities": probabilities}
    np.savez(tmp_path / "predictions.npz", **{n: a for n, a in arrays.items() if a is not None})
    with pytest.raises(ModelError):
        load_predictions(tmp_path)
