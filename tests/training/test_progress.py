"""How far a long command is."""

import io
import json
from itertools import count

import pytest

from training.progress import EpochProgress, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said(stream: io.StringIO, items: int, seconds: float) -> str:
    """Return what is said while so many items come, each after so many seconds."""
    ticks = count()
    shown = Progress(items, "images", stream=stream, clock=lambda: seconds * next(ticks))
    assert list(shown.over(range(items))) == list(range(items))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("items", "lines"),
    [
        (0, {}),
        (1, {0: "1 of 1 images, 100 %, 0:20"}),
        (2, {0: "1 of 2 images, 50 %, 0:20 left", 1: "2 of 2 images, 100 %, 0:40"}),
        (2_000, {0: "200 of 2,000 images, 10 %, 10:00:00 left",
                 9: "2,000 of 2,000 images, 100 %, 11:06:40"}),
    ],
)  # fmt: skip
def test_a_file_gets_ten_lines_with_count_share_and_time(items: int, lines: dict) -> None:
    found = said(io.StringIO(), items, 20.0).splitlines()
    assert len(found) == min(items, 10)
    assert {i: found[i] for i in lines} == lines


def test_a_terminal_gets_one_line_that_changes_and_is_not_flooded() -> None:
    text = said(Terminal(), 3, 1.0)
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert text.count("\r") == 4
    assert text.startswith("\r[                        ] 0 of 3 images, 0 %")
    assert "[========================] 3 of 3" in text
    assert said(Terminal(), 1_000, 0.001).count("\r") < 10


def test_a_program_gets_an_object_at_the_beginning_and_for_every_hundredth(
    capsys: pytest.CaptureFixture,
) -> None:
    ticks = count()
    shown = Progress(400, "faces", stage="measuring", clock=lambda: next(ticks))
    for many in (3, 1, 196, 200):
        shown.advance(many)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"stage": "measuring", "done": 0, "total": 400},
        {"stage": "measuring", "done": 4, "total": 400, "seconds_left": 198},
        {"stage": "measuring", "done": 200, "total": 400, "seconds_left": 3},
        {"stage": "measuring", "done": 400, "total": 400, "seconds_left": 0},
    ]


@pytest.mark.parametrize(
    ("epochs", "frozen", "first", "seconds", "said"),
    [
        (2, 0, 0, [10, 20], [("all layers", 1, 10), ("all layers", 2, 0)]),
        (2, 1, 0, [10, 40], [("heads", 1, 30), ("all layers", 2, 0)]),
        (4, 0, 2, [10], [("all layers", 3, 10)]),
    ],
    ids=["a line for each epoch", "all layers take longer", "a resumed run counts its own time"],
)
def test_a_program_is_told_how_far_the_training_is(
    epochs: int,
    frozen: int,
    first: int,
    seconds: list[float],
    said: list[tuple],
    capsys: pytest.CaptureFixture,
) -> None:
    times = iter([0.0, *seconds])
    lines = EpochProgress(epochs, frozen, clock=lambda: next(times))
    for epoch in range(first, first + len(seconds)):
        lines.begin(epoch)
        lines.end(epoch)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"stage": stage, "done": done, "total": epochs, "seconds_left": left}
        for stage, done, left in said
    ]
