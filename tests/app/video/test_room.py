"""How much a server can hold, by what it is told and by what the system says."""

from collections import namedtuple
from pathlib import Path

import pytest

from app.video import room
from app.video.room import (
    MB,
    SIZE_VARIABLE,
    TOTAL_VARIABLE,
    free_memory,
    largest_possible,
    max_megabytes,
    max_total_megabytes,
)

Usage = namedtuple("Usage", "total used free")


def test_the_settings_have_defaults_and_are_checked() -> None:
    assert (max_megabytes({}), max_total_megabytes({})) == (200, 2000)
    assert max_megabytes({SIZE_VARIABLE: "50"}) == 50
    assert max_total_megabytes({TOTAL_VARIABLE: "300"}) == 300
    with pytest.raises(ValueError, match=SIZE_VARIABLE):
        max_megabytes({SIZE_VARIABLE: "large"})


def test_where_nobody_says_how_much_memory_is_free_nothing_is_assumed(tmp_path: Path) -> None:
    assert free_memory(tmp_path, tmp_path / "meminfo") is None


def test_the_memory_of_a_machine_and_of_a_container(tmp_path: Path) -> None:
    machine = tmp_path / "meminfo"
    machine.write_text("MemTotal:  8000 kB\nMemFree: 10 kB\nMemAvailable:    4000 kB\n")
    assert free_memory(tmp_path, machine) == 4000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(tmp_path, machine) == 4000 * 1024, "a container without a limit"
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("2500000\n")
    (tmp_path / "memory.stat").write_text("anon 2000000\ninactive_file 400000\n")
    assert free_memory(tmp_path, machine) == 900_000


@pytest.mark.parametrize(
    ("disk", "memory", "possible"),
    [(0, None, 0), (1000, None, 400), (1000, 600, 200), (300, 9000, 50), (9000, 100, 0)],
)
def test_the_scarcer_of_disk_and_memory_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: int, memory: int | None, possible: int
) -> None:
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: Usage(0, 0, disk * MB))
    monkeypatch.setattr(room, "free_memory", lambda: None if memory is None else memory * MB)
    assert largest_possible(tmp_path) == possible * MB


def test_a_folder_that_is_gone_takes_nothing_but_fails_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free_memory", lambda: None)
    assert largest_possible(tmp_path / "gone") == 0
