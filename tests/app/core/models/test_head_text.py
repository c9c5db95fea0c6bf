"""What each head says; its figures are the report's."""

import re

import pytest

from app.core.models.head_text import NAMES, difference, offered
from fer.evaluation.measurements import FerPlusAgreement, Selective
from fer.evaluation.metrics import CalibrationBin
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec


def agreement(head: str, accuracy: float, rule: str = "majority") -> FerPlusAgreement:
    return FerPlusAgreement.model_construct(head=head, rule=rule, count=1234, accuracy=accuracy)


def selective(head: str, coverage: float, threshold: float, *, contempt: int = 0) -> Selective:
    return Selective.model_construct(
        head=head,
        truth="label",
        split="validation",
        threshold=threshold,
        coverage=coverage,
        accuracy=0.81,
        labels=("happy", "contempt"),
        confusion=((900, 0), (0, contempt)),
        calibration=(CalibrationBin(low=0.4, high=0.6, count=1000, confidence=0.5, accuracy=0.5),),
    )


def test_without_a_report_there_is_no_figure() -> None:
    text = difference(None)
    assert text == difference(Report.model_construct(ferplus_agreement=(), selective=()))
    assert all(f"**{name}**" in text for name in NAMES.values())
    assert not re.search(r"\d", text.replace("FER2013", ""))


@pytest.mark.parametrize(("rule", "told"), [("majority", True), ("plurality", False)])
def test_heads_are_compared_by_one_rule(rule: str, told: bool) -> None:
    agreements = (agreement(EXPRESSION_HEAD, 0.74), agreement(FERPLUS_HEAD, 0.9, rule))
    found = (selective(EXPRESSION_HEAD, 0.73, 0.5), selective(FERPLUS_HEAD, 1.0, 0.0))
    text = difference(Report.model_construct(ferplus_agreement=agreements, selective=found))
    agreed = ("74%", "90%") if told else ("–", "–")
    assert f"| {NAMES[EXPRESSION_HEAD]} | 73% | 81% | {agreed[0]} |" in text
    assert f"| {NAMES[FERPLUS_HEAD]} | 100% | 81% | {agreed[1]} |" in text


@pytest.mark.parametrize(("count", "told"), [(0, "for none of 1,000"), (12, "for 12 of 1,000")])
def test_how_often_contempt_is_said_is_told(count: int, told: str) -> None:
    found = (selective(FERPLUS_HEAD, 1.0, 0.0, contempt=count),)
    assert f"contempt {told}" in difference(
        Report.model_construct(ferplus_agreement=(), selective=found)
    )


def test_a_head_that_could_not_be_measured_is_not_offered(spec: ModelSpec) -> None:
    assert offered(spec) == (EXPRESSION_HEAD,)
    both = (spec.heads[0].model_copy(update={"name": FERPLUS_HEAD}), *spec.heads)
    assert offered(spec.model_copy(update={"heads": both})) == (EXPRESSION_HEAD, FERPLUS_HEAD)
    unmeasured = spec.heads[0].model_copy(update={"name": FERPLUS_HEAD, "abstention": None})
    assert offered(spec.model_copy(update={"heads": (*spec.heads, unmeasured)})) == (
        EXPRESSION_HEAD,
    )
