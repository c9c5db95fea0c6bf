"""Some seconds of `python -m tests.fuzz`, and that its runner sees what goes wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fuzz.mutations import changed, changed_value
from tests.fuzz.runner import Runner
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

#: Cases of each target.
CASES = 40


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_but_own_errors_leaves(target: Target) -> None:
    with Runner() as runner:
        failures = [failure for n in range(CASES) if (failure := runner.run(target, n))]
    assert not failures, "\n\n".join(map(str, failures))


def test_changes_depend_on_the_seed_alone() -> None:
    for seed in range(20):
        data = [changed(np.random.default_rng(seed), bytes(100)) for _ in range(2)]
        values = [changed_value(np.random.default_rng(seed), {"a": [1, "b"]}) for _ in range(2)]
        assert data[0] == data[1]
        assert repr(values[0]) == repr(values[1])


@pytest.mark.parametrize(
    ("case", "says"),
    [
        (0, ""),
        (1, "RuntimeError: not its own"),
        (2, "MemoryError"),
        (3, "the worker ended with -11"),
        (4, "took longer than"),
        (5, "left behind: ['litter"),
        (6, "open files and threads"),
        (7, ""),  # the next worker goes on
    ],
)
def test_the_runner_tells_what_went_wrong(
    case: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fuzz.runner.WORKER", "tests.fuzz.broken_worker")
    broken = Target("broken", lambda folder: [], lambda rng, seeds: 0, lambda *_: None, seconds=3)
    monkeypatch.setattr("tests.fuzz.runner.STARTING", 60.0)
    with Runner() as runner:
        assert runner.run(broken, 0) is None  # what is slow is the case alone
        failure = runner.run(broken, case)
    assert says in (failure.what if failure else "")
    assert bool(says) == bool(failure)


def test_a_runner_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Runner() as runner:
        runner.run(TARGETS[0], 0)
        assert [*tmp_path.iterdir()]
    assert not [*tmp_path.iterdir()]
