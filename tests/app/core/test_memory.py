"""How much memory is left, by what the system says."""

from pathlib import Path

from app.core.memory import free_memory


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
