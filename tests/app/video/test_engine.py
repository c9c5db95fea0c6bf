"""From a recording to a result, with the parts of `fer.video` replaced."""

import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.settings import model_dir
from app.video import engine, sample
from app.video.engine import Result, VideoSettings, check_work, most_pixels, read_video
from fer.errors import VideoError
from fer.labels import FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.video.opening import VideoInfo
from fer.video.reading import probe
from fer.video.recording import Recording, VideoOptions
from tests.app.video.samples import recording
from tests.samples import write_copy


@pytest.fixture
def asked(spec: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the parts were asked for; ``error`` is what the writing raises."""
    seen: dict[str, Any] = {"error": None}

    def load(directory: Path, *, fine: bool) -> SimpleNamespace:
        seen["fine"], seen["directory"] = fine, directory
        return SimpleNamespace(spec=spec)

    def analyse(source: Path, stream: object, options: VideoOptions, **_: object) -> Recording:
        seen["options"] = options
        return recording(spec)

    def write(source: Path, found: Recording, out: Path, model: ModelSpec, **_: object) -> None:
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


def test_settings_and_limits_reach_the_analysis_and_the_result_names_the_model(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    mine = write_copy(tmp_path, "mine")
    result = read(tmp_path, VideoSettings(None, True, FERPLUS_HEAD, mine))
    assert result.marked == tmp_path / "marked.mp4"
    assert result.marked.exists()
    assert (result.note, asked["fine"]) == ("", True)
    limits = {"pixels": 5_020_000_000, "processor_seconds": 90.0}
    assert asked["options"] == VideoOptions(None, FERPLUS_HEAD, **limits)
    assert result.model
    assert (result.model.name, asked["directory"]) == ("mine", mine)


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk of this server is full"),
        (VideoError("cannot be written as a marked video."), "The recording cannot be written as"),
    ],
)
def test_what_keeps_the_marked_video_from_the_disk_does_not_cost_the_numbers(
    tmp_path: Path, asked: dict[str, Any], error: Exception, note: str
) -> None:
    asked["error"] = error
    result = read(tmp_path, VideoSettings())
    assert result.marked is None
    assert result.note.startswith(note)
    assert len(result.recording.rows)


def test_other_faults_are_faults(tmp_path: Path, asked: dict[str, Any]) -> None:
    asked["error"] = RuntimeError("a fault that nobody thought of")
    with pytest.raises(RuntimeError):
        read(tmp_path, VideoSettings())


def test_a_model_that_went_while_the_job_waited_is_replaced_by_the_configured_one(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    result = read(tmp_path, VideoSettings(head=FERPLUS_HEAD, model=tmp_path / "gone"))
    assert asked["options"].head is None
    assert result.model
    assert asked["directory"] == result.model.directory == model_dir()


@pytest.mark.parametrize(
    ("size", "pixels"), [(0, 5e9), (1_000_000, 25e9), (12_250_000, 250e9), (200_000_000, 250e9)]
)
def test_a_larger_file_may_have_more_pixels_up_to_a_limit(size: int, pixels: float) -> None:
    assert most_pixels(size) == pixels


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
def test_what_a_header_says_is_too_much_work_is_refused(
    seconds: float | None, rate: float | None, refused: bool
) -> None:
    video = VideoInfo(2500, 2000, seconds, rate, "gif", has_sound=False)
    if not refused:
        return check_work(video, 0)
    with pytest.raises(VideoError, match=r"1,0\d\d frames of 2500 × 2000 .* 1,000 are analysed"):
        check_work(video, 0)


def test_the_sample_is_written_once_and_is_what_is_said_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sample.sample_video(tmp_path)
    assert [*tmp_path.iterdir()] == [file] == [tmp_path / sample.NAME]
    assert probe(file) == sample.VIDEO
    assert file.stat().st_size < 2**20
    monkeypatch.setattr(sample, "_write", lambda file: 1 / 0)
    assert sample.sample_video(tmp_path) == file
