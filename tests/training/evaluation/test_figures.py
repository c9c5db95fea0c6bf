"""Figures for print: what is drawn stands as text in the SVG."""

import re
import sys
from pathlib import Path

import pytest
from PIL import Image as PillowImage

from fer.errors import DataError, OutputError
from fer.evaluation.report import Report
from tests.samples import SHIPPED_MODEL
from training.evaluation.figures import figure_files, write_figures


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
