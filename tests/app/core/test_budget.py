"""What uploads may take of memory and disk, who may read them there, and that they go."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.core import budget as budgets
from app.core.budget import MB, Budget, UploadFolders, free_bytes, free_memory, remove_left_overs
from tests.samples import ROOT


def test_the_memory_of_a_machine_and_of_a_container(tmp_path: Path) -> None:
    machine = tmp_path / "meminfo"
    assert free_memory(tmp_path, machine) is None, "nobody says"
    machine.write_text("MemTotal:  8000 kB\nMemFree: 10 kB\nMemAvailable:    4000 kB\n")
    assert free_memory(tmp_path, machine) == 4000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(tmp_path, machine) == 4000 * 1024, "a container without a limit"
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("2500000\n")
    (tmp_path / "memory.stat").write_text("anon 2000000\ninactive_file 400000\n")
    assert free_memory(tmp_path, machine) == 900_000


def test_what_somebody_holds_is_not_there_for_others() -> None:
    budget = Budget(100, free=lambda: None)
    assert budget.left == 100
    assert budget.take("a", uploaded=40, expected=20)
    assert not budget.take("b", uploaded=30, expected=20)
    budget.hold("a", 10)
    assert budget.left == 90
    assert budget.take("b", uploaded=30, expected=20)
    budget.release("a")
    budget.hold("a", 99)  # it has left, and its last photo comes too late
    assert budget.left == 50


@pytest.mark.parametrize(("free", "left"), [(0, 0), (250, 0), (260, 10), (9000, 500)])
def test_what_the_machine_has_left_counts_too(free: int, left: int) -> None:
    budget = Budget(500 * MB, free=lambda: free * MB)
    assert budget.left == left * MB
    assert not budget.take("a", uploaded=0, expected=left * MB + 1)
    assert budget.take("a", uploaded=0, expected=left * MB)


def folders(parent: Path, max_bytes: int = 1000, free: int = 2**40) -> UploadFolders:
    return UploadFolders(max_bytes, parent, lambda folder: free)


def test_a_folder_is_readable_for_nobody_else_and_goes_with_the_root(tmp_path: Path) -> None:
    made = folders(tmp_path)
    assert [*tmp_path.iterdir()] == [made.root]
    folder = made.make(400)
    assert folder is not None
    (folder / "film.mp4").write_bytes(b"film")
    assert [stat.S_IMODE(one.stat().st_mode) for one in (made.root, folder)] == [0o700] * 2
    made.close()
    made.close()
    assert [*tmp_path.iterdir()] == []


def test_a_folder_is_made_only_where_there_is_room_and_leaves_it_when_it_goes(
    tmp_path: Path,
) -> None:
    made = folders(tmp_path)
    first = made.make(600)
    assert first is not None
    assert (made.budget.left, made.make(401)) == (400, None)
    with (first / "marked.mp4").open("wb") as out:
        for _ in range(2):
            made.remove(first)
        out.write(b"what is still written does not bring it back")
    assert [*made.root.iterdir()] == []
    assert made.budget.left == 1000
    made.root.chmod(0o500)
    made.close()
    with pytest.raises(OSError, match="No such file"):
        made.make(1000)
    assert made.budget.left == 1000
    assert folders(tmp_path, free=0).make(1) is None


@pytest.mark.parametrize(("disk", "memory", "free"), [(9, None, 9), (9, 6, 6), (3, 90, 3)])
def test_the_scarcer_of_disk_and_memory_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: int, memory: int | None, free: int
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=disk * MB))
    monkeypatch.setattr(budgets, "free_memory", lambda: memory and memory * MB)
    assert free_bytes(tmp_path) == free * MB
    monkeypatch.undo()
    assert free_bytes(tmp_path / "gone") == 0


#: Leaves a recording behind: the process ends as one that is killed does, without any clean-up.
KILLED = """
import os, sys
from pathlib import Path
from app.core.budget import UploadFolders
made = UploadFolders(10_000, Path(sys.argv[1]), lambda folder: 2**40)
(made.make(4) / "film.mp4").write_bytes(b"film")
print(made.root, flush=True)
sys.stdin.read()
os._exit(9)
"""


def test_what_a_killed_server_left_goes_when_the_next_one_starts(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout
        root = Path(server.stdout.readline().strip())
        beside = folders(tmp_path)
        assert [*root.rglob("film.mp4")], "a server that runs keeps its files"
        server.communicate()
    assert [*root.rglob("film.mp4")]
    after = folders(tmp_path)
    assert {*tmp_path.iterdir()} == {beside.root, after.root}


def test_other_folders_and_a_root_that_was_just_made_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, fresh, old = (tmp_path / n for n in ("other", "fer-lens-videos-0", "fer-lens-videos-1"))
    for folder in (other, fresh, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    (other / "film.mp4").write_bytes(b"film")
    link = tmp_path / "fer-lens-videos-link"
    link.symlink_to(other)
    monkeypatch.setattr(budgets, "fcntl", None)  # where none can be locked, all are
    remove_left_overs(tmp_path)
    assert old.exists()
    monkeypatch.undo()
    remove_left_overs(tmp_path)
    assert {*tmp_path.iterdir()} == {other, fresh, link}
    assert [*other.iterdir()]
