"""What all visitors of the Video page share: how it begins and ends."""

import io
from pathlib import Path

import pytest

from app.background.jobs import Cancelled, Job, Jobs, State
from app.video import state
from app.video.workspace import Workspaces
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


def test_at_its_end_a_server_stops_all_jobs_and_deletes_all_recordings(tmp_path: Path) -> None:
    jobs, spaces = Jobs(1), Workspaces(2**20, tmp_path, lambda folder: 2**20)
    spaces.take(io.BytesIO(b"film"), 4, "film.mp4")

    def work(cancelled: Cancelled) -> None:
        while not cancelled():
            pass

    job = Job(work)
    jobs.start(job)
    state._close(jobs, spaces)
    assert job.wait(PATIENCE)
    assert job.state is State.CANCELLED
    assert [*tmp_path.iterdir()] == []
