"""Metrics, and what is kept of measurements."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn import metrics as sk

from fer.errors import DataError, ModelError
from fer.evaluation.measurements import CONFIDENCE_BINS, Neighbours, SeedVariance, Selective, Truth
from fer.evaluation.metrics import (
    CALIBRATION_BINS,
    Evaluation,
    calibration_bins,
    calibration_interval,
    evaluate,
    evaluate_labelled,
    macro_f1_interval,
    wilson_interval,
)
from fer.evaluation.other_data import (
    Group,
    OtherData,
    OtherDataFile,
    PhotoSearch,
    StatedClass,
    StatedFigures,
)
from fer.evaluation.report import FileCard, Mistake, Mistakes, Report
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import Abstention, Head, ModelSpec
from tests.samples import SHIPPED_MODEL

NAMES = ("angry", "happy", "sad", "neutral")


def random_answers(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(NAMES), n)
    logits = rng.normal(0, 1, (n, len(NAMES))) + 1.5 * np.eye(len(NAMES))[labels]
    shares = np.exp(logits)
    return labels, shares / shares.sum(axis=1, keepdims=True)


def test_nothing_to_measure_is_an_error() -> None:
    with pytest.raises(ValueError, match="n ≥ 1"):
        evaluate(np.zeros(0, int), np.zeros((0, 4)), NAMES)


@given(st.integers(30, 300), st.integers(0, 10_000))
def test_every_figure_is_the_one_of_scikit_learn(n: int, seed: int) -> None:
    labels, shares = random_answers(n, seed)
    result, top = evaluate(labels, shares, NAMES), shares.argmax(axis=1)
    present = np.unique(labels)
    f1 = sk.f1_score(labels, top, labels=present, average="macro", zero_division=0)
    assert result.accuracy == pytest.approx(sk.accuracy_score(labels, top))
    assert result.macro_f1 == pytest.approx(f1)
    assert result.balanced_accuracy == pytest.approx(
        sk.recall_score(labels, top, labels=present, average="macro", zero_division=0)
    )
    assert result.log_loss == pytest.approx(sk.log_loss(labels, shares, labels=range(4)))
    assert result.top2_accuracy == pytest.approx(
        sk.top_k_accuracy_score(labels, shares, k=2, labels=range(4))
    )
    assert np.array_equal(result.confusion, sk.confusion_matrix(labels, top, labels=range(4)))
    scores = sk.precision_recall_fscore_support(labels, top, labels=range(4), zero_division=0)
    ours = [(c.precision, c.recall, c.f1, c.support) for c in result.classes]
    assert pytest.approx(np.array(scores)) == np.array(ours).T


def test_a_class_that_does_not_occur_counts_in_no_mean() -> None:
    shares = np.array([[0.9, 0.1, 0], [0.9, 0.1, 0], [0.2, 0.8, 0]])
    result = evaluate(np.array([0, 0, 0]), shares, ("a", "b", "c"))
    assert [c.f1 for c in result.classes] == pytest.approx([0.8, 0, 0])
    assert (result.macro_f1, result.balanced_accuracy) == pytest.approx((0.8, 2 / 3))


def test_a_matrix_of_another_size_is_refused() -> None:
    made = evaluate(np.array([0, 1]), np.eye(2), ("a", "b"))
    with pytest.raises(ValidationError, match="confusion: expected 2 rows of 2"):
        Evaluation.model_validate(made.model_dump() | {"confusion": ((1, 0), (0,))})


def test_calibration_error_by_hand() -> None:
    shares = np.array([[0.95, 0.05], [0.95, 0.05], [0.95, 0.05], [0.95, 0.05], [0.3, 0.7]])
    result = evaluate(np.array([0, 0, 0, 1, 1]), shares, ("a", "b"))
    assert result.calibration_error == pytest.approx(0.8 * 0.2 + 0.2 * 0.3)
    assert [b.count for b in result.calibration] == [1, 4]


@pytest.mark.parametrize(
    ("confidence", "bin_"),
    [(0.0, 0), (0.01, 0), (0.2, 2), (0.201, 3), (0.6, 8), (0.8, 11), (1.0, 14), (1.0000001, 14)],
)
def test_a_bin_holds_its_upper_limit_and_not_its_lower_one(confidence: float, bin_: int) -> None:
    (found,) = calibration_bins(np.array([True]), np.array([confidence]))
    limits = (bin_ / CALIBRATION_BINS, (bin_ + 1) / CALIBRATION_BINS)
    assert (found.low, found.high) == limits


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_interval_as_published(right: int, count: int, low: float, high: float) -> None:
    assert wilson_interval(right, count) == pytest.approx((low, high), abs=5e-5)


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
def test_a_floor_is_where_under_55_of_100_were_right(right: dict[int, int], floor: float) -> None:
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
    other = "correct" if field == "predicted" else "predicted"
    if field != "confusion":
        with pytest.raises(ValidationError, match=f"{other}: expected 7 rows"):
            Selective.model_validate(fields | {other: ()})


def test_an_abstention_is_found_by_split_head_and_degradation() -> None:
    report = Report.load(SHIPPED_MODEL)
    for known in report.selective:
        found = report.selective_of(known.split, known.head, degraded=known.degraded)
        assert found == known
    assert report.selective_of("nowhere", EXPRESSION_HEAD) is None


def test_seeds_and_runs_that_differ_in_number_are_refused() -> None:
    runs = {"command": "c", "epochs": 1, "seeds": (1, 2), "accuracies": (0.5, 0.6)}
    times = {"training_seconds": (1.0, 2.0)}
    assert SeedVariance(**runs, **times, macro_f1s=(0.5, 0.6))
    with pytest.raises(ValidationError, match="expected 3 rows of 2"):
        SeedVariance(**runs, **times, macro_f1s=(0.5,))


@pytest.mark.parametrize(
    ("files", "same"),
    [
        ({}, False),
        ({"model.tflite": FileCard(sha256="1" * 64, bytes=1)}, False),
        ({"model.tflite": FileCard(sha256="0" * 64, bytes=1)}, True),
    ],
)
def test_a_report_has_its_weights(spec: ModelSpec, files: dict[str, FileCard], same: bool) -> None:
    assert Report.model_construct(files=files).describes(spec) is same
    for file in files.values():
        found = Mistakes(sha256=file.sha256, data="bars", split="test", mistakes=())
        assert found.describes(spec) is same


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
        (0.1, 0.7, 0.1, 0.1),  # with issues: needs 0.8
        (0.45, 0.5, 0.05, 0.0),  # two are close
        (0.9, 0.1, 0.0, 0.0),
    )
    limits = Abstention(threshold=0.5, degraded_threshold=0.8, margin=0.1)
    has_issues = np.array([False, True, False, False])
    found = evaluate_labelled(truth, rows, head(limits), has_issues)
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


def measured(spec: ModelSpec, *truth: str) -> OtherData:
    shares = np.tile(np.array([0.5, 0.2, 0.3], np.float32), (len(truth), 1))
    return stated(spec, figures=evaluate_labelled(truth, shares, spec.head(EXPRESSION_HEAD)))


def stated(spec: ModelSpec, **changes: object) -> OtherData:
    fields = {
        "kind": "other", "model": spec.name, "sha256": spec.sha256, "head": EXPRESSION_HEAD,
        "data": "set", "how": "crops", "measured_by": "me", "created": "2026-11-22",
        "figures": StatedFigures(count=100, accuracy=0.8),
    }  # fmt: skip
    return OtherData.model_validate(fields | changes)


def test_what_is_kept_is_read_again_complete_or_partial(tmp_path: Path, spec: ModelSpec) -> None:
    assert OtherDataFile.load_if_there(tmp_path).of(spec) == ()
    search = PhotoSearch(images=5, found=4, right=2)
    assert (search.accuracy, search.restricted_accuracy) == (0.4, None)
    asked = search.model_copy(update={"right": None, "right_restricted": 3})
    assert (asked.accuracy, asked.restricted_accuracy) == (None, 0.6)
    said = StatedFigures(count=4, classes=(StatedClass(label="happy", recall=0.5),))
    photos = stated(spec, how="photos", figures=said, search=search)
    records = (measured(spec, "happy", "sad"), photos)
    OtherDataFile(records=records).save(tmp_path)
    assert OtherDataFile.load_if_there(tmp_path).records == records
    (tmp_path / OtherDataFile.filename).write_text("{}")
    with pytest.raises(ModelError, match="records"):
        OtherDataFile.load_if_there(tmp_path)


def test_records_of_other_weights_are_refused_and_kept(spec: ModelSpec) -> None:
    own, foreign = stated(spec), stated(spec, sha256="f" * 64)
    blended = stated(spec, blend={"expression": 0.7, "ferplus": 0.3})
    file = OtherDataFile(records=(own, foreign, blended, stated(spec, head="gone")))
    assert file.of(spec) == (own,)
    assert foreign in file.with_record(stated(spec)).records


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, 1),
        ({"created": "2026-11-24", "note": "again", "measured_by": "you"}, 1),
        *(({name: other}, 2) for name, other in (
            ("data", "another"), ("split", "test"), ("how", "photos"), ("head", "ferplus"),
            ("truth", "majority"), ("sha256", "f" * 64),
        )),
    ],
)  # fmt: skip
def test_a_record_replaces_the_same_measurement(change: dict, kept: int, spec: ModelSpec) -> None:
    new = stated(spec, **change)
    records = OtherDataFile(records=()).with_record(stated(spec)).with_record(new).records
    assert len(records) == kept
    assert records[-1] == new


def test_groups_told_apart_by_something_else_stay(spec: ModelSpec) -> None:
    sex, old, new = (
        Group(by=by, name="a", count=10, right=right)
        for by, right in (("sex", 5), ("age", 6), ("age", 7))
    )
    file = OtherDataFile(records=(stated(spec, groups=(sex, old)),))
    [record] = file.with_record(stated(spec, groups=(new,))).records
    assert record.groups == (sex, new)


def test_figures_say_only_what_was_said(spec: ModelSpec) -> None:
    nothing = stated(spec, figures=StatedFigures(count=3))
    assert (nothing.count, nothing.accuracy, nothing.macro_f1) == (3, None, None)
    some = StatedFigures(count=3, accuracy=0.5, classes_asked=("happy", "sad"))
    asked = stated(spec, figures=some)
    assert (asked.accuracy, asked.restricted_accuracy) == (None, 0.5)
    with pytest.raises(ValidationError):
        StatedFigures(count=3, accuracy=50)
    part = measured(spec, "happy", "sad")
    assert (part.count, part.accuracy, part.restricted_accuracy) == (2, 0.5, 0.5)
    assert part.macro_f1 == part.figures.as_answered.macro_f1
    for truth in (("happy", "sad", "neutral"), ("happy",)):
        assert measured(spec, *truth).restricted_accuracy is None


def test_most_intervals_contain_the_figures_of_all_faces_like_these() -> None:
    every = evaluate(*random_answers(200_000, 0), NAMES)
    samples = [evaluate(*random_answers(500, seed), NAMES) for seed in range(1, 101)]
    for interval, figure in (
        (macro_f1_interval, every.macro_f1),
        (calibration_interval, every.calibration_error),
    ):
        between = [found for sample in samples if (found := interval(sample))]
        assert 88 <= sum(low <= figure <= high for low, high in between) <= 99
        assert max(high - low for low, high in between) < 0.12
        few, certain = (
            evaluate(np.arange(n) % 4, np.eye(4)[np.arange(n) % 4], NAMES) for n in (99, 100)
        )
        assert interval(few) is None
        assert interval(certain) == (figure > 0.5,) * 2


def test_mistakes_are_those_of_a_head_and_a_cell() -> None:
    one, two, three = (
        Mistake(head=head, truth="sad", answer=answer, confidence=0.9, png=b"")
        for head, answer in (("a", "happy"), ("a", "angry"), ("b", "happy"))
    )
    known = Mistakes(sha256="0" * 64, data="set", split="test", mistakes=(one, two, three))
    assert known.of("a", "sad", "happy") == (one,)
    assert known.of("a", "happy", "sad") == ()
