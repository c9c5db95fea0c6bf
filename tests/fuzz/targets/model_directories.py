"""Model directories: records, predictions, networks, and the pages that are made of them."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from app.common.runnable import entry_of, runnable_models
from app.common.settings import MODELS
from app.dashboard.models import json_report, open_model
from app.dashboard.render.html import html_report
from app.dashboard.sections.comparison import comparison, differences
from app.dashboard.text import split_evaluations
from fer.errors import ModelError
from fer.evaluation.other_data import OtherDataFile
from fer.evaluation.report import Report
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.ondevice.networks import fixed_batch
from tests.fuzz.mutations import NASTY_VALUES, Rng, changed, changed_value, one
from tests.fuzz.target import Target, assert_says
from tests.samples import SHIPPED_MODEL
from training.evaluation.predictions import FURTHER_FILE, PREDICTIONS_FILE, load_splits

_RECORDS = (ModelSpec.filename, Report.filename, OtherDataFile.filename, "mistakes.json")
_DEEP = b'{"version":' + b"[" * 100_000

Directory = dict[str, bytes]


def seeds(folder: Path) -> list[Directory]:
    """Return a small model with all files that one may have, and one of an older version."""
    files = {
        name: (SHIPPED_MODEL / name).read_bytes()
        for name in (ModelSpec.filename, Report.filename, OtherDataFile.filename)
    }
    spec, report = (json.loads(files[name]) for name in _RECORDS[:2])
    network = (SHIPPED_MODEL / spec["file"]).read_bytes()
    labels = spec["heads"][0]["labels"]
    mistake = {"head": "expression", "truth": labels[0], "answer": labels[1], "confidence": 0.9}
    mistakes = {"version": 1, "sha256": spec["sha256"], "data": "d", "split": "validation"}
    files["mistakes.json"] = _json(mistakes | {"mistakes": [mistake | {"png": "iVBORw0KGgo="}]})
    files[spec["file"]] = network
    for name in (PREDICTIONS_FILE, FURTHER_FILE):
        files[name] = predictions({})
    older = dict(files)
    older[ModelSpec.filename] = _json(spec | {"version": 1})
    older[Report.filename] = _json(report | {"version": 4})
    return [files, files, files, older]


def predictions(other: dict[str, Any]) -> bytes:
    """Return stored predictions, some of which are others."""
    fields: dict[str, Any] = {}
    for name in ("validation", "validation/expression/degraded", "validation/agreement/a/b"):
        fields[f"{name}_labels"] = np.arange(5)
        fields[f"{name}_probabilities"] = np.full((5, 7), 1 / 7, np.float32)
    out = io.BytesIO()
    np.savez_compressed(out, **(fields | other))
    return out.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def change(rng: Rng, directories: list[Directory]) -> Directory:
    """Change the files of a directory; records mostly as plain data, so that they stay JSON."""
    files = dict(one(rng, directories))
    for _ in range(1 + int(rng.integers(2))):
        name = one(rng, (*_RECORDS, *_RECORDS[:2], PREDICTIONS_FILE, FURTHER_FILE, "model.tflite"))
        if name not in files:
            continue
        match int(rng.integers(12)):
            case 0:
                del files[name]
            case 1:
                files[name] = changed(rng, files[name], [*files.values()])
            case 2 if name in _RECORDS:
                files[name] = one(rng, (_DEEP, *(_json(value) for value in NASTY_VALUES)))
            case _ if name in _RECORDS:
                files[name] = _with_values(rng, files[name])
            case _ if name.endswith(".npz"):
                values = [np.zeros((2, 3)), np.array("x"), np.array([None]), np.zeros((0, 7))]
                files[name] = predictions(
                    {"validation_labels": one(rng, values), "x/y_labels": one(rng, values)}
                )
            case _:
                files[name] = changed(rng, files[name])
    return _with_hashes(files) if rng.random() < 0.5 else files


def _with_values(rng: Rng, data: bytes) -> bytes:
    try:
        return _json(changed_value(rng, json.loads(data)))
    except (ValueError, RecursionError):  # it is no record any more
        return data


def _with_hashes(files: Directory) -> Directory:
    """Let the records name the files that are there, so that these are read."""
    try:
        spec, report = (json.loads(files[name]) for name in _RECORDS[:2])
        for name, card in report["files"].items():
            if name in files:
                card["sha256"] = hashlib.sha256(files[name]).hexdigest()
        spec["sha256"] = hashlib.sha256(files["model.tflite"]).hexdigest()
        return files | {name: _json(v) for name, v in zip(_RECORDS, (spec, report), strict=False)}
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return files


def run(files: Directory, folder: Path) -> None:
    directory = folder / "models" / "one"
    directory.mkdir(parents=True)
    for name, data in files.items():
        (directory / name).write_bytes(data)
    os.environ[MODELS.name] = str(directory.parent)
    steps = (_page, _run, load_splits)
    for step in steps:
        try:
            step(directory)
        except ModelError as error:
            assert_says(error)
    assert {"one", "compact"} >= {entry.name for entry in runnable_models()}


def _page(directory: Path) -> None:
    """Make all that the dashboard shows, alone and beside another model."""
    entry_of(directory)
    opened = open_model(directory)
    json.loads(json_report(opened))
    html_report(opened)
    other = open_model(SHIPPED_MODEL)
    for split in ("validation", "test"):
        sides = [
            (model, next((e for e in split_evaluations(model.report) if e.split == split), None))
            for model in (opened, other)
        ]
        comparison(*sides, split)
    differences(opened.report, other.report)


def _run(directory: Path) -> None:
    """Let the network answer, as far as it is the one of its record."""
    classifier = ExpressionClassifier(directory)
    spec = classifier.spec
    crops = np.full((2, spec.input_size, spec.input_size, spec.channels), 90, np.uint8)
    for head, found in classifier.all_heads(crops).items():
        assert found.shape == (2, len(spec.head(head).labels))
        if spec.has_activation_map(head):
            assert classifier.activation_maps(crops, head).shape[-1] == found.shape[1]
    fixed_batch((directory / spec.file).read_bytes())


MODEL_DIRECTORIES = Target(
    "model_directories", seeds, change, run, memory=2048 * 2**20, seconds=120
)
