"""What several commands have in common: names of what is written, progress, and clear refusals."""

import io
from pathlib import Path

import pytest

from fer.__main__ import main
from fer.commands import folder
from fer.commands.folder import FolderProgress
from fer.commands.options import outputs, positive
from fer.commands.video import VideoProgress
from fer.folder.collect import Tally
from fer.video.recording import Progress


@pytest.mark.parametrize(
    ("files", "written"),
    [
        ([], []),
        (["a.jpg"], ["a.out"]),
        (["a.jpg", "b/a.png", "A.gif"], ["a.out", "a-2.out", "A-3.out"]),
        (["a.out", "a.jpg"], ["a-2.out", "a-3.out"]),
    ],
)
def test_nothing_is_written_over_what_is_read_or_written(
    files: list[str], written: list[str]
) -> None:
    named = outputs([Path(file) for file in files], lambda file, n: [Path(f"{file.stem}{n}.out")])
    assert [str(file) for [file] in named] == written


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_video_says_its_stage_speed_and_end_at_every_tenth() -> None:
    out, times = io.StringIO(), iter(range(1000))
    line = VideoProgress("a.mov", out, lambda: float(next(times)))
    for stage in ("analysis", "picture"):
        for i in range(1, 101):
            line(Progress(stage, i / 100, 60.0 * i / 100, 30 * i))
    lines = out.getvalue().splitlines()
    assert len(lines) == 20
    assert lines[4] == "a.mov: analysing, 50%, 31 frames/s, 0:49 left"
    assert lines[9].startswith("a.mov: analysing, 100%")
    assert lines[10] == "a.mov: writing the marked video, 10%, 33 frames/s, 1:21 left"


def test_on_a_terminal_one_line_changes_a_few_times_a_second_and_is_cleared() -> None:
    out, times = Terminal(), iter(range(1000))
    line = VideoProgress("a.mov", out, lambda: 0.05 * next(times))
    line.clear()
    assert out.getvalue() == "", "nothing was said"
    for i in range(1, 101):
        line(Progress("analysis", None, 0.6 * i, 30 * i))
    line.clear()
    shown = out.getvalue()
    assert "\n" not in shown
    assert shown.count("\r") == pytest.approx(25, abs=2)
    assert "a.mov: analysing, 0:05, 675 frames/s\x1b" in shown, "of no length, no end is foretold"
    assert "left" not in shown
    assert shown.endswith("\r\x1b[K")


@pytest.mark.parametrize("terminal", [False, True])
def test_a_collection_says_now_and_then_how_far_it_is(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, out = iter((0.0, 0.0, 1.0, 1.1, 2.0, 40.0)), Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(folder.time, "monotonic", lambda: next(clock))
    line = FolderProgress(out)
    for done in (0, 1, 2, 4, 10):
        line(Tally(todo=10, done=done))
    line.clear()
    last = "10 of 10 photos, 0.2 a second, 0 s left"
    if terminal:
        assert out.getvalue().replace("\x1b[K", "").split("\r")[1:] == [
            "1 of 10 photos, 1.0 a second, 9 s left",
            "4 of 10 photos, 2.0 a second, 3 s left",
            last,
            "",
        ]
    else:
        assert out.getvalue() == f"{last}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["folder", ".", "--out", "x", "--workers", "0"], 2, "expected at least 1, got 0"),
        (["folder", ".", "--out", "x", "--shard-photos", "0"], 2, "expected at least 1, got 0"),
        (["photo", "a.jpg", "--threads", "0"], 2, "expected at least 1, got 0"),
        *(
            (["video", "a.mp4", "--out", "x", f"--rate={rate}"], 2,
             f"expected a number above 0, or 'every', got '{rate}'")
            for rate in ("0", "nan", "inf", "all")
        ),
        (["photo", "a.jpg", "--model", "nowhere"], 1, "is missing"),
        (["photo", "a.jpg", "--head", "age"], 1, "no head 'age'"),
        (["video", "a.mp4", "--out", "x", "--head", "age"], 1, "no head 'age'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_clear_line(
    arguments: list[str],
    status: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        ended = main(arguments)
    except SystemExit as end:
        ended = end.code
    last = capsys.readouterr().err.splitlines()[-1]
    assert ended == status
    assert "error: " in last
    assert says in last
    assert positive("1") == 1
