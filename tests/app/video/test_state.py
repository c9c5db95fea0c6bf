"""What all visitors of the Video page share: how it begins and ends."""

import inspect
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.jobs import Cancelled, Job, Jobs, State
from app.video import state
from tests.app.video.samples import PATIENCE


def test_a_first_visit_deletes_what_a_killed_server_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "fer-lens-videos-of-another" / "1"
    left.mkdir(parents=True)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    state.begin.clear()
    state.begin()
    assert [*tmp_path.iterdir()] == []


def test_without_a_temporary_folder_other_pages_work_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", fail)
    state.begin.clear()
    state.begin()


def test_an_analysis_has_the_processor_time_of_the_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert state._engine().keywords == {"processor_seconds": 3600}
    monkeypatch.setenv("FER_MAX_VIDEO_MINUTES", "2")
    assert state._engine().keywords == {"processor_seconds": 120}


def test_at_its_end_a_server_stops_all_jobs_and_deletes_all_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks: list[Callable[[], object]] = []
    jobs = Jobs(1)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(state, "_jobs", lambda: jobs)
    monkeypatch.setattr(state, "at_end", tasks.append)
    spaces = inspect.unwrap(state._workspaces)()
    spaces.take(io.BytesIO(b"film"), 4, "film.mp4")

    def work(cancelled: Cancelled) -> None:
        while not cancelled():
            pass

    job = Job(work)
    jobs.start(job)
    while tasks:
        tasks.pop()()
    assert job.wait(PATIENCE)
    assert job.state is State.CANCELLED
    assert [*tmp_path.iterdir()] == []
