"""The limits that Linux tells of a container."""

from pathlib import Path

import pytest

from app.background.cores import usable_cores


def test_without_a_limit_there_are_those_that_the_process_may_run_on(tmp_path: Path) -> None:
    assert usable_cores(tmp_path, 4) == 4
    assert usable_cores() > 0


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "max 100000\n"}, 4),
        ({"cpu.max": "10000 100000\n"}, 0.1),
        ({"cpu.max": "800000 100000\n"}, 4),
        ({"cpu.max": "nonsense"}, 4),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "50000\n"}, 4),
    ],
)
def test_a_container_has_what_it_is_given(
    tmp_path: Path, files: dict[str, str], cores: float
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert usable_cores(tmp_path, 4) == pytest.approx(cores)
