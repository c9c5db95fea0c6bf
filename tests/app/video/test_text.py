"""What the Video page says of a recording and its analysis."""

import errno
import re
from dataclasses import replace

import pytest

from app.video.sample import VIDEO
from app.video.text import browser_plays, facts, failure_line, found_line, progress_line, unplayable
from fer.errors import VideoError
from fer.export.stream import NO_FACE, StreamResult
from fer.video.recording import Progress
from tests.app.video.samples import INFO, SOURCE
from tests.fer.export.samples import HAPPY, NOBODY
from tests.fer.export.samples import INFO as EXPORT_INFO
from tests.fer.export.samples import rows as stream_rows

READING = "Step 1 of 2: reading expressions"


def test_a_recording_in_a_line() -> None:
    assert facts(SOURCE) == (
        "0:01 · 64 × 48 pixels · 10 frames a second · H.264 · no sound · 3.0 MB"
    )
    unknown = replace(INFO, seconds=None, frame_rate=None, codec="wmv3", has_sound=True)
    said = facts(replace(SOURCE, video=unknown, bytes=0))
    assert said == "unknown length · 64 × 48 pixels · wmv3 · with sound"
    assert "29.9 frames" not in facts(replace(SOURCE, video=replace(INFO, frame_rate=29.97)))
    assert facts(replace(SOURCE, bytes=200 * 2**20)).endswith("200 MB")
    assert "Eileen Collins" in facts(replace(SOURCE, video=VIDEO, is_sample=True))


@pytest.mark.parametrize(
    ("name", "codec", "plays", "said"),
    [
        ("a.mp4", "h264", True, ""),
        ("a.MOV", "h264", True, ""),
        ("a.webm", "vp9", True, ""),
        ("a.mov", "hevc", False, "HEVC in MOV files"),
        ("a.mkv", "h264", False, "H.264 in MKV files"),
        ("a.avi", "mpeg4", False, "MPEG-4 in AVI files"),
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
        (Progress("analysis", 0.0, 0.0, 1), 0.0, None, f"{READING} · 0%"),
        (
            Progress("analysis", 0.999, 9.0, 90),
            61.7,
            12.0,
            f"{READING} · 99% · 62 frames a second · about 10 seconds left",
        ),
        (
            Progress("analysis", None, 75.0, 90),
            30.0,
            None,
            f"{READING} · 1:15 so far · 30 frames a second",
        ),
        (
            Progress("analysis", 1.0, 75.0, 90),
            30.0,
            0.0,
            "Step 1 of 2: choosing the surest moments …",
        ),
        (
            Progress("picture", 0.5, 5.0, 50),
            80.0,
            300.0,
            "Step 2 of 2: marked video · 50% · 80 frames a second · about 5 minutes left",
        ),
    ],
)
def test_how_far_an_analysis_is(
    progress: Progress | None, speed: float, seconds: float | None, said: str
) -> None:
    assert progress_line(progress, speed, seconds) == said


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
    line, again = failure_line(SOURCE, VideoError("is cut off."))
    assert (line, again) == ("holiday\\.mov is cut off\\.", False)
    line, again = failure_line(SOURCE, OSError(errno.ENOSPC, "No space left on device"))
    assert "disk of this server is full" in line
    assert again
    line, again = failure_line(SOURCE, RuntimeError("secret path"))
    assert "Try it again" in line
    assert "secret" not in line
    assert again
