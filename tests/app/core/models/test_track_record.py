"""What the report says beside an answer."""

import numpy as np
import pytest

from app.core.models.head_text import TrackRecord, track_record
from app.core.text import Verdict
from fer.evaluation.measurements import Selective, Truth
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from training.evaluation.predictions import Predictions
from training.evaluation.selective import selective

NAMES = ("happy", "sad", "neutral")


#: Truth, first guess, its confidence, and how many faces.
Counted = tuple[int, int, float, int]


def made(
    *counts: Counted,
    head: str = EXPRESSION_HEAD,
    truth: Truth = "label",
    split: str = "test",
    degraded: bool = False,
) -> Selective:
    rows, truths = [], []
    for label, guess, confidence, count in counts:
        row = np.full(len(NAMES), (1 - confidence) / (len(NAMES) - 1), np.float32)
        row[guess] = confidence
        rows += [row] * count
        truths += [label] * count
    return selective(
        Predictions(np.array(truths), np.array(rows)),
        0.6,
        head=head,
        labels=NAMES,
        split=split,
        corruptions=("dark",) if degraded else (),
        truth=truth,
    )


#: Happy is right for 45 of 60 when it is sure and for 20 of 40 when it is less so; sad, which was
#: seen seldom, is always right; of what it is not sure of, 10 of 50 are right.
MIXED: tuple[Counted, ...] = (
    (0, 0, 0.92, 45), (2, 0, 0.92, 15), (0, 0, 0.67, 20), (1, 0, 0.67, 20),
    (1, 1, 0.92, 4), (0, 0, 0.42, 10), (1, 0, 0.42, 40),
)  # fmt: skip
WORSE: tuple[Counted, ...] = ((0, 0, 0.92, 30), (2, 0, 0.92, 20))
TRUTHS: tuple[Truth, Truth] = ("most_votes", "people")
MEASURED = TrackRecord(made(*MIXED), made(*WORSE, degraded=True))
VOTED, BALANCED = (
    TrackRecord(made(*MIXED, truth=truth), made(*WORSE, truth=truth, degraded=True))
    for truth in TRUTHS
)
OLD = TrackRecord(*(m.model_copy(update={"predicted": ()}) for m in (made(*MIXED), made(*WORSE))))


def said(answer: str, confidence: float, *flaws: str) -> Verdict:
    candidates = ("happy", "sad") if answer == "uncertain" else (answer,)
    return Verdict(answer, confidence, candidates, (confidence,) * len(candidates), flaws, 40)


@pytest.mark.parametrize(
    ("record", "verdict", "sentence"),
    [
        (OLD, said("happy", 0.93), ""),
        (MEASURED, said("happy", 0.1), "Of 50 test faces called happy with 0% to 45% confidence, "
         "20% were; when happy is wrong, it is most often sad."),
        (MEASURED, said("happy", 0.93), "Of 60 test faces called happy with 90% to 95% confidence, "
         "75% were; when happy is wrong, it is most often sad."),
        (MEASURED, said("happy", 0.68), "Of 40 test faces called happy with 65% to 70% confidence, "
         "50% were; when happy is wrong, it is most often sad."),
        (MEASURED, said("happy", 1.0), "Of 60 test faces called happy with 90% to 100% confidence, "
         "75% were; when happy is wrong, it is most often sad."),
        (MEASURED, said("sad", 0.93),
         "Too few test faces were called sad to say how often that is right."),
        (MEASURED, said("bored", 0.93),
         "Too few test faces were called bored to say how often that is right."),
        (MEASURED, said("happy", 0.93, "dark"), "Of 50 poor pictures of test faces called happy "
         "with 90% to 95% confidence, 60% were; when happy is wrong, it is most often neutral."),
        (MEASURED, said("uncertain", 0.41), "Of 50 test faces whose first guess was happy with 40% "
         "to 45% confidence, 20% were."),
        (MEASURED, said("happy", 0.9, "blurred", "turned"),
         "Faces turned this far are read right much less often; no figure here is about them."),
        (VOTED, said("happy", 0.93), "Of 60 test faces called happy with 90% to 95% confidence, "
         "75% had most votes for it; when happy is wrong, it is most often sad."),
        (BALANCED, said("happy", 0.93), "Of 60 test faces called happy with 90% to 95% confidence, "
         "75% were, as most people say; when happy is wrong, it is most often sad."),
    ],
)  # fmt: skip
def test_what_stands_beside_an_answer(record: TrackRecord, verdict: Verdict, sentence: str) -> None:
    assert record.describe(verdict) == sentence


MANY = TrackRecord(made((0, 0, 0.92, 597), (1, 0, 0.92, 3)), made(*WORSE, degraded=True))
ALWAYS = TrackRecord(made((0, 0, 0.92, 600)), made(*WORSE, degraded=True))


@pytest.mark.parametrize(
    ("record", "verdict", "sentence"),
    [
        (OLD, said("happy", 0.93), ""),
        (MEASURED, said("sad", 0.93), ""),
        (MEASURED, said("happy", 0.9, "turned"), ""),
        (MEASURED, said("happy", 0.93), "When it is this sure, it is right 8 times in 10."),
        (MEASURED, said("happy", 0.93, "dark"), "When it is this sure, it is right 6 times in 10."),
        (MANY, said("happy", 0.93), "When it is this sure, it is right 99 times in 100."),
        (ALWAYS, said("happy", 0.93), "When it is this sure, it is right 99 times in 100."),
    ],
)
def test_what_stands_on_a_card(record: TrackRecord, verdict: Verdict, sentence: str) -> None:
    assert record.in_short(verdict) == sentence


def both(head: str, split: str) -> tuple[Selective, ...]:
    return tuple(made(*MIXED, head=head, split=split, degraded=poor) for poor in (False, True))


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
