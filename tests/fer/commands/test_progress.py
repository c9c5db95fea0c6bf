import io

import pytest

from fer.commands.progress import ProgressLine
from fer.video.recording import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def reports(count: int, stage: str = "analysis", length: bool = True) -> list[Progress]:
    return [
        Progress(stage, i / count if length else None, 60.0 * i / count, 30 * i)
        for i in range(1, count + 1)
    ]


def said(stream: io.StringIO, told: list[Progress], step: float) -> str:
    times = iter(range(1000))
    line = ProgressLine("a.mov", stream, lambda: step * next(times))
    for progress in told:
        line(progress)
    line.clear()
    return stream.getvalue()


def test_nothing_was_said_so_nothing_is_cleared() -> None:
    assert said(Terminal(), [], 1.0) == ""


def test_a_file_gets_a_line_for_every_tenth() -> None:
    lines = said(io.StringIO(), reports(100), 1.0).splitlines()
    assert len(lines) == 10
    assert lines[4] == "a.mov: analysing, 50%, 31 frames/s, 0:49 left"
    assert lines[-1].startswith("a.mov: analysing, 100%")


def test_a_terminal_gets_one_line_that_changes_a_few_times_a_second() -> None:
    out = said(Terminal(), reports(100), 0.05)
    assert "\n" not in out
    assert out.count("\r") == pytest.approx(25, abs=2)
    assert out.endswith("\r\x1b[K")


def test_each_stage_begins_anew() -> None:
    told = [*reports(10), *reports(10, "picture")]
    lines = said(io.StringIO(), told, 1.0).splitlines()
    assert lines[10] == "a.mov: writing the marked video, 10%"
    assert lines[11] == "a.mov: writing the marked video, 20%, 60 frames/s, 0:04 left"


def test_without_a_length_the_place_is_said_and_no_end_is_foretold() -> None:
    out = said(Terminal(), reports(20, length=False), 1.0)
    assert "a.mov: analysing, 0:30, 33 frames/s\x1b" in out
    assert "left" not in out
