"""What the report says beside an answer."""

import numpy as np
import pytest

from app.common.text import Verdict
from app.common.track_record import TrackRecord, best_split, track_record
from fer.evaluation.measurements import Selective
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from training.evaluation.predictions import Predictions
from training.evaluation.selective import selective

NAMES = ("happy", "sad", "neutral")


def made(
    pairs: list[tuple[int, int]],
    head: str = EXPRESSION_HEAD,
    split: str = "test",
    *,
    degraded: bool,
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
        corruptions=("dark",) if degraded else (),
        truth="label",
    )


MIXED = [(0, 0)] * 8 + [(2, 0)] * 3 + [(1, 0)] + [(1, 1)] * 4
WORSE = [(0, 0)] * 6 + [(2, 0)] * 4
MEASURED = TrackRecord(made(MIXED, degraded=False), made(WORSE, degraded=True))
VOTED = TrackRecord(
    made(MIXED, FERPLUS_HEAD, degraded=False), made(WORSE, FERPLUS_HEAD, degraded=True)
)


def said(answer: str, confidence: float, *flaws: str) -> Verdict:
    candidates = ("happy", "sad") if answer == "uncertain" else (answer,)
    return Verdict(answer, confidence, candidates, (confidence,) * len(candidates), flaws, 40)


@pytest.mark.parametrize(
    ("record", "verdict", "sentence"),
    [
        (MEASURED, said("bored", 0.9), ""),
        (MEASURED, said("neutral", 0.9), ""),
        (MEASURED, said("sad", 0.9), "Of 4 test faces that it called sad, 100% were."),
        (MEASURED, said("happy", 0.9), "Of 12 test faces that it called happy, 67% were; "
         "the others were most often neutral."),
        (MEASURED, said("happy", 0.9, "dark"), "Of 10 poor pictures of test faces that it "
         "called happy, 60% were; the others were most often neutral."),
        (MEASURED, said("sad", 0.9, "dark"), ""),
        (MEASURED, said("uncertain", 0.2), ""),
        (MEASURED, said("uncertain", 0.49),
         "Of 4 test faces with a first guess of 47% to 53%, that guess was right for 25%."),
        (MEASURED, said("uncertain", 0.49, "dark"), "Of 4 poor pictures of test faces with a "
         "first guess of 47% to 53%, that guess was right for 25%."),
        (MEASURED, said("happy", 0.9, "blurred", "turned"),
         "Faces turned this far are read right much less often; no figure here is about them."),
        (VOTED, said("sad", 0.9),
         "Of 4 test faces that it called sad, 100% had most votes for it."),
        (VOTED, said("happy", 0.9), "Of 12 test faces that it called happy, 67% had most votes for "
         "it; the others most often for neutral."),
    ],
)  # fmt: skip
def test_what_stands_beside_an_answer(record: TrackRecord, verdict: Verdict, sentence: str) -> None:
    assert record.describe(verdict) == sentence


def both(head: str, split: str) -> tuple[Selective, ...]:
    return tuple(made(MIXED, head, split, degraded=degraded) for degraded in (False, True))


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
def test_the_test_split_says_most_about_a_head(
    measured: tuple[Selective, ...], split: str | None
) -> None:
    found = track_record(Report.model_construct(selective=measured), EXPRESSION_HEAD)
    assert (found.plain.split if found else None) == split


@pytest.mark.parametrize(
    ("splits", "best"),
    [([], None), (["validation"], "validation"), (["validation", "test"], "test")],
)
def test_the_test_split_says_most_about_new_faces(splits: list[str], best: str | None) -> None:
    assert best_split(Report.model_construct(evaluations=dict.fromkeys(splits))) == best
