"""How far a long command is."""

import io
import json
from itertools import count

import pytest

from training.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said(stream: io.StringIO, items: int, seconds: float) -> str:
    """Return what is said while so many items come, each after so many seconds."""
    ticks = count()
    clock = lambda: seconds * next(ticks)  # noqa: E731
    shown = Progress(items, "images", stream=stream, clock=clock)
    assert list(shown.over(range(items))) == list(range(items))
    return stream.getvalue()


def test_nothing_to_do_says_nothing() -> None:
    assert said(io.StringIO(), 0, 1.0) == ""


@pytest.mark.parametrize(
    ("items", "lines"),
    [
        (1, ["1 of 1 images, 100 %, 0:05"]),
        (2, ["1 of 2 images, 50 %, 0:05 left", "2 of 2 images, 100 %, 0:10"]),
    ],
)
def test_a_file_gets_lines_with_count_share_and_time(items: int, lines: list[str]) -> None:
    assert said(io.StringIO(), items, 5.0).splitlines() == lines


def test_a_file_gets_ten_lines_of_many_items() -> None:
    lines = said(io.StringIO(), 2_000, 20.0).splitlines()
    assert len(lines) == 10
    assert lines[0] == "200 of 2,000 images, 10 %, 10:00:00 left"
    assert lines[-1] == "2,000 of 2,000 images, 100 %, 11:06:40"


def test_a_terminal_gets_one_line_that_changes() -> None:
    text = said(Terminal(), 3, 1.0)
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert text.count("\r") == 4
    assert text.startswith("\r[                        ] 0 of 3 images, 0 %")
    assert "[========================] 3 of 3" in text


def test_several_at_once_may_pass_more_than_a_tenth() -> None:
    stream = io.StringIO()
    shown = Progress(100, "faces", stream=stream, clock=lambda: 0.0)
    for many in (32, 3, 32, 33):
        shown.advance(many)
    assert [line.split()[0] for line in stream.getvalue().splitlines()] == ["32", "67", "100"]


def test_a_terminal_is_not_flooded() -> None:
    assert said(Terminal(), 1_000, 0.001).count("\r") < 10


def test_a_program_gets_an_object_at_the_beginning_and_for_every_hundredth() -> None:
    stream, ticks = io.StringIO(), count()
    shown = Progress(400, "faces", stage="measuring", stream=stream, clock=lambda: next(ticks))
    for many in (3, 1, 196, 200):
        shown.advance(many)
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {"stage": "measuring", "done": 0, "total": 400},
        {"stage": "measuring", "done": 4, "total": 400, "seconds_left": 198},
        {"stage": "measuring", "done": 200, "total": 400, "seconds_left": 3},
        {"stage": "measuring", "done": 400, "total": 400, "seconds_left": 0},
    ]
