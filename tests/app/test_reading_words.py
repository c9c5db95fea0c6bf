"""What each reading means; its figures are the report's."""

import re

import pytest

from app.reading_words import NAMES, difference, offered
from fer.labels import COLOURS
from fer.model_card import EXPRESSION_HEAD, VOTES_HEAD, ModelSpec
from fer.report import CrowdAgreement, Report, Selective


def crowd(head: str, accuracy: float, rule: str = "most") -> CrowdAgreement:
    return CrowdAgreement.model_construct(head=head, rule=rule, count=1234, accuracy=accuracy)


def selective(head: str, coverage: float) -> Selective:
    return Selective.model_construct(head=head, threshold=0.5, coverage=coverage, accuracy=0.81)


def test_without_a_report_there_is_no_figure() -> None:
    text = difference(None)
    assert all(f"**{name}**" in text for name in NAMES.values())
    assert not re.search(r"\d", text.replace("FER2013", ""))


def test_a_report_without_votes_adds_nothing() -> None:
    assert difference(Report.model_construct(crowd=(), selective=())) == difference(None)


@pytest.mark.parametrize(("rule", "told"), [("most", True), ("plurality", False)])
def test_readings_are_compared_by_one_rule(rule: str, told: bool) -> None:
    agreements = (crowd(EXPRESSION_HEAD, 0.74), crowd(VOTES_HEAD, 0.9, rule))
    text = difference(Report.model_construct(crowd=agreements, selective=()))
    assert ("On 1,234 validation faces" in text and "74%" in text and "90%" in text) == told


def test_how_often_each_answers_is_told() -> None:
    found = (selective(EXPRESSION_HEAD, 0.73), selective(VOTES_HEAD, 1.0))
    text = difference(Report.model_construct(crowd=(), selective=found))
    assert "73% of the validation faces" in text
    assert "81%" in text


def test_a_choice_is_offered_of_what_a_network_has(spec: ModelSpec) -> None:
    assert offered(spec) == (EXPRESSION_HEAD,)
    both = (spec.heads[0].model_copy(update={"name": VOTES_HEAD}), *spec.heads)
    assert offered(spec.model_copy(update={"heads": both})) == (EXPRESSION_HEAD, VOTES_HEAD)
    assert "contempt" in COLOURS
