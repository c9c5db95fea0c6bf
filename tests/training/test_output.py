"""What a terminal says about measurements, where it is not the usual."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from sklearn.metrics import classification_report

from fer.errors import DataError, OutputError
from fer.evaluation.metrics import Evaluation, LabelledEvaluation, evaluate, evaluate_labelled
from fer.evaluation.report import Report
from fer.model.spec import Head
from tests.samples import SHIPPED_MODEL
from training.evaluation.labelled import FaceEvaluation, PhotoClass, PhotoEvaluation
from training.evaluation.output import (
    evaluation_text,
    face_text,
    figure_files,
    photo_text,
    write_figures,
)

LABELS = ("happy", "sad")


def figures(right: int, count: int) -> Evaluation:
    shares = np.tile([0.9, 0.1], (count, 1))
    shares[right:] = [0.2, 0.8]
    return evaluate(np.zeros(count, int), shares, LABELS)


def labelled(right: int, count: int, *others: str) -> LabelledEvaluation:
    """Measure faces of the first class, and one of each of some others."""
    shares = np.tile(np.array([0.9, 0.1], np.float32), (count + len(others), 1))
    shares[right:] = [0.2, 0.8]
    head = Head(name="expression", output="o", labels=LABELS, meaning="")
    return evaluate_labelled([LABELS[0]] * count + list(others), shares, head)


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
