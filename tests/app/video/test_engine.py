"""From a recording to a result, with the parts of `fer.video` replaced, and what is told of it."""

import errno
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from app.core.session.stream_files import FORMATS
from app.core.settings import model_dir
from app.video import engine
from app.video.engine import (
    MAX_ROWS,
    PICTURE_SECONDS,
    Result,
    VideoProgress,
    VideoSettings,
    check_work,
    most_pixels,
    read_video,
)
from app.video.session import SAMPLE_VIDEO
from app.video.text import browser_plays, facts, failure_line, found_line, progress_line, unplayable
from app.video.view import file_name, open_archive, stream_result
from fer.errors import VideoError
from fer.export.stream import NO_FACE, StreamResult, StreamRows
from fer.labels import FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.types import Image
from fer.video.opening import VideoInfo
from fer.video.recording import Cancelled, Progress, Recording, VideoOptions
from tests.app.samples import Clock
from tests.app.video.samples import INFO, SOURCE, nobody, recording
from tests.fer.export.samples import HAPPY, NOBODY, TWO
from tests.fer.export.samples import INFO as EXPORT_INFO
from tests.fer.export.samples import rows as stream_rows
from tests.samples import write_copy


@pytest.fixture
def asked(spec: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the parts were asked for; ``error`` is what the writing raises."""
    seen: dict[str, Any] = {"error": None}

    def load(directory: Path, *, fine: bool) -> SimpleNamespace:
        seen["fine"], seen["directory"] = fine, directory
        return SimpleNamespace(spec=spec)

    def analyse(source: Path, stream: object, options: VideoOptions, **asked: Any) -> Recording:
        seen["options"] = options
        asked["stopped"]()
        return recording(spec)

    def write(source: Path, found: Recording, out: Path, model: ModelSpec, **asked: Any) -> None:
        if asked["cancelled"]():
            raise Cancelled
        if seen["error"]:
            raise seen["error"]
        out.write_bytes(b"marked")

    monkeypatch.setattr(engine, "FaceStream", SimpleNamespace(load=load))
    monkeypatch.setattr(engine, "analyse", analyse)
    monkeypatch.setattr(engine, "write_annotated", write)
    return seen


def read(folder: Path, settings: VideoSettings) -> Result:
    source = folder / "holiday.mov"
    source.write_bytes(bytes(1000))
    marked = folder / "marked.mp4"
    return read_video(source, marked, settings, lambda _: None, lambda: False, 90.0)


def test_settings_reach_the_analysis(tmp_path: Path, asked: dict[str, Any]) -> None:
    mine = write_copy(tmp_path, "mine")
    result = read(tmp_path, VideoSettings(None, True, FERPLUS_HEAD, mine))
    assert result.marked == tmp_path / "marked.mp4"
    assert result.marked.exists()
    assert (result.note, asked["fine"]) == ("", True)
    limits = {"pixels": 5_020_000_000, "processor_seconds": 90.0}
    assert asked["options"] == VideoOptions(None, FERPLUS_HEAD, **limits)
    assert result.model
    assert (result.model.name, asked["directory"]) == ("mine", mine)
    result = read(tmp_path, VideoSettings(head=FERPLUS_HEAD, model=tmp_path / "gone"))
    assert asked["options"].head is None
    assert result.model
    assert asked["directory"] == result.model.directory == model_dir()


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk of this server is full"),
        (VideoError("cannot be written as a marked video."), "The recording cannot be written as"),
    ],
)
def test_without_a_marked_video_numbers_stay(
    tmp_path: Path, asked: dict[str, Any], error: Exception, note: str
) -> None:
    asked["error"] = error
    result = read(tmp_path, VideoSettings())
    assert result.marked is None
    assert result.note.startswith(note)
    assert len(result.recording.rows)
    asked["error"] = RuntimeError("a fault that nobody thought of")
    with pytest.raises(RuntimeError):
        read(tmp_path, VideoSettings())


@pytest.mark.parametrize(
    ("answers", "note"),
    [
        ([True, True], "Cancelled: only 0:01 of 0:01 were analysed."),
        ([False, True], ""),  # after the last frame
        ([False, False, True], ""),  # while the marked video is written
    ],
)
def test_a_cancel_keeps_what_was_analysed(
    tmp_path: Path, asked: dict[str, Any], answers: list[bool], note: str
) -> None:
    stopped = iter(answers)
    source = tmp_path / "holiday.mov"
    source.write_bytes(bytes(1000))
    marked = tmp_path / "marked.mp4"
    result = read_video(
        source,
        marked,
        VideoSettings(),
        lambda _: None,
        lambda: False,
        stopped=lambda: next(stopped),
    )
    assert (result.cancelled, result.marked, result.recording.note) == (True, None, note)
    assert len(result.recording.rows)
    assert not marked.exists()


@pytest.mark.parametrize(
    ("seconds", "rate", "refused"),
    [
        (None, None, False),
        (100.0, 10.0, False),
        (100.0, 10.1, True),
        (16.0, 1000.0, False),  # such a rate is a guess
        (17.0, 1000.0, True),
    ],
)
def test_too_much_work_is_refused(seconds: float | None, rate: float | None, refused: bool) -> None:
    sizes = [0, 1_000_000, 12_250_000, 200_000_000]
    assert [most_pixels(size) for size in sizes] == [5e9, 25e9, 250e9, 250e9]
    video = VideoInfo(2500, 2000, seconds, rate, "gif", has_sound=False)
    if not refused:
        return check_work(video, 0)
    with pytest.raises(VideoError, match=r"1,0\d\d frames of 2500 × 2000 .* 1,000 are analysed"):
        check_work(video, 0)


@pytest.fixture
def progress(clock: Clock) -> VideoProgress:
    return VideoProgress(clock)


def report(share: float | None, frames: int, stage: str = "analysis") -> Progress:
    return Progress(stage, share, 0.0, frames, frames // 3)


def test_rows_of_all_reports_follow_each_other(progress: VideoProgress) -> None:
    assert progress.newest is progress.rows is progress.seconds_left is None
    assert (progress.picture, progress.speed) == (b"", 0.0)
    progress.report(Progress("analysis", 0.0, 0.0, 1, 1, TWO.take(slice(0, 0))))
    assert progress.rows is not None
    assert len(progress.rows) == 0
    for part in (slice(0, 2), slice(2, 3), slice(3, 5)):
        progress.report(Progress("analysis", 0.5, 0.0, 1, 1, TWO.take(part)))
    for _ in range(2):
        assert progress.rows.seconds.tolist() == TWO.seconds.tolist()
    progress.report(report(0.1, 1, "picture"))
    assert len(progress.rows) == len(TWO), "they stay while the marked video is written"


def test_of_a_long_recording_some_frames_are_kept_each_whole(progress: VideoProgress) -> None:
    frames = MAX_ROWS
    array = np.repeat(TWO.array[:1], 2 * frames)
    array["seconds"], array["track"] = np.repeat(np.arange(frames) / 10, 2), [1, 2] * frames
    progress.report(Progress("analysis", 0.5, 0.0, 1, 1, StreamRows(array, TWO.heads)))
    rows = progress.rows
    assert rows is not None
    assert (len(rows), rows.track[:4].tolist()) == (MAX_ROWS, [1, 2, 1, 2])
    assert rows.seconds[-1] == pytest.approx(frames / 10, abs=0.3)
    crowd = StreamRows(np.repeat(TWO.array[:1], MAX_ROWS + 1), TWO.heads)
    progress = VideoProgress()
    progress.report(Progress("analysis", 0.5, 0.0, 1, 1, crowd))
    assert progress.rows is not None
    assert len(progress.rows) == MAX_ROWS + 1, "in one frame"


@pytest.mark.parametrize("fine", [False, True])
def test_speed_is_the_stage_s_and_time_left_the_whole_s(clock: Clock, fine: bool) -> None:
    progress = VideoProgress(clock, fine=fine)
    progress.report(report(0.0, 1))
    clock.seconds += 0.5
    progress.report(report(0.01, 30))
    assert progress.speed == 60
    assert progress.seconds_left is None, "too early to say"
    clock.seconds += 9.5
    progress.report(report(0.25, 600))
    assert progress.speed == 60
    # 30 seconds of this step, and 2,400 frames to be marked; 200 analyses took 10 seconds.
    assert progress.seconds_left == pytest.approx(30 + 2400 * (10 / 200) * (0.03 if fine else 0.56))
    progress.report(report(0.0, 0, "picture"))
    assert progress.speed == 0
    assert progress.seconds_left is None
    clock.seconds += 2
    progress.report(report(0.5, 100, "picture"))
    assert progress.speed == 50
    assert progress.seconds_left == pytest.approx(2)
    progress.report(report(None, 100, "picture"))
    assert progress.speed == 50
    assert progress.seconds_left is None, "without a length"


def test_a_picture_is_made_once_a_second(progress: VideoProgress, clock: Clock) -> None:
    made: list[int] = []

    def picture(level: int) -> Callable[[], Image]:
        def make() -> Image:
            made.append(level)
            return np.full((900, 1600, 3), (level, 0, 0), np.uint8)

        return make

    for level in (50, 100, 200):
        progress.report(Progress("analysis", 0.1, 0.0, 1, 1, None, picture(level)))
        clock.seconds += PICTURE_SECONDS / 2
    assert made == [50, 200]
    shown = cv2.imdecode(np.frombuffer(progress.picture, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (450, 800, 3)
    assert abs(int(shown[0, 0, 2]) - 200) < 5, "red is red"
    assert progress.newest is not None
    assert progress.newest.picture is None, "it would keep the frame"


def test_a_recording_in_a_line() -> None:
    assert facts(SOURCE) == (
        "0:01 · 64 × 48 pixels · 10 frames a second · H.264 · no sound · 3.0 MB"
    )
    unknown = replace(INFO, seconds=None, frame_rate=None, codec="rv40", has_sound=True)
    said = facts(replace(SOURCE, video=unknown, bytes=0))
    assert said == "unknown length · 64 × 48 pixels · rv40 · with sound"
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
        ([1, 1, 2], (1.5,), False, "2 people in 0:03, 2 scenes: .* may get a new number.$"),
        ([1, 0, 2], (0.5, 1.5), False, ", 3 scenes: .* In 1 scene no face was found. “Small faces"),
        ([1, 0, 2], (0.5, 1.5), True, r"In 1 scene no face was found\.$"),
        ([1, 0], (1.5,), True, "may get a new number.$"),  # a scene too short to be looked at
    ],
)
def test_empty_scenes(seen: list[int], cuts: tuple[float, ...], fine: bool, said: str) -> None:
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


def test_a_file_is_called_like_its_recording_and_leads_nowhere_else() -> None:
    names = ["", "two.words.mp4", "../../etc/passwd", "C:\\films\\a.avi"]
    called = [file_name(replace(SOURCE, name=name), ".csv") for name in names]
    assert called == ["video.csv", "two.words.csv", "passwd.csv", "a.csv"]


def test_the_archive_has_all_files(tmp_path: Path, spec: ModelSpec) -> None:
    found = stream_result(SOURCE, Result(recording(spec), None), ZoneInfo("Asia/Kolkata"))
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
    result = Result(recording(spec, nobody()), None, "The disk is full.")
    found = stream_result(SOURCE, result, ZoneInfo("UTC"))
    with open_archive(SOURCE, found, None, tmp_path) as file, zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("holiday-summary.json"))["people"] == []
        assert len(archive.namelist()) == len(FORMATS)
