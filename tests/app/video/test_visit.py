"""A visitor's recording: taken, refused, analysed, cancelled, deleted."""

import io
import threading
from pathlib import Path

import pytest

from app.core.jobs import Jobs, State
from app.video.engine import VideoSettings
from app.video.visit import CANCELLED, VideoVisit
from app.video.workspace import Workspaces
from fer.labelled.names import shown_name
from fer.model.spec import ModelSpec
from tests.app.video.samples import PATIENCE, FakeEngine, video
from tests.fer.video.samples import dotted_gif


@pytest.fixture
def engine(spec: ModelSpec) -> FakeEngine:
    return FakeEngine(spec)


@pytest.fixture
def spaces(tmp_path: Path) -> Workspaces:
    return Workspaces(2**20, tmp_path, lambda folder: 2**20)


@pytest.fixture
def visit(engine: FakeEngine, spaces: Workspaces) -> VideoVisit:
    return VideoVisit(Jobs(1), spaces, engine)


def take(visit: VideoVisit, name: str = "holiday.mp4", file: io.BytesIO | None = None) -> None:
    file = file or video()
    visit.take(file, len(file.getvalue()), name, VideoSettings())


def finish(visit: VideoVisit, engine: FakeEngine) -> None:
    engine.go.set()
    assert visit.job
    assert visit.job.wait(PATIENCE)


def files(spaces: Workspaces) -> list[str]:
    return sorted(file.name for file in spaces.root.rglob("*") if file.is_file())


def test_at_first_there_is_nothing_to_analyse_or_delete(visit: VideoVisit) -> None:
    visit.start(VideoSettings())
    visit.cancel()
    visit.clear()
    assert (visit.source, visit.job, visit.folder, visit.notice) == (None, None, None, "")


def test_a_recording_is_analysed_at_once(
    visit: VideoVisit, engine: FakeEngine, spaces: Workspaces
) -> None:
    take(visit)
    assert visit.source
    assert (visit.source.name, visit.source.video.width) == ("holiday.mp4", 64)
    assert visit.source.path.read_bytes() == video().getvalue()
    assert engine.began.wait(PATIENCE)
    assert visit.progress.newest
    finish(visit, engine)
    assert visit.job
    assert visit.job.state is State.DONE
    assert visit.job.result
    assert visit.job.result.marked
    assert visit.job.result.marked.parent == visit.folder
    assert files(spaces) == ["marked-1.mp4", "recording.mp4"]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.mp4", b"", "empty.mp4 is empty (0 bytes)."),
        ("notes.mp4", b"these are notes", "notes.mp4 is not a recording that can be read"),
        ("../../etc/x.mp4", b"no", "etc/x.mp4 is not a recording"),
        ("long.mp4", bytes(2**20), "long.mp4 was not taken. This server has no room"),
    ],
)
def test_what_cannot_be_taken_leaves_a_notice_and_no_file(
    visit: VideoVisit, spaces: Workspaces, name: str, data: bytes, said: str
) -> None:
    take(visit, name, io.BytesIO(data))
    assert visit.notice.startswith(said)
    assert (visit.source, visit.job, len(spaces), files(spaces)) == (None, None, 0, [])
    take(visit)
    assert (visit.notice, visit.job is None) == ("", False)


def test_a_small_file_that_is_too_much_work_is_refused_at_once(
    visit: VideoVisit, spaces: Workspaces, tmp_path: Path
) -> None:
    file = dotted_gif(tmp_path / "a.gif", (2900, 2900), 3000)
    take(visit, "a.gif", io.BytesIO(file.read_bytes()))
    assert visit.notice.startswith("a.gif is too much work: about 3,000 frames of 2900 × 2900")
    assert (visit.source, visit.job, len(spaces), files(spaces)) == (None, None, 0, [])


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("a.MP4", "recording.mp4"),
        ("nameless", "recording"),
        ("a.m\x00p4", "recording.mp4"),
        ("a.longsuffix", "recording"),
        ("a/.mp4/../b.é", "recording"),
    ],
)
def test_whatever_a_recording_is_called_its_file_has_a_plain_name(
    visit: VideoVisit, name: str, stored: str
) -> None:
    take(visit, name)
    assert visit.source
    assert (visit.source.name, visit.source.path.name) == (shown_name(name), stored)


def test_a_cancel_deletes_all_at_once_and_a_late_write_too(
    visit: VideoVisit, engine: FakeEngine, spaces: Workspaces
) -> None:
    take(visit)
    assert engine.began.wait(PATIENCE)
    job = visit.job
    visit.cancel()
    assert (visit.notice, visit.source, visit.job) == (CANCELLED, None, None)
    assert files(spaces) == []
    assert job
    assert job.wait(PATIENCE)
    assert len(spaces) == 0
    visit.cancel()
    assert visit.notice == "", "there was nothing to cancel"


def test_another_recording_takes_the_place_of_the_last_one(
    visit: VideoVisit, engine: FakeEngine, spaces: Workspaces
) -> None:
    take(visit)
    finish(visit, engine)
    take(visit, "other.webm")
    finish(visit, engine)
    assert visit.source
    assert visit.source.name == "other.webm"
    assert files(spaces) == ["marked-2.mp4", "recording.webm"]


def test_it_can_be_analysed_again_in_another_way(
    visit: VideoVisit, engine: FakeEngine, spaces: Workspaces
) -> None:
    take(visit)
    finish(visit, engine)
    visit.start(VideoSettings(None))
    finish(visit, engine)
    assert [settings.rate for settings in engine.settings] == [10.0, None]
    assert visit.settings.rate is None
    assert files(spaces) == ["marked-2.mp4", "recording.mp4"]


def test_an_analysis_that_fails_keeps_the_recording(
    visit: VideoVisit, engine: FakeEngine, spaces: Workspaces
) -> None:
    engine.error = RuntimeError("a fault that nobody thought of")
    take(visit)
    finish(visit, engine)
    assert visit.job
    assert (visit.job.state, visit.job.error) == (State.FAILED, engine.error)
    engine.error = None
    visit.start(visit.settings)
    finish(visit, engine)
    assert visit.job.state is State.DONE


def test_the_sample_takes_the_same_way(
    visit: VideoVisit, engine: FakeEngine, spaces: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = threading.Event()
    monkeypatch.setattr("app.video.sample.sample_video", lambda folder: written.set())
    visit.take_sample(VideoSettings())
    finish(visit, engine)
    assert written.is_set()
    assert visit.source
    assert visit.source.is_sample
    assert files(spaces) == ["marked-1.mp4"]


def test_who_has_left_leaves_nothing_and_starts_nothing(
    visit: VideoVisit, engine: FakeEngine, spaces: Workspaces
) -> None:
    take(visit)
    assert engine.began.wait(PATIENCE)
    job = visit.job
    visit.end()
    assert job
    assert job.wait(PATIENCE)
    assert (visit.ended, files(spaces), len(spaces)) == (True, [], 0)
    take(visit)
    assert (visit.job, files(spaces), len(spaces)) == (None, [], 0)
