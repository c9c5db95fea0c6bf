"""From a recording to a result, with the parts of `fer.video` replaced."""

import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.paths import model_dir
from app.video import engine
from app.video.engine import Result, VideoSettings, read_video
from app.video.room import most_pixels
from fer.errors import VideoError
from fer.labels import FERPLUS_HEAD
from fer.model.spec import ModelSpec
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
    monkeypatch.setattr(engine, "write_marked", write)
    return seen


def read(folder: Path, settings: VideoSettings) -> Result:
    source = folder / "holiday.mov"
    source.write_bytes(bytes(1000))
    marked = folder / "marked.mp4"
    return read_video(source, marked, settings, lambda _: None, lambda: False, 90.0)


def test_settings_reach_the_analysis_and_the_marked_video_is_there(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    result = read(tmp_path, VideoSettings(None, True, FERPLUS_HEAD))
    assert result.marked == tmp_path / "marked.mp4"
    assert result.marked.exists()
    assert (result.note, asked["fine"]) == ("", True)
    limits = {"pixels": most_pixels(1000), "processor_seconds": 90.0}
    assert asked["options"] == VideoOptions(None, FERPLUS_HEAD, **limits)


def test_a_full_disk_costs_the_marked_video_but_not_the_numbers(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    asked["error"] = OSError(errno.ENOSPC, "No space left on device")
    result = read(tmp_path, VideoSettings())
    assert result.marked is None
    assert "disk of this server is full" in result.note
    assert len(result.recording.rows)


def test_times_that_mp4_cannot_hold_cost_the_marked_video_but_not_the_numbers(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    asked["error"] = VideoError("cannot be written as a marked video.")
    result = read(tmp_path, VideoSettings())
    assert result.marked is None
    assert result.note == "The recording cannot be written as a marked video."
    assert len(result.recording.rows)


def test_other_faults_are_faults(tmp_path: Path, asked: dict[str, Any]) -> None:
    asked["error"] = RuntimeError("a fault that nobody thought of")
    with pytest.raises(RuntimeError):
        read(tmp_path, VideoSettings())


def test_a_model_that_went_while_the_job_waited_is_replaced_by_the_configured_one(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    result = read(tmp_path, VideoSettings(head=FERPLUS_HEAD, model=tmp_path / "gone"))
    assert asked["options"].head == VideoSettings().head
    assert result.model
    assert asked["directory"] == result.model.directory == model_dir()


def test_the_result_says_which_model_answered(tmp_path: Path, asked: dict[str, Any]) -> None:
    mine = write_copy(tmp_path, "mine")
    result = read(tmp_path, VideoSettings(head=FERPLUS_HEAD, model=mine))
    assert asked["options"].head == FERPLUS_HEAD
    assert result.model
    assert (result.model.name, asked["directory"]) == ("mine", mine)
