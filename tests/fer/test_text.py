import pytest

from fer.text import chance, clock, one_of


@pytest.mark.parametrize(
    ("names", "text"),
    [(("sad",), "sad"), (("sad", "fear"), "sad or fear"), (("a", "b", "c"), "a, b or c")],
)
def test_alternatives_in_words(names: tuple[str, ...], text: str) -> None:
    assert one_of(names) == text


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "<1%"),
        (0.004, "<1%"),
        (0.005, "<1%"),
        (0.5, "50%"),
        (0.994, "99%"),
        (1.0, ">99%"),
    ],
)
def test_no_network_is_certain(probability: float, text: str) -> None:
    assert chance(probability) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")]
)
def test_times_read_like_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
