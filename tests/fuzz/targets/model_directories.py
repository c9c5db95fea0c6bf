"""Model directories: records, predictions, networks, and the pages that are made of them."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from app.core.models.runnable import entry_of, runnable_models
from app.core.report.text import split_evaluations
from app.core.settings import MODELS
from app.dashboard.comparison import comparison, differences
from app.dashboard.models import json_report, open_model
from app.dashboard.registry import html_report
from fer.errors import ModelError
from fer.evaluation.other_data import OtherDataFile
from fer.evaluation.report import Report
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.ondevice.networks import fixed_batch
from tests.fuzz.mutations import Files, Rng, as_json, changed_files, one, write_files
from tests.fuzz.runner import Target, refused
from tests.samples import SHIPPED_MODEL
from training.evaluation.predictions import FURTHER_FILE, PREDICTIONS_FILE, load_splits

_RECORDS = (ModelSpec.filename, Report.filename)


def seeds(folder: Path) -> list[Files]:
    """Return a small model with all files that one may have, and one of an older version."""
    files = {
        name: (SHIPPED_MODEL / name).read_bytes()
        for name in (ModelSpec.filename, Report.filename, OtherDataFile.filename)
    }
    spec, report = (json.loads(files[name]) for name in _RECORDS)
    labels = spec["heads"][0]["labels"]
    mistake = {"head": "expression", "truth": labels[0], "answer": labels[1], "confidence": 0.9}
    mistakes = {"version": 1, "sha256": spec["sha256"], "data": "d", "split": "validation"}
    files["mistakes.json"] = as_json(mistakes | {"mistakes": [mistake | {"png": "iVBORw0KGgo="}]})
    files[spec["file"]] = (SHIPPED_MODEL / spec["file"]).read_bytes()
    fields: dict[str, Any] = {}
    for name in ("validation", "validation/expression/degraded", "validation/agreement/a/b"):
        fields[f"{name}_labels"] = np.arange(5)
        fields[f"{name}_probabilities"] = np.full((5, 7), 1 / 7, np.float32)
    out = io.BytesIO()
    np.savez_compressed(out, **fields)
    files |= dict.fromkeys((PREDICTIONS_FILE, FURTHER_FILE), out.getvalue())
    older = {
        _RECORDS[0]: as_json(spec | {"version": 1}),
        _RECORDS[1]: as_json(report | {"version": 4}),
    }
    return [files, files, files, files | older]


def change(rng: Rng, directories: list[Files]) -> Files:
    """Change the files of a directory; often so that its records know of it."""
    files = changed_files(rng, one(rng, directories))
    return _with_hashes(files) if rng.random() < 0.5 else files


def _with_hashes(files: Files) -> Files:
    """Let the records name the files that are there, so that these are read."""
    try:
        spec, report = (json.loads(files[name]) for name in _RECORDS)
        for name, card in report["files"].items():
            if name in files:
                card["sha256"] = hashlib.sha256(files[name]).hexdigest()
        spec["sha256"] = hashlib.sha256(files["model.tflite"]).hexdigest()
        return files | dict(zip(_RECORDS, map(as_json, (spec, report)), strict=True))
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return files


def run(files: Files, folder: Path) -> None:
    directory = folder / "models" / "one"
    directory.mkdir(parents=True)
    write_files(directory, files)
    os.environ[MODELS.name] = str(directory.parent)
    for step in (_page, _run, load_splits):
        with refused(ModelError):
            step(directory)
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
