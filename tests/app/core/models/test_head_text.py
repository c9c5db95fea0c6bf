"""What each head says, and what the report says beside an answer."""

import re

import numpy as np
import pytest

from app.core.models.head_text import NAMES, TrackRecord, difference, offered, track_record
from app.core.text import Verdict
from fer.evaluation.measurements import FerPlusAgreement, Selective, Truth
from fer.evaluation.metrics import CalibrationBin
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from training.evaluation.predictions import Predictions
from training.evaluation.selective import selective


def agreement(head: str, accuracy: float, rule: str = "majority") -> FerPlusAgreement:
    return FerPlusAgreement.model_construct(head=head, rule=rule, count=1234, accuracy=accuracy)


def measured(head: str, coverage: float, *, contempt: int = 0) -> Selective:
    one = CalibrationBin(low=0.4, high=0.6, count=1000, confidence=0.5, accuracy=0.5)
    return Selective.model_construct(
        head=head, truth="label", split="validation", threshold=0.5, coverage=coverage,
        accuracy=0.81, labels=("happy", "contempt"), confusion=((900, 0), (0, contempt)),
        calibration=(one,),
    )  # fmt: skip


def test_without_a_report_there_is_no_figure() -> None:
    text = difference(None)
    assert text == difference(Report.model_construct(ferplus_agreement=(), selective=()))
    assert all(f"**{name}**" in text for name in NAMES.values())
    assert not re.search(r"\d", text.replace("FER2013", ""))


@pytest.mark.parametrize(("rule", "told"), [("majority", True), ("plurality", False)])
def test_heads_are_compared_by_one_rule(rule: str, told: bool) -> None:
    agreements = (agreement(EXPRESSION_HEAD, 0.74), agreement(FERPLUS_HEAD, 0.9, rule))
    found = (measured(EXPRESSION_HEAD, 0.73), measured(FERPLUS_HEAD, 1.0))
    text = difference(Report.model_construct(ferplus_agreement=agreements, selective=found))
    agreed = ("74%", "90%") if told else ("–", "–")
    assert f"| {NAMES[EXPRESSION_HEAD]} | 73% | 81% | {agreed[0]} |" in text
    assert f"| {NAMES[FERPLUS_HEAD]} | 100% | 81% | {agreed[1]} |" in text


@pytest.mark.parametrize(("count", "told"), [(0, "for none of 1,000"), (12, "for 12 of 1,000")])
def test_how_often_contempt_is_said_is_told(count: int, told: str) -> None:
    found = (measured(FERPLUS_HEAD, 1.0, contempt=count),)
    report = Report.model_construct(ferplus_agreement=(), selective=found)
    assert f"contempt {told}" in difference(report)


def test_a_head_that_could_not_be_measured_is_not_offered(spec: ModelSpec) -> None:
    assert offered(spec) == (EXPRESSION_HEAD,)
    more = spec.heads[0].model_copy(update={"name": FERPLUS_HEAD})
    unmeasured = more.model_copy(update={"abstention": None})
    for head, names in ((more, (EXPRESSION_HEAD, FERPLUS_HEAD)), (unmeasured, (EXPRESSION_HEAD,))):
        assert offered(spec.model_copy(update={"heads": (head, *spec.heads)})) == names


LABELS = ("happy", "sad", "neutral")


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
        row = np.full(len(LABELS), (1 - confidence) / (len(LABELS) - 1), np.float32)
        row[guess] = confidence
        rows += [row] * count
        truths += [label] * count
    predictions = Predictions(np.array(truths), np.array(rows))
    return selective(
        predictions, 0.6, head=head, labels=LABELS, split=split, truth=truth,
        corruptions=("dark",) if degraded else (),
    )  # fmt: skip


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


def said(answer: str, confidence: float, *issues: str) -> Verdict:
    candidates = ("happy", "sad") if answer == "uncertain" else (answer,)
    return Verdict(answer, confidence, candidates, (confidence,) * len(candidates), issues, 40)


@pytest.mark.parametrize(
    ("record", "verdict", "sentence"),
    [
        (OLD, said("happy", 0.93), ""),
        (MEASURED, said("happy", 0.1), "Of 50 test faces called happy with 0% to 45% confidence, "
         "20% were; when happy is wrong, it is most often sad."),
        (MEASURED, said("happy", 0.93), "Of 60 test faces called happy with 90% to 95% confidence, "
         "75% were; when happy is wrong, it is most often sad."),
        (MEASURED, said("happy", 1.0), "Of 60 test faces called happy with 90% to 100% confidence, "
         "75% were; when happy is wrong, it is most often sad."),
        (MEASURED, said("sad", 0.93),
         "Too few test faces were called sad to say how often that is right."),
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
ALWAYS = TrackRecord(made((0, 0, 0.92, 100)), made(*WORSE, degraded=True))


@pytest.mark.parametrize(
    ("record", "verdict", "often"),
    [(OLD, said("happy", 0.93), ""), (MEASURED, said("sad", 0.93), ""),
     (MEASURED, said("happy", 0.9, "turned"), ""), (MEASURED, said("happy", 0.93), "8 times in 10"),
     (MEASURED, said("happy", 0.93, "dark"), "6 times in 10"),
     (MANY, said("happy", 0.93), "99 times in 100"),
     (ALWAYS, said("happy", 0.93), "99 times in 100")],
)  # fmt: skip
def test_what_stands_on_a_card(record: TrackRecord, verdict: Verdict, often: str) -> None:
    told = f"When it is this sure, it is right {often}." if often else ""
    assert record.in_short(verdict) == told


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
    ],
)
def test_the_test_split_says_most_about_a_head(
    measured: tuple[Selective, ...], split: str | None
) -> None:
    found = track_record(Report.model_construct(selective=measured), EXPRESSION_HEAD)
    assert (found.plain.split if found else None) == split
