"""What the report says beside an answer."""

import numpy as np
import pytest

from app.evidence import Evidence, describes, evidence_of
from fer.metrics import Evaluation, evaluate
from fer.model_card import ModelSpec
from fer.report import FileCard, Report

NAMES = ("happy", "sad", "neutral")


def measured(pairs: list[tuple[int, int]]) -> Evaluation:
    """Return the evaluation of these (truth, answer) pairs."""
    truth, answers = (np.array(column) for column in zip(*pairs, strict=True))
    return evaluate(truth, np.eye(len(NAMES))[answers] * 0.8 + 0.05, NAMES)


MIXED = measured([(0, 0)] * 8 + [(2, 0)] * 3 + [(1, 0)] + [(1, 1)] * 4)


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("bored", ""),
        ("neutral", ""),
        ("sad", "Of 4 test faces that it called sad, 100% were."),
        ("happy", "Of 12 test faces that it called happy, 67% were; "
         "the others were most often neutral."),
    ],
)  # fmt: skip
def test_how_often_such_an_answer_was_right(label: str, sentence: str) -> None:
    assert Evidence("test", MIXED).sentence(label) == sentence


@pytest.mark.parametrize(
    ("splits", "best"),
    [([], None), (["validation"], "validation"), (["validation", "test"], "test")],
)
def test_the_test_split_is_the_best_evidence(splits: list[str], best: str | None) -> None:
    report = Report.model_construct(evaluations=dict.fromkeys(splits, MIXED))
    evidence = evidence_of(report)
    assert (evidence.split if evidence else None) == best


@pytest.mark.parametrize(
    ("files", "same"),
    [
        ({}, False),
        ({"model.tflite": FileCard(sha256="1" * 64, bytes=1)}, False),
        ({"model.tflite": FileCard(sha256="0" * 64, bytes=1)}, True),
    ],
)
def test_a_report_counts_only_for_its_own_weights(
    spec: ModelSpec, files: dict[str, FileCard], same: bool
) -> None:
    assert describes(Report.model_construct(files=files), spec) is same
