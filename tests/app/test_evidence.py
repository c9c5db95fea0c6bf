"""What the report says beside an answer."""

import numpy as np
import pytest

from app.evidence import CrowdEvidence, Evidence, describes, evidence_for, evidence_of
from app.wording import Verdict
from fer.metrics import Evaluation, evaluate
from fer.model_card import EXPRESSION_HEAD, VOTES_HEAD, ModelSpec
from fer.report import CrowdAgreement, FileCard, Report

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


def said(answer: str, confidence: float, *flaws: str) -> Verdict:
    candidates = ("happy", "sad") if answer == "uncertain" else (answer,)
    return Verdict(answer, confidence, candidates, (confidence,) * len(candidates), flaws, 40)


POOR = " In a picture as poor as this one it is right less often."


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (said("uncertain", 0.2), ""),
        (said("uncertain", 0.2, "dark"), ""),
        (said("uncertain", 0.82),
         "Of 16 test faces with a first guess of 80% to 87%, that guess was right for 75%."),
        (said("sad", 0.9), "Of 4 test faces that it called sad, 100% were."),
        (said("sad", 0.9, "dark"), "Of 4 test faces that it called sad, 100% were." + POOR),
    ],
)  # fmt: skip
def test_what_stands_beside_an_answer(verdict: Verdict, sentence: str) -> None:
    assert Evidence("test", MIXED).beside(verdict) == sentence


def crowd(head: str) -> CrowdAgreement:
    return CrowdAgreement(
        head=head,
        rule="most",
        count=2000,
        accuracy=0.9,
        accuracy_low=0.88,
        accuracy_high=0.92,
        macro_f1=0.8,
    )


def test_a_reading_learnt_from_votes_is_measured_by_the_voters() -> None:
    evidence = CrowdEvidence(crowd(VOTES_HEAD))
    assert "ten voters on 90% of 2,000 validation faces" in evidence.beside(said("happy", 0.9))
    assert evidence.beside(said("happy", 0.9, "small")).endswith(POOR)
    assert evidence.beside(said("uncertain", 0.3)) == ""


def test_each_reading_has_its_own_evidence() -> None:
    report = Report.model_construct(evaluations={"test": MIXED}, crowd=(crowd(VOTES_HEAD),))
    assert evidence_for(report, EXPRESSION_HEAD) == Evidence("test", MIXED)
    assert evidence_for(report, VOTES_HEAD) == CrowdEvidence(crowd(VOTES_HEAD))
    assert evidence_for(Report.model_construct(evaluations={}, crowd=()), VOTES_HEAD) is None
