"""Folders with recordings: who may read them, how much fits, and that they go."""

import errno
import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.server.events import counters
from app.video import workspace as workspace_module
from app.video.room import COPIES
from app.video.workspace import NoRoomError, Workspaces, failure, remove_left_overs
from tests.samples import ROOT

FILM = b"film" * 256


def workspaces(parent: Path, max_bytes: int = 100_000, possible: int = 100_000) -> Workspaces:
    return Workspaces(max_bytes, parent, lambda folder: possible)


def test_nothing_is_there_but_an_empty_root_which_closing_removes(tmp_path: Path) -> None:
    empty = workspaces(tmp_path)
    assert [*tmp_path.iterdir()] == [empty.root]
    assert (len(empty), empty.room) == (0, 50_000)
    empty.close()
    empty.close()
    assert not any(tmp_path.iterdir())


def test_a_recording_is_readable_for_nobody_else_and_goes_with_its_folder(tmp_path: Path) -> None:
    spaces = workspaces(tmp_path)
    workspace = spaces.take(io.BytesIO(FILM), len(FILM), "film.mp4")
    assert (workspace.folder / "film.mp4").read_bytes() == FILM
    for folder in (spaces.root, workspace.folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    spaces.remove(workspace)
    spaces.remove(workspace)
    assert not workspace.folder.exists()
    assert (len(spaces), workspace.bytes, spaces.room) == (0, 0, 50_000)


def test_what_is_still_written_when_the_folder_goes_does_not_bring_it_back(tmp_path: Path) -> None:
    spaces = workspaces(tmp_path)
    workspace = spaces.take(io.BytesIO(FILM), len(FILM), "film.mp4")
    with (workspace.folder / "marked.mp4").open("wb") as out:
        spaces.remove(workspace)
        out.write(FILM)
    assert not workspace.folder.exists()


def test_all_recordings_together_are_bounded_with_what_becomes_of_them(tmp_path: Path) -> None:
    spaces = workspaces(tmp_path, max_bytes=5 * COPIES * len(FILM))
    taken = [spaces.take(io.BytesIO(FILM), len(FILM), "film.mp4") for _ in range(4)]
    assert spaces.room == len(FILM)
    (taken[0].folder / "marked.mp4").write_bytes(2 * FILM)  # larger than expected
    assert spaces.room < len(FILM)
    with pytest.raises(NoRoomError, match=r"no room for it at the moment.* Try again later"):
        spaces.take(io.BytesIO(FILM), len(FILM), "film.mp4")
    spaces.remove(taken[0])
    spaces.take(io.BytesIO(FILM), len(FILM), "film.mp4")
    assert len(spaces) == 4


def test_disk_and_memory_bound_a_recording_too(tmp_path: Path) -> None:
    spaces = workspaces(tmp_path, possible=len(FILM) - 1)
    assert spaces.room == len(FILM) - 1
    with pytest.raises(NoRoomError):
        spaces.take(io.BytesIO(FILM), len(FILM), "film.mp4")
    assert not any(spaces.root.iterdir())


class Broken(io.BytesIO):
    """Cannot be copied after its first half."""

    def __init__(self, error: OSError) -> None:
        super().__init__(FILM)
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise self.error
        return super().read(len(FILM) // 2)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (errno.ENOSPC, "disk of this server is full. Try again later"),
        (errno.EDQUOT, "disk of this server is full"),
        (errno.EIO, "could not write it to its disk"),
    ],
)
def test_a_full_disk_is_told_and_nothing_is_left_of_the_half_file(
    tmp_path: Path, error: int, said: str
) -> None:
    spaces = workspaces(tmp_path)
    faults = counters().total("disk_failed")
    with pytest.raises(NoRoomError, match=said):
        spaces.take(Broken(OSError(error, os.strerror(error))), len(FILM), "film.mp4")
    assert not any(spaces.root.iterdir())
    assert len(spaces) == 0
    assert said in failure(OSError(error, ""))
    assert counters().total("disk_failed") == faults + 1


#: Leaves a recording behind: the process ends as one that is killed does, without any clean-up.
KILLED = """
import io, os, sys
from pathlib import Path
from app.video.workspace import Workspaces
spaces = Workspaces(10_000, Path(sys.argv[1]), lambda folder: 10_000)
spaces.take(io.BytesIO(b"film"), 4, "film.mp4")
print(spaces.root, flush=True)
sys.stdin.read()
os._exit(9)
"""


def test_what_a_killed_server_left_goes_when_the_next_one_starts(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout
        root = Path(server.stdout.readline().strip())
        beside = workspaces(tmp_path)
        assert [*root.rglob("film.mp4")], "a server that runs keeps its files"
        server.communicate()
    assert [*root.rglob("film.mp4")]
    after = workspaces(tmp_path)
    assert not root.exists()
    assert {*tmp_path.iterdir()} == {beside.root, after.root}


def test_other_folders_and_a_root_that_was_just_made_are_left_alone(tmp_path: Path) -> None:
    other, fresh = tmp_path / "other", tmp_path / "fer-lens-videos-fresh"
    old = tmp_path / "fer-lens-videos-old"
    for folder in (other, fresh, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    (other / "film.mp4").write_bytes(FILM)
    (tmp_path / "fer-lens-videos-link").symlink_to(other)
    remove_left_overs(tmp_path)
    assert (other / "film.mp4").exists()
    assert fresh.exists()
    assert not old.exists()


def test_where_folders_cannot_be_locked_nothing_is_taken_for_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace_module, "fcntl", None)
    first = workspaces(tmp_path)
    workspace = first.take(io.BytesIO(FILM), len(FILM), "film.mp4")
    workspaces(tmp_path)
    assert workspace.bytes == len(FILM)
