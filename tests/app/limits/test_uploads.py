"""How often a visitor may upload something."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.limits.uploads import UploadRate, too_fast
from tests.app.samples import Clock


def test_nothing_wanted_is_nothing_taken() -> None:
    rate = UploadRate(3, Clock())
    assert rate.take("one", 0) == 0
    assert rate.seconds_for("one", 0) == 0.0
    assert too_fast([], rate, "one") == ""


def test_so_many_are_taken_at_once_and_then_one_by_one() -> None:
    clock = Clock()
    rate = UploadRate(3, clock)
    assert rate.take("one", 5) == 3
    assert rate.take("one") == 0
    assert rate.take("another", 2) == 2
    assert rate.seconds_for("one") == pytest.approx(20)
    clock.seconds += 20
    assert rate.take("one", 5) == 1
    clock.seconds += 1000
    assert rate.take("one", 5) == 3


def test_without_uploads_nothing_is_ever_taken() -> None:
    rate = UploadRate(0, Clock())
    assert rate.take("one") == 0
    assert rate.seconds_for("one") == math.inf
    assert "takes no uploads" in too_fast(["a.png"], rate, "one")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["a.png"], "a.png was not added: this server takes 3 files a minute of a visitor. "
         "Add it again in about 20 seconds."),
        (["a.png", "b.png"], "2 files were not added: this server takes 3 files a minute of a "
         "visitor. Add them again in about 40 seconds."),
    ],
)  # fmt: skip
def test_it_is_told_how_long_to_wait(names: list[str], says: str) -> None:
    rate = UploadRate(3, Clock())
    rate.take("one", 3)
    assert too_fast(names, rate, "one") == says


def test_who_has_paused_is_forgotten() -> None:
    clock = Clock()
    rate = UploadRate(3, clock)
    for visitor in range(100):
        rate.take(str(visitor))
    assert len(rate) == 100
    clock.seconds += 61
    rate.take("another")
    assert len(rate) == 1


@given(st.integers(1, 50), st.lists(st.tuples(st.floats(0, 30), st.integers(0, 60)), max_size=30))
def test_no_visitor_uploads_more_than_the_rate_allows(
    most: int, uploads: list[tuple[float, int]]
) -> None:
    clock = Clock()
    rate, began, taken = UploadRate(most, clock), clock.seconds, 0
    for pause, wanted in uploads:
        clock.seconds += pause
        taken += rate.take("one", wanted)
        assert taken <= most + most * (clock.seconds - began) / 60 + 1e-6
