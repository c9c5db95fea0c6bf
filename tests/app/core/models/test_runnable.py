"""Which models can answer, and which one runs."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from app.core.models import running_model
from app.core.models.runnable import entry_of, read_record, runnable_models
from app.core.models.running_model import facts
from app.core.settings import MODEL, MODELS, ROOT, model_dir
from fer.errors import ModelError
from fer.evaluation.report import Report
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL, write_copy


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models; the shipped one is configured, and stands elsewhere."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv(MODEL.name, str(SHIPPED_MODEL))
    monkeypatch.setenv(MODELS.name, str(folder))
    return folder


def names() -> list[str]:
    return [entry.name for entry in runnable_models()]


def change_spec(directory: Path, **fields: object) -> None:
    file = directory / ModelSpec.filename
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def test_the_configured_model_comes_first_then_the_others_by_name(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert names() == ["compact"]
    write_copy(models, "zebra")
    write_copy(models, "adapted")
    assert names() == ["compact", "adapted", "zebra"]
    write_copy(models, "compact")
    assert names() == ["compact", "adapted", "compact (2)", "zebra"]
    first = runnable_models()
    with monkeypatch.context() as patch:
        patch.setattr(ModelSpec, "load", None)
        assert runnable_models() == first, "asking again reads nothing again"
    monkeypatch.setenv(MODEL.name, str(models / "zebra"))
    assert names() == ["zebra", "adapted", "compact"]
    monkeypatch.delenv(MODEL.name)
    assert model_dir() == SHIPPED_MODEL
    monkeypatch.setenv(MODEL.name, "runs/mine")
    assert model_dir() == ROOT / "runs" / "mine"


def test_what_is_known_comes_from_the_report(models: Path) -> None:
    entry, shipped = entry_of(write_copy(models, "mine")), entry_of(SHIPPED_MODEL)
    assert entry and shipped and entry.key != shipped.key  # noqa: PT018
    report = Report.load(SHIPPED_MODEL)
    assert entry.measured == report.evaluations_of(entry.spec.default_head)["validation"]
    assert entry.bytes == shipped.bytes + len("mine")
    report = report.model_copy(update={"initial_model": "start"})
    right = entry.measured
    assert facts(replace(entry, report=report)).replace("\\", "") == (
        f"7 expressions · {right.accuracy:.1%} right on its validation data "
        f"({100 * right.accuracy_low:.1f}–{right.accuracy_high:.1%}), balanced head · "
        f"{entry.bytes / 1e6:.1f} MB · trained on {report.data.name}, begun with start"
    )


@pytest.mark.parametrize("fault", ["none", "of other weights", "broken"])
def test_without_a_report_about_its_weights_a_model_runs_without_figures(
    models: Path, fault: str
) -> None:
    directory = write_copy(models, "mine")
    other = (SHIPPED_MODEL / "report.json").read_text() if fault == "of other weights" else "{}"
    (directory / "report.json").write_text(other)
    if fault == "none":
        (directory / "report.json").unlink()
    entry = entry_of(directory)
    assert entry
    size = f"{entry.bytes / 1e6:.1f}".replace(".", "\\.")
    assert (entry.report, names()) == (None, ["compact", "mine"])
    assert facts(entry).endswith(f"expressions · not measured · {size} MB")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (lambda directory: (directory / "spec.json").unlink(), ""),
        (lambda directory: (directory / "model.tflite").unlink(), "is missing"),
        (lambda directory: (directory / "model.tflite").write_bytes(b"more"), "SHA-256 differs"),
        (lambda directory: (directory / "spec.json").write_text("{}"), "not a record"),
        (lambda directory: change_spec(directory, version=99), "newer FER Lens"),
        (lambda directory: change_spec(directory, heads=[]), "no head"),
    ],
)
def test_a_model_that_is_not_as_it_should_be_is_not_offered_and_the_log_says_why_once(
    fault: Callable[[Path], object], reason: str, models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = write_copy(models, "mine")
    fault(directory)
    assert [names(), names()] == [["compact"], ["compact"]]
    told = [text for text in caplog.messages if "mine" in text]
    assert told == [text for text in told if reason in text]
    assert len(told) == len(caplog.records) == bool(reason)


def test_files_and_hidden_directories_are_no_models(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_copy(models, ".unfinished")
    (models / "README.md").write_text("what stands here")
    (models / "empty").mkdir()
    assert names() == ["compact"]
    monkeypatch.setenv(MODELS.name, str(models / "nowhere"))
    assert names() == ["compact"]


def test_what_comes_goes_or_is_replaced_is_seen(models: Path) -> None:
    directory = write_copy(models, "mine")
    before = entry_of(directory)
    change_spec(directory, name="another")
    after = entry_of(directory)
    assert before and after and after.key != before.key  # noqa: PT018
    for file in directory.iterdir():
        file.unlink()
    assert names() == ["compact"]
    assert entry_of(directory) is None
    directory.rmdir()
    assert entry_of(directory) is None


def test_what_may_not_be_read_is_told_once(
    models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_copy(models, "locked")
    refusal = Mock(side_effect=PermissionError(13, "Permission denied"))
    monkeypatch.setattr(ModelSpec, "load", refusal)
    assert [runnable_models() for _ in range(2)]
    told = [text for text in caplog.messages if "locked" in text]
    assert told == ["the model locked is not offered: Permission denied"]


@pytest.mark.parametrize("kind", [Report, ModelSpec])
def test_a_record_is_read_again_when_its_file_changed_and_an_error_each_time(
    tmp_path: Path, kind: type[Report | ModelSpec]
) -> None:
    record = kind.load(SHIPPED_MODEL)
    record.save(tmp_path)
    assert read_record(kind, tmp_path) is read_record(kind, tmp_path)
    record.model_copy(update={"name": "another"}).save(tmp_path)
    assert read_record(kind, tmp_path).name == "another"
    (tmp_path / kind.filename).write_text("{")
    for _ in range(2):
        with pytest.raises(ModelError, match="is not a record"):
            read_record(kind, tmp_path)
    (tmp_path / kind.filename).unlink()
    with pytest.raises(ModelError, match="is missing"):
        read_record(kind, tmp_path)


def test_a_missing_model_is_an_error_that_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(MODEL.name, str(tmp_path))
    for _ in range(2):
        with pytest.raises(ModelError, match=r"spec\.json is missing"):
            running_model.photo_analyzer()
        assert running_model.matching_report() is None
