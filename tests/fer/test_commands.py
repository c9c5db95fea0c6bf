"""The command line: what it says, writes and refuses."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image as PillowImage

from fer.__main__ import main
from fer.commands import folder
from fer.commands.folder import FolderProgress, progress_text
from fer.commands.options import outputs, positive
from fer.commands.video import VideoProgress
from fer.detection.blazeface import photo_detector
from fer.folder.collect import Tally
from fer.labels import FERPLUS_LABELS
from fer.model.spec import Abstention, ModelSpec
from fer.types import Image
from fer.video.recording import Progress
from tests.fer.folder.samples import draw
from tests.samples import ROOT, SHIPPED_MODEL


@pytest.mark.parametrize(
    ("started", "name"),
    [
        ("-c", "python -m fer"),
        ("/site/fer/__main__.py", "python -m fer"),
        ("/bin/fer-lens", "fer-lens"),
        ("fer-lens.exe", "fer-lens"),
    ],
)
def test_the_help_names_the_command_as_it_was_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, started: str, name: str
) -> None:
    monkeypatch.setattr(sys, "argv", [started])
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {name} [")


def test_a_reader_that_has_seen_enough_causes_no_error(tmp_path: Path) -> None:
    draw(tmp_path, "wall.png")
    command = [sys.executable, "-m", "fer", "photo", tmp_path / "wall.png", "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""  # nor anything that LiteRT has to say
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("files", "written"),
    [
        ([], []),
        (["a.jpg"], ["a.out"]),
        (["a.jpg", "b/a.png", "A.gif"], ["a.out", "a-2.out", "A-3.out"]),
        (["a.out", "a.jpg"], ["a-2.out", "a-3.out"]),
    ],
)
def test_nothing_is_written_over_what_is_needed(files: list[str], written: list[str]) -> None:
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
def test_a_collection_says_how_far_it_is(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
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
        (["folder", ".", "--out", "x", "--model", "nowhere"], 1, "is missing"),
        (["folder", ".", "--out", "x", "--head", "age"], 1, "no head 'age'"),
        (["video", "a.mp4", "--out", "x", "--head", "age"], 1, "no head 'age'"),
        (["photo", "https://example.org/a.jpg"], 2, "https://example.org/a.jpg is an address; "),
        (["video", "rtsp://camera/1", "--out", "x"], 2, "rtsp://camera/1 is an address; only "),
        (["folder", "https://a.org/b", "--out", "x"], 1, "https://a.org/b is an address; only "),
        (["photo", "a.jpg", "--model", "https://a.org/b"], 2, "https://a.org/b is an address; "),
        *(
            ([command, name, "--out", "x"], status, "is too long for a path (3,000 characters).")
            for command, status in (("photo", 2), ("video", 2), ("folder", 1))
            for name in ["n" * 3000]
        ),
        *(
            ([*command, "data:," + "A" * 50_000], 2, "at most 4,096 characters, got one of 50,006:")
            for command in (
                ["photo"], ["folder", "--out", "x"], ["video", "--out", "x"], ["photo", "--head"]
            )
        ),
        (["photo", "a.jpg", "--out", "n" * 300], 2, "argument --out: nnn"),
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
    assert len(last) < 250
    assert arguments[0] == "video" or not [*tmp_path.iterdir()], "nothing is left"
    assert positive("1") == 1


@pytest.fixture
def photo(tmp_path: Path, astronaut: Image) -> Path:
    file = tmp_path / "a face.png"
    PillowImage.fromarray(astronaut).save(file)
    return file


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    draw(tmp_path, "wall.png")
    return tmp_path / "wall.png"


HEAD = ["--head", "ferplus"]


def test_json_is_one_object_a_file_and_a_bad_file_stops_nothing(
    photo: Path, empty: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "text.jpg").write_text("no image")
    status = main(["photo", str(empty), str(tmp_path / "text.jpg"), str(photo), "--json", *HEAD])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 1
    assert [len(line.get("faces", ())) for line in lines] == [0, 0, 1]
    assert lines[1].keys() == {"file", "error"}
    assert {lines[i]["detector"] for i in (0, 2)} == {photo_detector()}
    assert lines[2]["model"]["name"] == "compact"
    face = lines[2]["faces"][0]
    assert (lines[2]["width"], lines[2]["height"], face["expression"]) == (512, 512, "happy")
    assert lines[2]["head"] == "ferplus"
    assert tuple(face["probabilities"]) == FERPLUS_LABELS


def test_the_table_says_what_was_found_or_uncertain_and_why(
    photo: Path, empty: Path, tmp_path: Path, astronaut: Image, capsys: pytest.CaptureFixture
) -> None:
    assert main(["photo", str(photo), str(empty)]) == 0
    out = capsys.readouterr().out
    assert "a face.png: 1 face\n" in out
    assert "happy" in out
    assert "wall.png: no face found" in out
    model = shutil.copytree(SHIPPED_MODEL, tmp_path / "model")
    spec = ModelSpec.load(model)
    never = {"abstention": Abstention(threshold=1, degraded_threshold=1)}
    heads = tuple(head.model_copy(update=never) for head in spec.heads)
    spec.model_copy(update={"heads": heads}).save(model)
    dark = tmp_path / "dark.png"
    PillowImage.fromarray((astronaut * 0.15).astype(np.uint8)).save(dark)
    assert main(["photo", str(photo), str(dark), "--model", str(model)]) == 0
    out = capsys.readouterr().out
    assert out.count("  uncertain") == 2
    assert " or " in out
    assert "dark)" in out


def test_a_folder_of_photos_is_sent_to_the_command_for_folders(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["photo", str(tmp_path), str(photo)]) == 1
    printed = capsys.readouterr()
    assert (
        printed.err == f"{tmp_path}: is a folder; use: fer-lens folder {tmp_path} --out RESULTS\n"
    )
    assert "a face.png: 1 face\n" in printed.out


def test_a_link_to_itself_is_a_file_that_cannot_be_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    link = tmp_path / "loop.jpg"
    link.symlink_to(link)
    assert main(["photo", str(link), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith(f"{link}: cannot be opened: ")


def test_a_shipped_model_is_known_by_its_name(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["photo", str(photo), "--json", "--model", "compact"]) == 0
    assert json.loads(capsys.readouterr().out)["model"]["name"] == "compact"
    (tmp_path / "compact").mkdir()
    assert main(["photo", str(photo), "--model", "compact"]) == 1, "a folder here comes first"
    assert "compact/spec.json is missing" in capsys.readouterr().err


def test_a_picture_with_too_many_pixels_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    PillowImage.new("1", (13_000, 13_000)).save(file)
    for command in (["photo", file], ["folder", file, "--out", tmp_path / "results"]):
        done = subprocess.run(
            [sys.executable, "-m", "fer", *command], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert "Warning" not in done.stderr, command
    assert pq.read_table(tmp_path / "results")["error"].to_pylist() == [
        "has 13000 × 13000 pixels; at most 52 million are read. Scale it down first."
    ]


def test_pictures_keep_the_size(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    command = ["photo", str(photo), "--out", str(tmp_path / "new" / "out")]
    assert main(command) == 0
    made = tmp_path / "new" / "out" / "a face-expressions.png"
    with PillowImage.open(made) as picture:
        assert picture.size == (512, 512)
    made.write_text("of an earlier run")
    assert main(command) == 1
    assert "is there already" in capsys.readouterr().err
    assert made.read_text() == "of an earlier run"
    assert main([*command, "--overwrite"]) == 0
    assert made.read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    draw(tmp_path / "photos", "a.png", "b.png")
    return tmp_path / "photos"


def test_a_folder_becomes_a_table_and_a_bad_photo_is_status_1(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "results"
    assert main(["folder", str(photos), "--out", str(out), "--workers", "1"]) == 0
    assert capsys.readouterr().out == f"2 photos analysed, 0 faces found. Results: {out}\n"
    (photos / "c.jpg").write_bytes(b"no image")
    again = ["folder", str(photos), "--out", str(out), "--workers", "1", "--resume"]
    assert main(again) == 1
    assert capsys.readouterr().out == (
        "1 photo analysed, 0 faces found; 1 could not be read or analysed (column `error`); "
        f"2 unchanged since they were analysed before. Results: {out}\n"
    )
    assert pq.read_table(out).num_rows == 3
    assert main(again) == 1, "as long as a row has an error"
    assert capsys.readouterr().out == (
        "0 photos analysed, 0 faces found; 3 unchanged since they were analysed before, of which 1 "
        f"could not be read or analysed then. Results: {out}\n"
    )
    (photos / "c.jpg").write_bytes((photos / "a.png").read_bytes())
    assert main(again) == 0
    assert main(["folder", str(photos / "a.png"), *again[2:]]) == 0


def test_an_empty_folder_leaves_its_results_free_for_the_next_run(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    empty, out = tmp_path / "empty", tmp_path / "results"
    empty.mkdir()
    assert main(["folder", str(empty), "--out", str(out)]) == 1
    assert f"no photograph in {empty}" in capsys.readouterr().err
    assert main(["folder", str(photos), "--out", str(out), "--workers", "1"]) == 0
    assert main(["folder", str(photos), "--out", str(out), "--workers", "1"]) == 1
    assert "has results already" in capsys.readouterr().err


def test_a_photo_that_is_named_several_times_counts_once(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(photos)
    out = tmp_path / "results"
    names = ["a.png", "./a.png", "../photos/a.png", str(photos), "."]
    command = ["folder", *names, "--out", str(out), "--workers", "1"]
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("2 photos analysed, 0 faces found. ")
    assert main([*command, "--resume"]) == 0
    assert capsys.readouterr().out.startswith(
        "0 photos analysed, 0 faces found; 2 unchanged since they were analysed before. "
    )


TEXTS = {
    "listing": (Tally(listed=12_000), 0, "12,000 photos found …"),
    "nothing to do": (Tally(todo=0), 0, "0 of 0 photos"),
    "not begun": (Tally(todo=1), 3, "0 of 1 photo"),
    "seconds": (Tally(todo=30, done=10), 5, "10 of 30 photos, 2.0 a second, 10 s left"),
    "minutes": (Tally(todo=700, done=100), 10, "100 of 700 photos, 10.0 a second, 1 min left"),
    "hours": (
        Tally(todo=100_000, done=1_000, errors=1),
        100,
        "1,000 of 100,000 photos, 10.0 a second, 2 h 45 min left, 1 error",
    ),
    "days": (
        Tally(todo=1_001_000, done=1_000, errors=2_000),
        250,
        "1,000 of 1,001,000 photos, 4.0 a second, 2 d 21 h left, 2,000 errors",
    ),
}


@pytest.mark.parametrize(("tally", "seconds", "text"), TEXTS.values(), ids=TEXTS)
def test_progress_says_speed_end_and_errors(tally: Tally, seconds: float, text: str) -> None:
    assert progress_text(tally, seconds) == text


@pytest.mark.parametrize("stopped", [False, True])
def test_problems_are_told_and_after_ctrl_c_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, stopped: bool
) -> None:
    def collect(*_: object, on_problem: Callable[[str], None], **options: object) -> Tally:
        on_problem("sub cannot be read: Permission denied.")
        if stopped:
            raise KeyboardInterrupt
        return Tally(listed=1, todo=1, done=1)

    monkeypatch.setattr(folder, "collect", collect)
    status = main(["folder", str(tmp_path), "--out", str(tmp_path / "results")])
    printed = capsys.readouterr()
    assert status == (130 if stopped else 1)
    assert "sub cannot be read: Permission denied.\n" in printed.err
    assert ("--resume goes on with it" in printed.err) == stopped
    assert printed.err.endswith("stopped\n") == stopped
    assert printed.out.startswith("" if stopped else "1 photo analysed")
