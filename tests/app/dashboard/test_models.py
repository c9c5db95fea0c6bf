"""Models are found, read, and held against their files."""

import json
import os
from pathlib import Path

import pytest

from app.core.models.runnable import file_sha256
from app.dashboard.models import json_report, model_names, open_model
from fer.errors import ModelError
from fer.evaluation.other_data import Group, OtherData, OtherDataFile, StatedFigures
from fer.evaluation.report import Mistakes, Report
from tests.app.dashboard.samples import TEMPERATURE, write_model
from tests.samples import ROOT


def test_models_are_listed_even_if_something_is_wrong(tmp_path: Path) -> None:
    assert model_names(tmp_path / "none") == []
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    assert model_names(tmp_path) == []
    write_model(tmp_path, "b")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "report.json").write_text("no report")
    assert model_names(tmp_path) == ["a", "b"]
    with pytest.raises(ModelError, match="python -m training train"):
        open_model(tmp_path)


@pytest.mark.parametrize(
    ("gone", "network", "problem"),
    [
        ("", b"", ""),
        ("", b"another network", "model.tflite is not the file that was measured"),
        ("predictions.npz", b"", "predictions.npz, which the report names, is missing."),
        ("spec.json", b"", "spec.json is missing"),
        ("model.tflite", b"", "model.tflite, which the report names, is missing."),
    ],
)
def test_a_misfit_is_a_problem(tmp_path: Path, gone: str, network: bytes, problem: str) -> None:
    made, directory = write_model(tmp_path), tmp_path / "small"
    if gone:
        (directory / gone).unlink()
    if network:
        (directory / "model.tflite").write_bytes(network)
    model = open_model(directory)
    assert (model.report, model.report_alone) == (made, False)
    assert made == Report.model_validate_json(json_report(model))
    assert bool(model.problems) == bool(problem)
    assert problem in "".join(model.problems)
    assert str(tmp_path) not in "".join(model.problems)
    known = gone != "spec.json"
    assert model.temperature("expression") == (TEMPERATURE if known else None)
    assert model.temperature("balanced") is None
    assert model.heads == ({"expression": "a label"} if known else {})


def test_another_networks_report_is_one(tmp_path: Path) -> None:
    write_model(tmp_path, "none", files={})
    write_model(tmp_path, "other", files={"model.tflite": {"sha256": "0" * 64, "bytes": 1}})
    assert "does not name model.tflite" in open_model(tmp_path / "none").problems[0]
    assert "is about another model.tflite" in open_model(tmp_path / "other").problems[0]


def test_reports_may_stand_alone(tmp_path: Path) -> None:
    made = write_model(tmp_path)
    directory = tmp_path / "small"
    (directory / "spec.json").unlink()
    (directory / "model.tflite").unlink()
    model = open_model(directory)
    assert (model.report, model.spec, model.problems, model.report_alone) == (made, None, (), True)
    (directory / "predictions.npz").write_bytes(b"others")
    (problem,) = open_model(directory).problems
    assert "predictions.npz is not the file" in problem
    shipped = {name: open_model(ROOT / "models" / name) for name in model_names(ROOT / "models")}
    assert {name for name, model in shipped.items() if not model.report_alone} == {"compact"}
    assert len(shipped) > 1
    for name, model in shipped.items():
        assert (model.report.name, model.problems) == (name, ())
        assert len(model.report.history) > 1
        assert model.report.evaluations["validation"].confusion


def test_a_hash_is_computed_again_when_the_file_changed(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"one")
    os.utime(file, ns=(1, 1))
    first = file_sha256(file)
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert file_sha256(file) == first, "same time and size: from the cache"
    os.utime(file, ns=(2, 2))
    assert file_sha256(file) != first


def test_other_data_of_these_weights_are_shown_and_no_others(tmp_path: Path) -> None:
    made, directory = write_model(tmp_path), tmp_path / "small"
    assert open_model(directory).not_shown == ""
    new = OtherData(
        kind="other", model="small", sha256=made.files["model.tflite"].sha256, head="expression",
        data="new", how="crops", measured_by="me", created="2026-11-22",
        figures=StatedFigures(count=100, accuracy=0.8),
    )  # fmt: skip
    old = new.model_copy(update={"sha256": "f" * 64, "data": "old"})
    OtherDataFile(records=(new, old)).save(directory)
    model = open_model(directory)
    assert model.other_data == (new,)
    assert model.not_shown.startswith("1 measurement of other_data.json not shown")
    assert model.earlier == (), "no groups were measured with those"
    assert [r["data"] for r in json.loads(json_report(model))["other_data"]] == ["new"]
    groups = {"groups": (Group(by="sex", name="men", count=5, right=3),)}
    grouped = old.model_copy(update=groups)
    OtherDataFile(records=(new, grouped)).save(directory)
    assert open_model(directory).earlier == (grouped,), "known until these have some"
    OtherDataFile(records=(new.model_copy(update=groups), grouped)).save(directory)
    assert open_model(directory).earlier == ()
    (directory / "model.tflite").write_bytes(b"another network")
    replaced = open_model(directory)
    assert replaced.other_data == ()
    assert replaced.not_shown
    (directory / OtherDataFile.filename).write_text("{}")
    broken = open_model(directory)
    assert (broken.report, broken.other_data) == (made, ())
    assert "other_data.json" in broken.not_shown
    assert str(tmp_path) not in broken.not_shown


@pytest.mark.parametrize("kept", ["of these weights", "of others", "broken", "none"])
def test_examples_of_mistakes_are_of_these_weights(tmp_path: Path, kept: str) -> None:
    sha256 = write_model(tmp_path).files["model.tflite"].sha256
    of = sha256 if kept == "of these weights" else "0" * 64
    file = Mistakes(sha256=of, data="faces.npz", split="test", mistakes=())
    if kept != "none":
        file.save(tmp_path / "small")
    if kept == "broken":
        (tmp_path / "small" / Mistakes.filename).write_text("{}", encoding="utf-8")
    found = open_model(tmp_path / "small").mistakes
    assert found == (file if kept == "of these weights" else None)
