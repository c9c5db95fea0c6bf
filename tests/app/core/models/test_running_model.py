"""Which model runs."""

from pathlib import Path

import pytest

from app.core.models import running_model
from app.core.settings import MODEL, ROOT, model_dir
from fer.errors import ModelError


def test_the_shipped_model_runs_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(MODEL.name, raising=False)
    assert model_dir() == ROOT / "models" / "compact"
    monkeypatch.setenv(MODEL.name, "runs/mine")
    assert model_dir() == ROOT / "runs" / "mine"
    monkeypatch.setenv(MODEL.name, str(tmp_path))
    assert model_dir() == tmp_path


def test_a_missing_model_is_an_error_that_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(MODEL.name, str(tmp_path))
    for _ in range(2):
        with pytest.raises(ModelError, match=r"spec\.json is missing"):
            running_model.photo_analyzer()
        assert running_model.matching_report() is None
