"""A visitor's recording: taken, refused, analysed, cancelled, deleted."""

import errno
import inspect
import io
import os
import shutil
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from app.core.budget import UploadFolders
from app.core.jobs import Job, Jobs, State
from app.core.server.events import counters
from app.video import inputs
from app.video import session as module
from app.video.engine import VideoSettings
from app.video.session import (
    CANCELLED,
    SAMPLE_NAME,
    SAMPLE_VIDEO,
    UNREAD,
    VideoSession,
    write_sample,
)
from app.video.text import facts
from fer.errors import VideoError
from fer.labelled.names import shown_name
from fer.model.spec import ModelSpec
from fer.video.opening import VideoInfo
from fer.video.reading import probe
from tests.app.samples import PATIENCE
from tests.app.video.samples import FakeEngine, video
from tests.fer.video.samples import dotted_gif


@pytest.fixture
def engine(spec: ModelSpec) -> FakeEngine:
    return FakeEngine(spec)


@pytest.fixture
def session(engine: FakeEngine, tmp_path: Path) -> VideoSession:
    return VideoSession(Jobs(1), UploadFolders(2**20, tmp_path, lambda folder: 2**40), engine)


def take(session: VideoSession, name: str = "holiday.mp4", file: io.BytesIO | None = None) -> None:
    file = file or video()
    session.take(file, len(file.getvalue()), name, VideoSettings())


def wait(session: VideoSession) -> None:
    """Wait for the end of the job, if there is one."""
    job = session.job
    assert job is None or job.wait(PATIENCE)


def finish(session: VideoSession, engine: FakeEngine) -> State:
    engine.go.set()
    assert session.job
    assert session.job.wait(PATIENCE)
    return session.job.state


def files(session: VideoSession) -> list[str]:
    return sorted(file.name for file in session.folders.root.rglob("*") if file.is_file())


def assert_empty(session: VideoSession) -> None:
    assert (session.source, session.job, session.folder, files(session)) == (None, None, None, [])
    assert session.folders.budget.left == 2**20


def test_a_recording_is_analysed_at_once(session: VideoSession, engine: FakeEngine) -> None:
    session.start(VideoSettings())
    session.cancel()
    session.clear()  # there is nothing yet
    assert_empty(session)
    assert session.notice == ""
    take(session)
    assert engine.began.wait(PATIENCE)
    assert session.source
    assert (session.source.name, session.source.video.width) == ("holiday.mp4", 64)
    assert session.source.path.read_bytes() == video().getvalue()
    assert session.folders.budget.left == 2**20 - 2 * session.source.bytes
    assert session.progress.newest
    assert finish(session, engine) is State.DONE
    assert session.job
    assert session.job.result
    assert session.job.result.marked == session.source.path.with_name("marked-1.mp4")
    assert files(session) == ["marked-1.mp4", "recording.mp4"]
    session.start(VideoSettings(None))
    finish(session, engine)
    assert [settings.rate for settings in engine.settings] == [10.0, None]
    assert session.settings.rate is None
    assert files(session) == ["marked-2.mp4", "recording.mp4"]
    take(session, "other.webm")  # in its place
    finish(session, engine)
    assert files(session) == ["marked-3.mp4", "recording.webm"]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.mp4", b"", "empty.mp4 is empty (0 bytes)."),
        ("notes.mp4", b"these are notes", "notes.mp4 is not a recording that can be read"),
        ("long.mp4", bytes(2**19 + 1), "long.mp4 was not taken. This server has no room"),
    ],
)
def test_what_is_not_taken(session: VideoSession, name: str, data: bytes, said: str) -> None:
    take(session, name, io.BytesIO(data))
    wait(session)
    assert session.notice.startswith(said)
    assert_empty(session)
    take(session)
    assert (session.notice, session.job is None) == ("", False)


def test_too_much_work_is_refused_at_once(session: VideoSession, tmp_path: Path) -> None:
    file = dotted_gif(tmp_path / "a.gif", (2900, 2900), 3000)
    take(session, "a.gif", io.BytesIO(file.read_bytes()))
    wait(session)
    assert session.notice.startswith("a.gif is too much work: about 3,000 frames of 2900 × 2900")
    assert_empty(session)


def test_a_header_is_read_when_the_server_has_a_place(
    session: VideoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    go = threading.Event()
    other = Job(lambda cancelled: begun.set() or go.wait(PATIENCE))
    read = list[Path]()

    def refuse(path: Path) -> VideoInfo:
        read.append(path)
        raise VideoError("is damaged.")

    monkeypatch.setattr(module, "probe", refuse)
    session.jobs.start(other)
    assert begun.wait(PATIENCE)
    take(session)
    assert session.source
    assert (session.source.video, facts(session.source), read) == (UNREAD, "", [])
    go.set()
    wait(session)
    assert len(read) == 1
    assert session.notice == "holiday.mp4 is damaged."
    assert_empty(session)


@pytest.mark.parametrize(
    ("error", "said"),
    [(errno.EDQUOT, "disk of this server is full"), (errno.EIO, "could not write it to its disk")],
)
def test_a_full_disk_is_told_and_nothing_is_left_of_the_half_file(
    session: VideoSession, error: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy_half(file: io.BytesIO, out: io.BufferedWriter, size: int) -> None:
        out.write(file.read(99))
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(shutil, "copyfileobj", copy_half)
    faults = counters().total("disk_failed")
    take(session)
    assert session.notice.startswith("holiday.mp4 was not taken. ")
    assert said in session.notice
    assert_empty(session)
    assert counters().total("disk_failed") == faults + 1


def test_whatever_a_recording_is_called_its_file_has_a_plain_name(session: VideoSession) -> None:
    names = {
        "a.MP4": ".mp4",
        "nameless": "",
        "a.m\x00p4": ".mp4",
        "a.longsuffix": "",
        "a/../b.é": "",
    }
    for name, suffix in names.items():
        take(session, name)
        assert session.source
        assert session.source.name == shown_name(name)
        assert session.source.path.name == f"recording{suffix}"


def test_a_cancel_keeps_what_was_analysed(session: VideoSession, engine: FakeEngine) -> None:
    take(session)
    assert engine.began.wait(PATIENCE)
    job = session.job
    assert job
    assert not session.stopping
    session.cancel()
    assert job.wait(PATIENCE)
    assert (session.job, session.stopping) == (job, False)
    assert job.result
    assert job.result.cancelled
    session.cancel()  # a late click
    assert (job.state, session.notice) == (State.DONE, "")
    assert files(session) == ["recording.mp4"]
    session.start(VideoSettings())
    assert not session.stopping
    assert finish(session, engine) is State.DONE
    assert session.job
    assert session.job.result
    assert not session.job.result.cancelled


def test_a_cancel_before_the_first_frame_deletes_all_at_once(
    session: VideoSession, engine: FakeEngine
) -> None:
    engine.reports = False
    engine.stop.clear()
    take(session)
    assert engine.began.wait(PATIENCE)
    job, folder = session.job, session.folder
    assert job
    assert folder
    session.cancel()
    assert session.notice == CANCELLED
    assert_empty(session)
    folder.mkdir(exist_ok=True)
    (folder / "late.mp4").write_bytes(b"late")
    engine.stop.set()
    assert job.wait(PATIENCE)
    assert not folder.exists()
    session.cancel()  # there is nothing any more
    assert session.notice == CANCELLED


def test_the_sample_takes_the_same_way_is_written_once_and_is_what_is_said_of_it(
    session: VideoSession, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.take_sample(VideoSettings())
    finish(session, engine)
    assert session.source
    assert session.source.is_sample
    assert files(session) == ["marked-1.mp4", SAMPLE_NAME]
    file = session.source.path
    assert probe(file) == SAMPLE_VIDEO
    assert file.stat().st_size < 2**20
    monkeypatch.setattr(module, "SampleClip", lambda _: 1 / 0)
    write_sample(file)


def test_who_has_left_leaves_nothing(session: VideoSession, engine: FakeEngine) -> None:
    take(session)
    assert engine.began.wait(PATIENCE)
    job = session.job
    session.end()
    assert job
    assert job.wait(PATIENCE)
    assert session.ended
    take(session)
    assert_empty(session)


def test_a_server_s_end_takes_all_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks: list[Callable[[], object]] = []
    seconds: list[float] = []

    def read(*_: object, processor_seconds: float, **_others: object) -> None:
        seconds.append(processor_seconds)

    monkeypatch.setenv("FER_MAX_VIDEO_MINUTES", "2")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(inputs, "at_end", tasks.append)
    monkeypatch.setattr(inputs, "read_video", read)
    monkeypatch.setattr(inputs, "kept", lambda name, make, *_, **__: make())
    monkeypatch.setattr(inputs, "jobs", cache(lambda setting: Jobs(1)))
    monkeypatch.setattr(inputs, "_folders", cache(inspect.unwrap(inputs._folders)))
    session = inputs.video_session()
    take(session)
    assert session.job
    assert session.job.wait(PATIENCE)
    assert seconds == [120.0]
    while tasks:
        tasks.pop()()
    assert [*tmp_path.iterdir()] == []
    session.start(VideoSettings())
    assert session.job.state is State.CANCELLED, "no job begins any more"
