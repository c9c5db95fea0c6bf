import csv
import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from fer.__main__ import main
from fer.commands import video
from fer.errors import VideoError
from fer.export.sessions import WRITERS
from fer.labels import FER2013_LABELS, FERPLUS_LABELS
from fer.model.spec import ModelSpec
from fer.stream import FaceStream
from fer.types import Image
from tests.fer.video.samples import beacon, even, plain, red_stream, write_clip
from tests.samples import ROOT, as_in_a_terminal

ENDINGS = ["-expressions.mp4", "-summary.json", ".csv", ".json", ".parquet", ".srt", ".vtt"]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, spec: ModelSpec) -> list[dict]:
    """Let what is red be a face; return how the model was asked for."""
    asked: list[dict] = []
    monkeypatch.setattr(
        FaceStream, "load", lambda *_, **options: asked.append(options) or red_stream(spec)
    )
    return asked


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two seconds with somebody who moves, at ten frames a second."""
    return write_clip(tmp_path / "a clip.mp4", even(20), beacon(lambda t: 20 + 20 * t))


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.usefixtures("loaded")
def test_recordings_become_files(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "new" / "results"
    assert main(["video", str(clip), "--out", str(out)]) == 0
    assert names(out) == [f"a clip{ending}" for ending in ENDINGS]
    assert pq.read_table(out / "a clip.parquet").num_rows == 20
    assert "00:00:00.000 --> 00:00:01.933\nPerson 1: " in (out / "a clip.vtt").read_text()
    told = json.loads((out / "a clip-summary.json").read_text())
    assert (told["file"], len(told["people"])) == ("a clip.mp4", 1)
    with av.open(str(out / "a clip-expressions.mp4")) as marked:
        assert len(list(marked.decode(video=0))) == 20
    said = capsys.readouterr()
    assert "a clip.mp4: 0:02 long, 1 person\n" in said.out
    assert "    1     0:02  happy 100%\n" in said.out
    assert "a clip-expressions.mp4" in said.out
    assert "a clip.mp4: writing the marked video, 100%" in said.err


@pytest.mark.parametrize("crowd", [False, True])
def test_how_it_is_analysed_can_be_chosen_and_nobody_or_a_crowd_is_said(
    loaded: list[dict],
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    crowd: bool,
) -> None:
    if not crowd:
        write_clip(clip, even(20), plain())
    monkeypatch.setattr(video, "_MOST_PEOPLE", 0)
    options = ["--no-picture", "--rate", "every" if crowd else "0.5", "--fine", "--threads", "2"]
    assert main(["video", str(clip), "--out", str(tmp_path / "out"), *options]) == 0
    assert loaded == [{"threads": 2, "fine": True}]
    told = json.loads((tmp_path / "out" / "a clip-summary.json").read_text())
    assert told["frames"] == (20 if crowd else 1)
    says = "and 1 who were seen more briefly" if crowd else "a clip.mp4: 0:02 long, no face found"
    assert says in capsys.readouterr().out


@pytest.mark.usefixtures("loaded")
def test_a_bad_file_stops_none(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    bad = tmp_path / "text.mp4"
    bad.write_text("no recording")
    out = tmp_path / "out"
    assert main(["video", str(bad), str(clip), "--out", str(out), "--no-picture", "--json"]) == 1
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first.keys() == {"file", "error"}
    assert first["error"].startswith("is not a recording that can be read")
    assert (second["file"], len(second["people"])) == (str(clip), 1)
    assert names(out) == [f"a clip{ending}" for ending in ENDINGS[1:]]
    assert main(["video", str(bad), "--out", str(out)]) == 1
    assert f"{bad}: is not a recording" in capsys.readouterr().err
    again = ["video", str(clip), "--out", str(out), "--no-picture", "--rate", "5"]
    assert main(again) == 1
    assert "a clip.csv is there already" in capsys.readouterr().err
    assert main([*again, "--overwrite"]) == 0
    assert pq.read_table(out / "a clip.parquet").num_rows == 10


@pytest.mark.usefixtures("loaded")
def test_a_cut_off_recording_is_analysed_and_ends_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    noise = np.random.default_rng(1)

    def draw(seconds: float) -> np.ndarray:
        return noise.integers(0, 255, (64, 96, 3), np.uint8)

    clip = write_clip(tmp_path / "a.ts", even(60, 25), draw)
    content = clip.read_bytes()
    out = tmp_path / "out"
    for share, status, note in ((1.0, 0, False), (0.61, 1, True)):
        clip.write_bytes(content[: round(share * len(content))])
        arguments = ["video", str(clip), "--out", str(out), "--no-picture", "--overwrite"]
        assert main(arguments) == status
        assert ("breaks off after" in capsys.readouterr().out) is note
        assert pq.read_table(out / "a.parquet").num_rows > 3


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "there is no room left in"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied."),
        (VideoError("breaks off."), "breaks off."),
    ],
    ids=["a full disk", "a folder of somebody else", "the recording is gone"],
)
@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.usefixtures("loaded")
def test_where_a_table_cannot_be_written_none_is_left_and_without_the_video_all_are(
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    error: Exception,
    said: str,
    marked: bool,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    if marked:
        monkeypatch.setattr(video, "write_annotated", fails)
    else:
        monkeypatch.setitem(WRITERS, ".vtt", fails)
    assert main(["video", str(clip), "--out", str(tmp_path / "out")]) == 1
    kept = marked and isinstance(error, VideoError)
    tables = [f"a clip{ending}" for ending in ENDINGS if not ending.endswith(".mp4")]
    assert names(tmp_path / "out") == (tables if kept else [])
    assert said in capsys.readouterr().err


def test_the_shipped_model_answers_with_the_head_s_labels(tmp_path: Path, astronaut: Image) -> None:
    head = ["--head", "ferplus"]
    clip = write_clip(tmp_path / "a.mp4", even(10), moving(astronaut))
    assert main(["video", str(clip), "--out", str(tmp_path / "out"), *head, "--no-picture"]) == 0
    [person] = json.loads((tmp_path / "out" / "a-summary.json").read_text())["people"]
    assert tuple(person["shares"]) == (*FERPLUS_LABELS, "uncertain")
    assert person["shares"]["happy"] > 0.5
    with (tmp_path / "out" / "a.csv").open(newline="") as file:
        columns = csv.DictReader(file).fieldnames or ()
    assert {*FER2013_LABELS, *FERPLUS_LABELS} <= {*columns}, "those of all heads, as live"


def moving(astronaut: Image) -> Callable[[float], Image]:
    """Draw the astronaut, who moves to the right."""

    def draw(seconds: float) -> Image:
        left = round(20 + 20 * seconds) % 80
        picture = np.full((240, 320, 3), 120, np.uint8)
        picture[:, left : left + 240] = astronaut[:240, 130:370]
        return picture

    return draw


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_end_leaves_no_file(tmp_path: Path, astronaut: Image, number: signal.Signals) -> None:
    clip = write_clip(tmp_path / "long.mp4", even(600), moving(astronaut))
    out = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-m", "fer", "video", clip, "--out", out],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        preexec_fn=as_in_a_terminal,
        text=True,
    ) as process:
        assert process.stderr is not None
        # Once the marked video is begun, the other files are already written.
        assert any("marked" in line for line in iter(process.stderr.readline, ""))
        assert names(out)
        process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == 128 + number
    assert "Traceback" not in rest
    assert names(out) == []
