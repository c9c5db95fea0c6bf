"""Thresholds and figures from stored predictions: those of the shipped model, once more."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from fer.evaluation.report import FileCard, Report
from fer.model.spec import Abstention, ModelSpec
from tests.samples import SHIPPED_MODEL
from tests.training.samples import bars
from training.__main__ import main
from training.export.litert import update_heads


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return shutil.copytree(SHIPPED_MODEL, tmp_path / "compact")


def test_the_shipped_figures_follow_from_the_shipped_predictions(
    copied: Path, capsys: pytest.CaptureFixture
) -> None:
    other = Abstention(threshold=0.9, degraded_threshold=0.9)
    update_heads(copied, abstentions=dict.fromkeys(("balanced", "expression", "ferplus"), other))
    report = Report.load(copied)
    report.model_copy(update={"selective": (), "evaluations": {}}).save(copied)
    assert main(["recompute", str(copied)]) == 0
    for name in ("spec.json", "report.json"):
        assert (copied / name).read_bytes() == (SHIPPED_MODEL / name).read_bytes()
    measured = Report.load(SHIPPED_MODEL).selective
    assert len(capsys.readouterr().out.splitlines()) == len(measured) > 6


def test_no_answer_of_the_shipped_model_has_its_own_evidence_against_it() -> None:
    spec, report = ModelSpec.load(SHIPPED_MODEL), Report.load(SHIPPED_MODEL)
    answered = 0
    shown = [m for m in report.selective if m.split in ("validation", "validation, all domains")]
    for measured in shown:
        head = spec.head(measured.head)
        for label, limit in zip(head.labels, head.thresholds[measured.degraded], strict=True):
            for confidence in np.arange(max(limit, 0.5), 1, 0.01):
                near = measured.near(label, float(confidence))
                assert near, (head.name, label, confidence)
                assert near.correct >= 0.55 * near.count, (head.name, label, confidence)
                answered += 1
    assert answered > 1000
    assert spec.head("ferplus").thresholds[0][-1] == 1, "of contempt, too few were seen to say"


def test_a_report_of_other_weights_is_left_alone(
    copied: Path, capsys: pytest.CaptureFixture
) -> None:
    report = Report.load(copied)
    card = FileCard(sha256="0" * 64, bytes=1)
    report.model_copy(update={"files": {"model.tflite": card}}).save(copied)
    before = ModelSpec.load(copied)
    assert main(["recompute", str(copied)]) == 1
    assert "about another network" in capsys.readouterr().err
    assert ModelSpec.load(copied) == before


def test_missing_predictions_are_named(copied: Path, capsys: pytest.CaptureFixture) -> None:
    (copied / "predictions.npz").unlink()
    assert main(["recompute", str(copied)]) == 1
    assert "predictions.npz is missing" in capsys.readouterr().err


def test_other_data_than_that_of_the_report_changes_nothing(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    other = tmp_path / "other.npz"
    np.savez(other, image=bars(28, 1).images[..., 0], label=np.arange(28) % 7)
    assert main(["recompute", str(copied), "--data", str(other)]) == 1
    assert "other.npz is not the data set of compact's report" in capsys.readouterr().err
    for name in ("spec.json", "report.json"):
        assert (copied / name).read_bytes() == (SHIPPED_MODEL / name).read_bytes()
