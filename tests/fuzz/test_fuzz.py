"""Some seconds of `python -m tests.fuzz`, and that its runner sees what goes wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fuzz.broken import broken
from tests.fuzz.mutations import changed, changed_value
from tests.fuzz.runner import Runner, Target
from tests.fuzz.targets import TARGETS

#: Cases of each target; of slow ones half as many.
CASES = 40


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_but_own_errors_leaves(target: Target) -> None:
    cases = CASES // 2 if target.seconds > 60 else CASES
    with Runner() as runner:
        failures = [failure for n in range(cases) if (failure := runner.run(target, n))]
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
        ("well", ""),
        ("raise", "RuntimeError: not its own"),
        ("memory", "MemoryError"),
        ("crash", "the worker ended with -11"),
        ("wait", "took longer than"),
        ("file", "left behind: ['litter"),
        ("thread", "open files and threads"),
    ],
)
def test_the_runner_tells_what_went_wrong_and_leaves_nothing(
    case: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Runner() as runner:
        assert runner.run(broken("well"), 0) is None  # what is slow is the case alone
        failure = runner.run(broken(case), 1)
        assert runner.run(broken("well"), 2) is None  # the next process goes on
    assert says in (failure.what if failure else "")
    assert bool(says) == bool(failure)
    assert not [*tmp_path.iterdir()]
