import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.errors import DataError
from fer.evaluation.metrics import evaluate, evaluate_labelled
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import Abstention, Head

NAMES = ("angry", "happy", "sad", "neutral")


def head(abstention: Abstention | None = None) -> Head:
    return Head(name=EXPRESSION_HEAD, output="o", labels=NAMES, meaning="", abstention=abstention)


def shares(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, len(NAMES))


@pytest.mark.parametrize(
    ("truth", "said"), [([], "not at all"), (["contempt", "awe", "awe"], "awe, contempt")]
)
def test_faces_without_a_class_of_the_head_are_no_measurement(truth: list[str], said: str) -> None:
    with pytest.raises(DataError, match=f"knows angry, happy, sad, neutral.*labelled {said}"):
        evaluate_labelled(truth, shares(*[(0.7, 0.1, 0.1, 0.1)] * len(truth)), head())


def test_every_face_needs_its_probabilities() -> None:
    with pytest.raises(ValueError, match=r"expected probabilities \(2, 4\), got \(1, 4\)"):
        evaluate_labelled(["sad", "sad"], shares((1, 0, 0, 0)), head())


def test_a_set_without_neutral_and_with_contempt_by_hand() -> None:
    truth = ["happy", "sad", "sad", "contempt", "happy"]
    rows = shares(
        (0.0, 0.9, 0.05, 0.05),
        (0.0, 0.1, 0.3, 0.6),  # neutral, which is not in the data; else sad
        (0.0, 0.5, 0.2, 0.3),
        (0.0, 0.0, 0.0, 1.0),
        (0.9, 0.1, 0.0, 0.0),  # angry, which is not in the data; else happy
    )
    found = evaluate_labelled(truth, rows, head())
    assert (found.shared, found.missing) == (("happy", "sad"), ("angry", "neutral"))
    assert found.left_out == {"contempt": 1}
    assert (found.as_answered.count, found.as_answered.accuracy) == (4, 0.25)
    assert [c.support for c in found.as_answered.classes] == [0, 2, 2, 0]
    assert found.restricted is not None
    assert (found.restricted.count, found.restricted.accuracy) == (4, 0.75)
    assert found.restricted.confusion == ((2, 0), (1, 1))


def test_one_class_cannot_be_told_from_others() -> None:
    found = evaluate_labelled(["sad"], shares((0.1, 0.2, 0.6, 0.1)), head())
    assert found.restricted is None
    assert found.as_answered.accuracy == 1


def test_a_face_that_is_another_beyond_doubt_is_still_among_these() -> None:
    found = evaluate_labelled(["happy", "sad"], shares((1, 0, 0, 0), (1, 0, 0, 0)), head())
    assert found.restricted is not None
    assert found.restricted.log_loss == pytest.approx(np.log(2))


def test_answers_are_given_as_the_app_gives_them() -> None:
    truth = ["happy", "happy", "happy", "happy"]
    rows = shares(
        (0.1, 0.7, 0.1, 0.1),
        (0.1, 0.7, 0.1, 0.1),  # flawed: needs 0.8
        (0.45, 0.5, 0.05, 0.0),  # two are close
        (0.9, 0.1, 0.0, 0.0),
    )
    limits = Abstention(threshold=0.5, degraded_threshold=0.8, margin=0.1)
    flawed = np.array([False, True, False, False])
    found = evaluate_labelled(truth, rows, head(limits), flawed)
    assert (found.answered, found.answered_accuracy) == (0.5, 0.5)
    unmeasured = evaluate_labelled(truth, rows, head())
    assert (unmeasured.answered, unmeasured.answered_accuracy) == (0, 0)


@given(st.lists(st.sampled_from([*NAMES, "contempt", "awe"]), min_size=1), st.integers(0, 999))
def test_nothing_is_lost_and_all_classes_make_both_figures_one(truth: list[str], seed: int) -> None:
    truth = [*truth, *NAMES]
    rows = np.random.default_rng(seed).dirichlet(np.ones(4), len(truth)).astype(np.float32)
    found = evaluate_labelled(truth, rows, head())
    known = np.array([name in NAMES for name in truth])
    labels = np.array([NAMES.index(name) for name in truth if name in NAMES])
    assert found.as_answered == found.restricted == evaluate(labels, rows[known], NAMES)
    assert found.as_answered.count + sum(found.left_out.values()) == len(truth)
