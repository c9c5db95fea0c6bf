"""Which model runs."""

from pathlib import Path

import pytest

from app import resources
from fer import ModelError


def test_the_shipped_model_runs_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(resources.MODEL_VARIABLE, raising=False)
    assert resources.model_dir() == resources.ROOT / "models" / "compact"
    monkeypatch.setenv(resources.MODEL_VARIABLE, "runs/mine")
    assert resources.model_dir() == resources.ROOT / "runs" / "mine"
    monkeypatch.setenv(resources.MODEL_VARIABLE, str(tmp_path))
    assert resources.model_dir() == tmp_path


def test_a_missing_model_is_an_error_that_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(resources.MODEL_VARIABLE, str(tmp_path))
    for _ in range(2):
        with pytest.raises(ModelError, match=r"spec\.json is missing"):
            resources.photo_analyzer()
        with pytest.raises(ModelError, match=r"report\.json is missing"):
            resources.model_report()
