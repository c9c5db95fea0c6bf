"""What the report says beside an answer."""

import numpy as np
import pytest

from app.common.text import Verdict
from app.common.track_record import Evidence, best_split, describes, evidence_for
from fer.evaluation.report import PLAIN_PICTURES, FileCard, Report, Selective
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from training.evaluation.predictions import Predictions
from training.evaluation.selective import selective

NAMES = ("happy", "sad", "neutral")


def made(
    pairs: list[tuple[int, int]], head: str = EXPRESSION_HEAD, split: str = "test", *, poor: bool
) -> Selective:
    """Return what was measured of (truth, answer) pairs, each answer 90 % sure; guesses 50 %."""
    truth, answers = np.array(pairs).T
    sure = np.eye(len(NAMES), dtype=np.float32)[answers] * 0.85 + 0.05
    unsure = np.tile(np.float32([0.5, 0.3, 0.2]), (4, 1))
    return selective(
        Predictions(np.append(truth, [0, 1, 1, 2]), np.concatenate([sure, unsure])),
        0.6,
        head=head,
        labels=NAMES,
        split=split,
        pictures="made poor" if poor else PLAIN_PICTURES,
        truth="the label",
    )


MIXED = [(0, 0)] * 8 + [(2, 0)] * 3 + [(1, 0)] + [(1, 1)] * 4
WORSE = [(0, 0)] * 6 + [(2, 0)] * 4
EVIDENCE = Evidence(made(MIXED, poor=False), made(WORSE, poor=True))
VOTED = Evidence(made(MIXED, FERPLUS_HEAD, poor=False), made(WORSE, FERPLUS_HEAD, poor=True))


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


@pytest.mark.parametrize(
    ("evidence", "verdict", "sentence"),
    [
        (EVIDENCE, said("bored", 0.9), ""),
        (EVIDENCE, said("neutral", 0.9), ""),
        (EVIDENCE, said("sad", 0.9), "Of 4 test faces that it called sad, 100% were."),
        (EVIDENCE, said("happy", 0.9), "Of 12 test faces that it called happy, 67% were; "
         "the others were most often neutral."),
        (EVIDENCE, said("happy", 0.9, "dark"), "Of 10 poor pictures of test faces that it "
         "called happy, 60% were; the others were most often neutral."),
        (EVIDENCE, said("sad", 0.9, "dark"), ""),
        (EVIDENCE, said("uncertain", 0.2), ""),
        (EVIDENCE, said("uncertain", 0.49),
         "Of 4 test faces with a first guess of 47% to 53%, that guess was right for 25%."),
        (EVIDENCE, said("uncertain", 0.49, "dark"), "Of 4 poor pictures of test faces with a "
         "first guess of 47% to 53%, that guess was right for 25%."),
        (EVIDENCE, said("happy", 0.9, "blurred", "turned"),
         "Faces turned this far are read right much less often; no figure here is about them."),
        (VOTED, said("sad", 0.9),
         "Of 4 test faces that it called sad, 100% had most votes for it."),
        (VOTED, said("happy", 0.9), "Of 12 test faces that it called happy, 67% had most votes for "
         "it; the others most often for neutral."),
    ],
)  # fmt: skip
def test_what_stands_beside_an_answer(evidence: Evidence, verdict: Verdict, sentence: str) -> None:
    assert evidence.beside(verdict) == sentence


def both(head: str, split: str) -> tuple[Selective, ...]:
    return tuple(made(MIXED, head, split, poor=poor) for poor in (False, True))


@pytest.mark.parametrize(
    ("measured", "split"),
    [
        ((), None),
        (both(FERPLUS_HEAD, "test"), None),
        (both(EXPRESSION_HEAD, "validation")[:1], None),
        (both(EXPRESSION_HEAD, "validation"), "validation"),
        (both(EXPRESSION_HEAD, "validation") + both(EXPRESSION_HEAD, "test"), "test"),
        (both(EXPRESSION_HEAD, "validation") + both(FERPLUS_HEAD, "test"), "validation"),
    ],
)
def test_the_test_split_is_the_best_evidence_for_an_output(
    measured: tuple[Selective, ...], split: str | None
) -> None:
    found = evidence_for(Report.model_construct(selective=measured), EXPRESSION_HEAD)
    assert (found.plain.split if found else None) == split


@pytest.mark.parametrize(
    ("splits", "best"),
    [([], None), (["validation"], "validation"), (["validation", "test"], "test")],
)
def test_the_test_split_says_most_about_new_faces(splits: list[str], best: str | None) -> None:
    assert best_split(Report.model_construct(evaluations=dict.fromkeys(splits))) == best
