"""Records and hashes are read again only where their files changed."""

import os
import shutil
from pathlib import Path

import pytest

from app.core.models.reports import file_sha256, read_report, read_spec
from fer.errors import ModelError
from fer.model.spec import ModelSpec
from fer.records import file_sha256 as hash_of
from tests.samples import SHIPPED_MODEL


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for name in ("spec.json", "report.json"):
        shutil.copy(SHIPPED_MODEL / name, tmp_path / name)
    return tmp_path


def test_a_file_that_stays_is_read_once(model: Path) -> None:
    assert read_report(model) is read_report(model)
    assert read_spec(model) is read_spec(model)


def test_a_file_that_changed_is_read_again(model: Path) -> None:
    before = read_spec(model)
    before.model_copy(update={"name": "another"}).save(model)
    assert read_spec(model).name == "another"


def test_a_hash_follows_its_file(tmp_path: Path) -> None:
    file = tmp_path / "model.tflite"
    for content in (b"one", b"two"):
        file.write_bytes(content)
        os.utime(file, ns=(0, len(content) + content[0]))  # writes within a tick of the clock
        assert file_sha256(file) == hash_of(file)


@pytest.mark.parametrize("read", [read_report, read_spec])
def test_what_is_missing_or_broken_is_an_error_each_time(model: Path, read: object) -> None:
    for name in ("spec.json", "report.json"):
        (model / name).write_text("{")
    for _ in range(2):
        with pytest.raises(ModelError, match="is not a record"):
            read(model)  # type: ignore[operator]
    for name in ("spec.json", "report.json"):
        (model / name).unlink()
    with pytest.raises(ModelError, match="is missing"):
        read(model)  # type: ignore[operator]


def test_the_spec_is_that_of_the_directory(model: Path) -> None:
    assert read_spec(model) == ModelSpec.load(model)
