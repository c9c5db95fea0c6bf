from pathlib import Path

import pytest

from fer.model import shipped
from fer.model.shipped import shipped_model
from tests.samples import SHIPPED_MODEL


def test_a_checkout_runs_the_model_that_trainings_write() -> None:
    assert shipped_model() == SHIPPED_MODEL


def test_an_installed_package_runs_its_own_model_whatever_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, beside = tmp_path / "fer" / "_models" / "compact", tmp_path / "models" / "compact"
    own.mkdir(parents=True)
    beside.mkdir(parents=True)
    monkeypatch.setattr(shipped, "_INSTALLED", own)
    monkeypatch.setattr(shipped, "_CHECKOUT", beside)
    assert shipped_model() == own
