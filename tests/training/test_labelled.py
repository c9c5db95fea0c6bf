"""What is measured on labelled faces and photographs, and what a terminal says of it."""

from __future__ import annotations

import dataclasses
import re
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage
from sklearn.metrics import classification_report

from fer.errors import DataError, ImageError, OutputError
from fer.evaluation.metrics import Evaluation, LabelledEvaluation, evaluate, evaluate_labelled
from fer.evaluation.report import Report
from fer.images import CUT_OUT_SIDE
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import Head, ModelSpec
from fer.types import Detections, Faces, Floats, Image
from tests.samples import SHIPPED_MODEL, FakeClassifier, make_detections
from tests.training.samples import HEADS, bars
from training.data.dataset import DataSet, LabelledFaces, Problem
from training.data.photographs import Photograph, Photographs
from training.evaluation.labelled import (
    FaceEvaluation,
    PhotoAnswer,
    PhotoClass,
    PhotoEvaluation,
    answers,
    measure_faces,
    measured,
    with_surroundings,
)
from training.evaluation.output import (
    evaluation_text,
    face_text,
    figure_files,
    photo_text,
    write_figures,
)

FACES = bars(12, 1)


def of_faces(
    spec: ModelSpec, splits: dict[str, LabelledFaces], split: str, heads: int = 2, by: str = ""
) -> FaceEvaluation:
    """Measure a network that is always right."""

    def all_heads(images: np.ndarray) -> dict[str, Floats]:
        labels = images.max(axis=(2, 3)).reshape(len(images), -1)[:, 4:44:6].argmax(axis=1)
        shares = {EXPRESSION_HEAD: np.eye(7, dtype=np.float32)[labels]}
        shares[FERPLUS_HEAD] = np.eye(8, dtype=np.float32)[labels]
        return {head.name: shares[head.name] for head in HEADS[:heads]}

    with_heads = spec.model_copy(update={"heads": HEADS[:heads]})
    classifier = SimpleNamespace(spec=with_heads, all_heads=all_heads)
    data = DataSet("d", "", splits, (Problem("a.png", "bad"), Problem("test", "drawn")))
    return measure_faces(classifier, data, split, EXPRESSION_HEAD, by)


@pytest.mark.parametrize(
    ("split", "repeated", "left"),
    [("validation", 0, 6), ("validation", 2, 4), ("validation", 6, None), ("", 2, None),
     ("train", 0, None)],
)  # fmt: skip
def test_faces_that_are_also_in_train_are_left_out_once_more(
    spec: ModelSpec, split: str, repeated: int, left: int | None
) -> None:
    splits = {"train": FACES.take(slice(6))}
    splits["validation"] = FACES.take(np.arange(6 - repeated, 12 - repeated))
    found = of_faces(spec, splits, split)
    assert found.labelled.as_answered.accuracy == 1
    assert found.labelled.as_answered.count == (6 if split else 12)
    assert (found.without_duplicates.count if found.without_duplicates else None) == left
    assert found.not_read == ("a.png: bad",), "what there is to say of splits is no image"


@pytest.mark.parametrize(
    ("voted", "heads", "count"), [(True, 2, 12), (True, 1, None), (False, 2, None), (None, 2, None)]
)
def test_votes_judge_the_ferplus_head_if_there_are_both(
    spec: ModelSpec, voted: bool | None, heads: int, count: int | None
) -> None:
    """None: nobody voted on any face."""
    votes = {True: FACES.votes, False: None, None: np.zeros((12, 10), np.uint8)}[voted]
    faces = dataclasses.replace(FACES, votes=votes)
    figures = of_faces(spec, {"validation": faces}, "validation", heads).ferplus_evaluation
    assert (figures.count if figures else None) == count


def test_groups_are_measured_apart(spec: ModelSpec) -> None:
    faces = dataclasses.replace(FACES, domains=np.array(["old"] * 4 + ["new"] * 8))
    assert of_faces(spec, {"test": faces}, "test").groups == {}
    groups = of_faces(spec, {"test": faces}, "test", by="age").groups
    assert {n: one.as_answered.count for n, one in groups.items()} == {"new": 8, "old": 4}


LABELS = ("happy", "sad", "neutral")
HAPPY, SAD, NEUTRAL = np.eye(3, dtype=np.float32)


class Analyzer:
    """Finds the same boxes in every image; each face is answered by its shade at its centre."""

    detector_version = "fake-1"

    def __init__(self, spec: ModelSpec, boxes: list | None = None) -> None:
        self.spec, self.boxes = spec, [(10, 10, 50, 50)] if boxes is None else boxes
        self.seen: list[Image] = []
        self._free = threading.Lock()

    def __call__(self, image: Image, *, head: str) -> Faces:
        assert self._free.acquire(blocking=False), "two images at once"
        try:
            self.seen.append(image)
            found = make_detections(*self.boxes) if self.boxes else Detections.empty()
            centres = ((found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2).astype(int)
            shares = np.zeros((len(found), 3), np.float32)
            for i, (x, y) in enumerate(centres):
                shares[i, image[y, x, 0]] = 1
            return Faces.of(found, shares, LABELS)
        finally:
            self._free.release()


def photo(label: int, shade: int, side: int = 200) -> Photograph:
    return Photograph("", label, lambda: np.full((side, side, 3), shade, np.uint8))


def broken() -> Image:
    raise ImageError("is damaged.")


def answered(photographs: list, *analyzers: Analyzer) -> list[PhotoAnswer | Problem]:
    return list(answers(photographs, analyzers, FakeClassifier(3), EXPRESSION_HEAD))


def evaluated(spec: ModelSpec, results: list, split: str = "") -> PhotoEvaluation:
    data = Photographs("set", split, (), {"contempt": 2})
    return measured(data, results, spec, "fake-1", EXPRESSION_HEAD)


def test_nothing_that_can_be_read_is_an_error(spec: ModelSpec) -> None:
    assert answered([], Analyzer(spec)) == []
    results = answered([Photograph("happy/a.jpg", 0, broken)], Analyzer(spec))
    with pytest.raises(DataError, match=r"no image of set could be read. happy/a.jpg: is damaged"):
        evaluated(spec, results)


def test_a_face_that_is_not_found_is_a_miss(spec: ModelSpec) -> None:
    result = evaluated(spec, answered([photo(0, 0), photo(1, 1)], Analyzer(spec, [])))
    assert (result.images, result.found, result.accuracy) == (2, 0, 0)
    assert (result.evaluation, result.direct, result.right_restricted) == (None, None, None)
    assert [(c.images, c.found, c.right) for c in result.classes] == [
        (1, 0, 0), (1, 0, 0), (0, 0, 0)
    ]  # fmt: skip


def test_accuracy_is_told_of_all_and_of_the_faces_found(spec: ModelSpec) -> None:
    results = [
        PhotoAnswer(0, 1, HAPPY, None),
        PhotoAnswer(1, 2, HAPPY, None),
        PhotoAnswer(0, 0, None, None),
        PhotoAnswer(0, 1, HAPPY, None),
        Problem("sad/x.jpg", "is damaged."),
    ]
    result = evaluated(spec, results, "test")
    assert (result.model, result.sha256, result.split) == (spec.name, spec.sha256, "test")
    assert (result.detector, result.data, result.face) == ("fake-1", "set", "largest")
    assert (result.images, result.found, result.several) == (4, 3, 1)
    assert result.accuracy == 2 / 4
    assert result.accuracy_low < 0.5 < result.accuracy_high
    assert result.evaluation is not None
    assert result.evaluation.accuracy == pytest.approx(2 / 3)
    assert result.evaluation.confusion == ((2, 0, 0), (1, 0, 0), (0, 0, 0))
    assert [(c.images, c.found, c.right) for c in result.classes] == [
        (3, 2, 2), (1, 1, 0), (0, 0, 0)
    ]  # fmt: skip
    assert (result.not_read, result.left_out) == (("sad/x.jpg: is damaged.",), {"contempt": 2})
    assert PhotoEvaluation.model_validate_json(result.model_dump_json()) == result


@pytest.mark.parametrize("order", [1, -1])
def test_the_largest_face_counts(order: int, spec: ModelSpec) -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    image[100:, 100:] = 2
    boxes = [(0, 0, 20, 20), (100, 100, 180, 180)][::order]
    (answer,) = answered([Photograph("", 2, lambda: image)], Analyzer(spec, boxes))
    assert (answer.faces, answer.probabilities.tolist()) == (2, [0, 0, 1])


def test_several_threads_answer_in_order_each_with_an_analyzer_of_its_own(spec: ModelSpec) -> None:
    analyzers = [Analyzer(spec) for _ in range(4)]
    found = answered([photo(i % 3, i % 3) for i in range(60)], *analyzers)
    assert [answer.label for answer in found] == [i % 3 for i in range(60)]
    assert all(answer.is_right for answer in found)
    assert sum(len(analyzer.seen) for analyzer in analyzers) == 60


@pytest.mark.parametrize(("side", "cut_out"), [(CUT_OUT_SIDE, True), (CUT_OUT_SIDE + 1, False)])
def test_a_cut_out_face_gets_surroundings_and_a_direct_answer(
    side: int, cut_out: bool, spec: ModelSpec
) -> None:
    analyzer, classifier = Analyzer(spec), FakeClassifier(3)
    (answer,) = answers([photo(0, 1, side)], [analyzer], classifier, EXPRESSION_HEAD)
    assert (None if answer.direct is None else answer.direct.tolist()) == (
        [1, 0, 0] if cut_out else None
    )
    assert analyzer.seen[0].shape == ((480, 480, 3) if cut_out else (side, side, 3))
    crop = (1, spec.input_size, spec.input_size, spec.channels)
    assert [one.shape for one in classifier.seen] == [crop] * cut_out


def test_the_points_lost_are_those_of_the_faces_found(spec: ModelSpec) -> None:
    results = [
        PhotoAnswer(0, 1, HAPPY, HAPPY),
        PhotoAnswer(0, 1, SAD, HAPPY),
        PhotoAnswer(0, 0, None, SAD),
        PhotoAnswer(1, 1, SAD, HAPPY),
        PhotoAnswer(0, 1, SAD, HAPPY),
    ]
    result = evaluated(spec, results)
    assert result.direct is not None
    assert (result.cut_out, result.direct.count) == (5, 4)
    assert result.points_lost == pytest.approx(100 * (3 / 4 - 2 / 4))
    mixed = evaluated(spec, [*results, PhotoAnswer(0, 1, HAPPY, None)])
    assert (mixed.cut_out, mixed.direct, mixed.points_lost) == (5, None, None)


def test_a_set_without_a_class_is_measured_among_the_others_too(spec: ModelSpec) -> None:
    results = [
        PhotoAnswer(1, 1, SAD, None),
        PhotoAnswer(0, 1, 0.3 * SAD + 0.1 * HAPPY + 0.6 * NEUTRAL, None),
        PhotoAnswer(1, 1, 0.4 * SAD + 0.6 * NEUTRAL, None, has_issues=True),
        PhotoAnswer(1, 0, None, None),
    ]
    result = evaluated(spec, results)
    assert result.labelled is not None
    assert (result.labelled.shared, result.labelled.missing) == (("happy", "sad"), ("neutral",))
    assert result.labelled.left_out == {"contempt": 2}
    assert (result.accuracy, result.right_restricted) == (1 / 4, 2)


@given(st.integers(16, CUT_OUT_SIDE), st.integers(0, 255))
def test_a_face_stands_in_the_middle_and_its_border_goes_on_outwards(side: int, shade: int) -> None:
    face = np.full((side, side, 3), shade, np.uint8)
    middle = side // 2
    face[middle - 2 : middle + 2, middle - 2 : middle + 2] = 255 - shade
    made = with_surroundings(face)
    assert made.shape == (480, 480, 3)
    assert (made[:60] == shade).all()
    assert (made[:, -60:] == shade).all()
    centre = 480 * (middle + side // 2) // (side + 2 * (side // 2))
    assert abs(int(made[centre, centre, 0]) - (255 - shade)) <= 12


TWO_LABELS = ("happy", "sad")


def figures(right: int, count: int) -> Evaluation:
    shares = np.tile([0.9, 0.1], (count, 1))
    shares[right:] = [0.2, 0.8]
    return evaluate(np.zeros(count, int), shares, TWO_LABELS)


def labelled(right: int, count: int, *others: str) -> LabelledEvaluation:
    """Measure faces of the first class, and one of each of some others."""
    shares = np.tile(np.array([0.9, 0.1], np.float32), (count + len(others), 1))
    shares[right:] = [0.2, 0.8]
    head = Head(name="expression", output="o", labels=TWO_LABELS, meaning="")
    return evaluate_labelled([TWO_LABELS[0]] * count + list(others), shares, head)


def photos(**changes: object) -> str:
    known = {
        "model": "tiny", "sha256": "0" * 64, "head": "expression", "data": "set", "split": "",
        "detector": "tiles-1", "images": 5, "found": 4, "several": 1, "cut_out": 0, "accuracy": 0.4,
        "accuracy_low": 0.2, "accuracy_high": 0.7, "labelled": labelled(2, 4), "direct": None,
        "classes": [PhotoClass(label="happy", images=5, found=4, right=2)],
        "left_out": {}, "not_read": (),
    }  # fmt: skip
    return photo_text(PhotoEvaluation(**known | changes))


@pytest.mark.parametrize(
    ("right", "said"), [(3, "cost 25.00"), (2, "cost 0.00"), (1, "gain 25.00")]
)
def test_what_the_path_costs_is_said_of_cut_out_faces(right: int, said: str) -> None:
    text = photos(split="test", cut_out=5, direct=figures(right, 4))
    assert text.startswith("tiny on test of set, ")
    assert f"which {said} points" in text
    assert "all cut-out faces" in text
    assert "2 of them cut-out faces" in photos(cut_out=2)
    assert "0  0.00%" in photos(found=0, labelled=None, accuracy=0), "no face at all"


def test_what_was_left_out_stands_at_the_end() -> None:
    problems = tuple(f"happy/{i}.jpg: is damaged." for i in range(7))
    lines = photos(left_out={"contempt": 12}, not_read=problems).splitlines()
    assert lines[-7] == "left out: 12 of contempt, which the expression head does not know"
    assert lines[-6] == "not read: happy/0.jpg: is damaged."
    assert lines[-1] == "not read: 2 more"


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ((), "restricted to happy: one class cannot be told from others\n\nno image of sad"),
        (("sad",), "all faces as it answers (5)"),
    ],
)
def test_one_class_has_one_figure_and_the_reason(others: tuple[str, ...], said: str) -> None:
    known = {"model": "tiny", "sha256": "0" * 64, "data": "set", "split": "", "not_read": ()}
    known |= {"head": "expression", "ferplus_evaluation": None}
    measured = labelled(3, 4, *others)
    text = face_text(FaceEvaluation(**known, labelled=measured, without_duplicates=figures(1, 2)))
    assert said in text
    assert ("restricted" in text) is (not others)
    assert "without duplicates 50.00% of 2" in text
    assert "accuracy           75.00%" in text or "accuracy           80.00%" in text


def test_the_averages_are_those_of_a_classification_report() -> None:
    rng = np.random.default_rng(0)
    truth, shares = rng.integers(0, 3, 200), rng.dirichlet(np.ones(3), 200)
    said = evaluation_text("faces", evaluate(truth, shares, ("happy", "sad", "fear")))
    report = classification_report(truth, shares.argmax(axis=1), output_dict=True)
    for name in ("macro", "weighted"):
        figures = report[f"{name} avg"]
        expected = [f"{figures[of]:.3f}" for of in ("precision", "recall", "f1-score")]
        (line,) = (line for line in said.splitlines() if line.split()[:1] == [name])
        assert line.split() == [name, *expected, "200"]


@pytest.fixture(scope="module")
def report() -> Report:
    return Report.load(SHIPPED_MODEL)


def texts(file: Path) -> list[str]:
    """Return the texts of an SVG, in order."""
    return re.findall(r"<(?:text|tspan)[^>]*>([^<]+)</", file.read_text(encoding="utf-8"))


def test_each_figure_is_a_picture_and_a_drawing(report: Report, tmp_path: Path) -> None:
    evaluation, out = report.evaluations["validation"], tmp_path / "a" / "figures"
    files = figure_files(out)
    write_figures(evaluation, "mine on faces, validation", report, out)
    assert sorted(out.iterdir()) == sorted(files)
    for file in out.glob("*.png"):
        assert min(PillowImage.open(file).convert("L").size) > 400
    matrix = texts(out / "confusion-matrix.svg")
    assert f"mine on faces, validation: {evaluation.accuracy:.1%} of {evaluation.count:,}" in matrix
    for scores, row in zip(evaluation.classes, evaluation.confusion, strict=True):
        assert matrix.count(scores.label) == 2, "on both axes"
        assert f"{max(row):,}" in matrix
        assert f"{scores.recall:.0%}" in matrix
    distribution = texts(out / "class-distribution.svg")
    for split, counts in report.data.class_counts.items():
        assert f"{split}: {sum(counts.values()):,}" in distribution
        assert {f"{count:,}" for count in counts.values()} <= set(distribution)
    curves = texts(out / "curves.svg")
    assert {"training", "validation", "accuracy", "loss", "epoch"} <= set(curves)
    assert f"{report.name}, preset {report.preset}, seed {report.seed}" in curves


def test_without_a_training_there_is_the_matrix_and_again_the_same(
    report: Report, tmp_path: Path
) -> None:
    drawn = []
    for _ in range(2):
        write_figures(report.evaluations["validation"], "faces", None, tmp_path)
        drawn.append((tmp_path / "confusion-matrix.svg").read_bytes())
    assert drawn[0] == drawn[1]
    assert sorted(tmp_path.iterdir()) == sorted(figure_files(tmp_path, False, overwrite=True))


def test_what_cannot_be_drawn_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "curves.svg").write_text("mine")
    with pytest.raises(OutputError, match=r"curves\.svg is there already"):
        figure_files(tmp_path)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DataError, match=r"pip install -r requirements-train\.txt"):
        figure_files(tmp_path, overwrite=True)
