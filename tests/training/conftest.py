"""A small data set and a tiny model of it, made once: whoever changes them takes a copy."""

from pathlib import Path

import pytest

from tests.training.samples import NETWORK, Ran, train, write_bars
from training.__main__ import main


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars in three splits, with votes."""
    return write_bars(tmp_path_factory.mktemp("data") / "small.npz")


@pytest.fixture(scope="session")
def tiny(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with all heads that has learnt something."""
    out = tmp_path_factory.mktemp("trained") / "models" / "tiny"
    # A seed that no other command is told: it must not decide what is held out.
    options = ["--epochs", "8", "--seed", "4", "--batch-size", "12", "--shift", "1"]
    options += ["--erase-probability", "0", "--rotate-degrees", "0", "--scale", "1,1"]
    assert train("small", archive, out, *NETWORK, *options) == 0
    return out


@pytest.fixture
def ran(capsys: pytest.CaptureFixture) -> Ran:
    """Returns what a command prints; on stdout, and on stderr."""

    def run(*command: object, status: int = 0) -> tuple[str, str]:
        assert main([str(word) for word in command]) == status
        return capsys.readouterr()

    return run
