import pytest

from app.core.legend import legend
from fer.labels import colour_of


@pytest.mark.parametrize(
    ("answers", "values", "text"),
    [
        ([], None, ""),
        (["uncertain"], None, "▨\u00a0uncertain"),
        (["uncertain"], {"uncertain": "3"}, "▨\u00a0uncertain\u00a0**3**"),
    ],
)
def test_what_has_no_colour_is_hatched(
    answers: list[str], values: dict[str, str] | None, text: str
) -> None:
    assert legend(answers, values) == text


def test_each_expression_stands_beside_its_colour_in_the_order_asked_for() -> None:
    first, second = legend(["sad", "happy"]).split("\u2002 ")
    assert colour_of("sad") in first
    assert first.endswith("sad")
    assert colour_of("happy") in second
