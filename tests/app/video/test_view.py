"""What the Video page says of a recording and its analysis, and the files that can be saved."""

import errno
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.core.session.stream_files import FORMATS
from app.video.engine import Result
from app.video.session import SAMPLE_VIDEO
from app.video.text import browser_plays, facts, failure_line, found_line, progress_line, unplayable
from app.video.view import file_name, open_archive, stream_result
from fer.errors import VideoError
from fer.export.stream import NO_FACE, StreamResult
from fer.model.spec import ModelSpec
from fer.video.recording import Progress
from tests.app.video.samples import INFO, SOURCE, nobody, recording
from tests.fer.export.samples import HAPPY, NOBODY
from tests.fer.export.samples import INFO as EXPORT_INFO
from tests.fer.export.samples import rows as stream_rows


def test_a_recording_in_a_line() -> None:
    assert facts(SOURCE) == (
        "0:01 · 64 × 48 pixels · 10 frames a second · H.264 · no sound · 3.0 MB"
    )
    unknown = replace(INFO, seconds=None, frame_rate=None, codec="wmv3", has_sound=True)
    said = facts(replace(SOURCE, video=unknown, bytes=0))
    assert said == "unknown length · 64 × 48 pixels · wmv3 · with sound"
    assert "29.9 frames" not in facts(replace(SOURCE, video=replace(INFO, frame_rate=29.97)))
    assert facts(replace(SOURCE, bytes=200 * 2**20)).endswith("200 MB")
    assert "Eileen Collins" in facts(replace(SOURCE, video=SAMPLE_VIDEO, is_sample=True))


@pytest.mark.parametrize(
    ("name", "codec", "plays", "said"),
    [
        ("a.MOV", "h264", True, ""),
        ("a.webm", "vp9", True, ""),
        ("a.mov", "hevc", False, "HEVC in MOV files"),
        ("a.mkv", "h264", False, "H.264 in MKV files"),
        ("a.gif", "gif", False, "GIF files as videos"),
        ("nameless", "h264", False, "H.264 in such files"),
    ],
)
def test_what_browsers_play(name: str, codec: str, plays: bool, said: str) -> None:
    source = replace(SOURCE, name=name, video=replace(INFO, codec=codec))
    assert browser_plays(source) is plays
    if not plays:
        assert said in unplayable(source)


@pytest.mark.parametrize(
    ("progress", "speed", "seconds", "said"),
    [
        (None, 0.0, None, "Getting ready …"),
        (Progress("analysis", 0.0, 0.0, 1), 0.0, None, "Step 1 of 2: reading expressions · 0%"),
        (Progress("analysis", 0.999, 9.0, 90), 61.7, 12.0, "· 99% · 62 .* · about 10 seconds left"),
        (Progress("analysis", None, 75.0, 90), 30.0, None, "· 1:15 so far · 30 frames a second"),
        (Progress("analysis", 1.0, 75.0, 90), 30.0, 0.0, "Step 1 of 2: choosing the .* moments …"),
        (Progress("picture", 0.5, 5.0, 50), 80.0, 300.0, "Step 2 .* · 50% · .* 5 minutes left"),
    ],
)
def test_how_far_an_analysis_is(
    progress: Progress | None, speed: float, seconds: float | None, said: str
) -> None:
    assert re.search(f"{said}$", progress_line(progress, speed, seconds))


@pytest.mark.parametrize(
    ("seen", "cuts", "fine", "said"),
    [
        ([0], (), False, "No face was found.* “Small faces too” in Settings looks"),
        ([0], (), True, r"No face was found.* turned to the camera\.$"),
        ([1, 1, 2], (), False, r"\*\*2 people in 0:03: mostly happy\.\*\*$"),
        ([1, 1, 2], (1.5,), False, "2 people in 0:03, 2 scenes: .* has a new number.$"),
        ([1, 0, 2], (0.5, 1.5), False, ", 3 scenes: .* In 1 scene no face was found. “Small faces"),
        ([1, 0, 2], (0.5, 1.5), True, r"In 1 scene no face was found\.$"),
        ([1, 0], (1.5,), True, "has a new number.$"),  # a scene too short to be looked at
    ],
)
def test_scenes_without_a_face_are_named_and_what_may_help(
    seen: list[int], cuts: tuple[float, ...], fine: bool, said: str
) -> None:
    """Rows are a second apart, each with a person's number; 0 for nobody."""
    table = stream_rows(
        *((float(i), track or NO_FACE, HAPPY if track else NOBODY) for i, track in enumerate(seen))
    )
    found = StreamResult(table, EXPORT_INFO, recorded=True, cuts=cuts)
    assert re.search(said, found_line(found, fine=fine))


def test_a_failure_says_what_to_do() -> None:
    cut_off = failure_line(SOURCE, VideoError("is cut off."))
    assert cut_off == ("holiday\\.mov is cut off\\.", False)
    full, again = failure_line(SOURCE, OSError(errno.ENOSPC, "No space left on device"))
    assert ("disk of this server is full" in full, again) == (True, True)
    fault, again = failure_line(SOURCE, RuntimeError("secret path"))
    assert ("Try it again" in fault, "secret" in fault, again) == (True, False, True)


@pytest.fixture
def found(spec: ModelSpec) -> StreamResult:
    return stream_result(SOURCE, Result(recording(spec), None), ZoneInfo("Asia/Kolkata"))


@pytest.mark.parametrize(
    ("name", "csv"),
    [
        ("", "video.csv"),
        ("two.words.mp4", "two.words.csv"),
        ("../../etc/passwd", "passwd.csv"),
        ("C:\\films\\a.avi", "a.csv"),
    ],
)
def test_a_file_is_called_like_its_recording_and_leads_nowhere_else(name: str, csv: str) -> None:
    assert file_name(replace(SOURCE, name=name), ".csv") == csv


def test_the_archive_has_all_files_and_is_gone_from_the_disk(
    found: StreamResult, tmp_path: Path
) -> None:
    assert found.info.iso_time == "2026-05-01T17:30:00+05:30", "the visitor's time"
    assert (found.source["file"], found.end, found.cuts) == ("holiday.mov", 1.5, (0.55,))
    marked = tmp_path / "marked-1.mp4"
    marked.write_bytes(b"marked")
    with open_archive(SOURCE, found, marked, tmp_path) as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        names = [f"holiday{kind.ending}" for kind in FORMATS]
        assert archive.namelist() == [*names, "holiday-expressions.mp4"]
        for kind in FORMATS:
            assert archive.read(f"holiday{kind.ending}") == kind.contents(found)
        assert archive.read("holiday-expressions.mp4") == b"marked"
    assert [*tmp_path.iterdir()] == [marked]
    with pytest.raises(FileNotFoundError):
        open_archive(SOURCE, found, None, tmp_path / "gone")


def test_without_a_face_and_a_marked_video_there_are_files_all_the_same(
    spec: ModelSpec, tmp_path: Path
) -> None:
    result = Result(recording(spec, nobody()), None, "The disk is full.")
    found = stream_result(SOURCE, result, ZoneInfo("UTC"))
    with open_archive(SOURCE, found, None, tmp_path) as file, zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("holiday-summary.json"))["people"] == []
        assert len(archive.namelist()) == len(FORMATS)
