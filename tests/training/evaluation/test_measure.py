"""What is measured of each head, and what follows for its temperature and its thresholds."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from fer.labels import (
    BALANCED_HEAD,
    EXPRESSION_HEAD,
    FER2013_LABELS,
    FERPLUS_HEAD,
    FERPLUS_LABELS,
)
from fer.model.spec import Abstention, Head, ModelSpec
from tests.training.samples import bars
from training.data.dataset import LabelledFaces
from training.evaluation.measure import (
    abstentions,
    selective_predictions,
    split_figures,
    temperatures,
)
from training.evaluation.predictions import Predictions
from training.evaluation.selective import FLOOR, MARGIN, pooled
from training.evaluation.split_predictions import (
    KnownTruth,
    SplitPredictions,
    load_splits,
    save_splits,
    truths,
)

#: Scores, one row for each answer.
SCORES = np.eye(len(FERPLUS_LABELS), dtype=np.float32) * 2


@pytest.fixture
def both(spec: ModelSpec) -> ModelSpec:
    """A model with both heads."""
    heads = (
        Head(name=EXPRESSION_HEAD, output="a", labels=FER2013_LABELS, meaning="a label"),
        Head(name=FERPLUS_HEAD, output="b", labels=FERPLUS_LABELS, meaning="a vote"),
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
        (voted(TIED, CLEAR), [1]),
    ],
)
def test_voters_are_the_truth_where_one_expression_leads(
    both: ModelSpec, faces: LabelledFaces, known: list | None
) -> None:
    found = truths(both, faces)
    assert found[EXPRESSION_HEAD].faces.tolist() == list(range(len(faces)))
    assert (found[FERPLUS_HEAD].faces.tolist() if FERPLUS_HEAD in found else None) == known


@pytest.mark.parametrize("known", [[], [False, False], [True, False, True], [True]])
def test_answers_are_judged_where_the_truth_is_known(known: list[bool]) -> None:
    count = len(known)
    truth = KnownTruth.where(np.arange(count), np.array(known, bool))
    judged = truth.of(SCORES[:count])
    assert judged.labels.tolist() == np.flatnonzero(known).tolist()
    np.testing.assert_array_equal(judged.probabilities, SCORES[judged.labels])


def test_most_people_judge_the_faces_whose_votes_are_clear_and_the_label_those_without(
    both: ModelSpec,
) -> None:
    blend = Head(
        name=BALANCED_HEAD,
        labels=FER2013_LABELS,
        meaning="",
        blend={EXPRESSION_HEAD: 0.5, FERPLUS_HEAD: 0.5},
    )
    balanced = both.model_copy(update={"heads": (blend, *both.heads)})
    faces = voted(TIED, CLEAR, [0] * 10)
    truth = truths(balanced, faces)[BALANCED_HEAD]
    neutral = FER2013_LABELS.index("neutral")
    assert (truth.faces.tolist(), truth.labels.tolist()) == ([1, 2], [neutral, faces.labels[2]])
    assert BALANCED_HEAD not in truths(balanced, voted(TIED))
    assert BALANCED_HEAD not in truths(balanced, dataclasses.replace(faces, votes=None))


def test_a_head_that_the_model_has_not_is_not_measured(spec: ModelSpec) -> None:
    assert truths(spec, voted(CLEAR)).keys() == {EXPRESSION_HEAD}


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


def test_a_threshold_is_chosen_among_answers_with_a_margin() -> None:
    """Close ones are always wrong here, but will not be given."""
    close = np.tile(np.array([0.53, 0.47, 0, 0, 0, 0, 0], np.float32), (300, 1))
    plain = pooled([made(0.6, 0.9), Predictions(np.full(300, 2), close)])
    chosen = abstentions(answers(plain, plain), labels=FER2013_LABELS)
    assert chosen[EXPRESSION_HEAD].threshold == FLOOR


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


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("test", {"test/expression/degraded"}),
        (
            "validation",
            {
                "validation/expression/degraded",
                "validation/tta",
                "validation/corrupted/darker",
                "validation/agreement/expression/majority",
            },
        ),
    ],
)
def test_what_is_stored_is_what_the_report_gives_of_a_split(split: str, names: set[str]) -> None:
    plain = made(0.6, 0.9)
    said = answers(plain, plain, split)
    assert said.further().keys() == names
    again = SplitPredictions(split, said.parts | {"without_duplicates": plain}).further()
    assert again.keys() == names | {f"{split}/without_duplicates"}


def test_what_was_stored_is_read_again(tmp_path: Path) -> None:
    said = answers(made(0.6, 0.9), made(0.6, 0.5))
    others = dict.fromkeys(("ferplus/plain", "ferplus/degraded", "balanced"), made(0.8, 0.9))
    said = dataclasses.replace(said, parts=said.parts | others)
    save_splits({"validation": said}, tmp_path)
    ((split, again),) = load_splits(tmp_path).items()
    assert (split, again.split) == ("validation", "validation")
    assert again.parts.keys() == said.parts.keys()
    assert again.heads.keys() == {EXPRESSION_HEAD, FERPLUS_HEAD}
    for name, part in said.parts.items():
        np.testing.assert_array_equal(again.parts[name].probabilities, part.probabilities)
        np.testing.assert_array_equal(again.parts[name].labels, part.labels)
