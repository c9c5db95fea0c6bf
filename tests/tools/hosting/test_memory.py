"""What is printed of a limit."""

import pytest

from benchmarks.hosting.memory import Limit


@pytest.mark.parametrize(
    ("measured", "text"),
    [
        (0.0, "start: 0 MB, at most 300: kept"),
        (300.0, "start: 300 MB, at most 300: kept"),
        (301.0, "start: 301 MB, at most 300: MISSED"),
    ],
)
def test_a_limit_says_whether_it_was_kept(measured: float, text: str) -> None:
    assert str(Limit("start", 300, measured)) == text
