"""What trainings read and write: data sets of faces, and model directories with their pages."""

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
from fer.errors import DataError, ModelError
from fer.evaluation.other_data import OtherDataFile
from fer.evaluation.report import Report
from fer.labels import FER2013_LABELS
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.ondevice.networks import fixed_batch
from tests.fuzz.mutations import (
    Files,
    Rng,
    as_json,
    changed,
    changed_files,
    changed_zip,
    one,
    write_files,
    zipped,
)
from tests.fuzz.runner import Target, refused
from tests.samples import SHIPPED_MODEL
from tests.training.samples import VOTE_COLUMNS, pixels, random_faces, save_image
from training.data.load import clean, load, unlabelled
from training.evaluation.predictions import FURTHER_FILE, PREDICTIONS_FILE, load_splits

_FACES = random_faces(6)
_USAGE = ("Training", "Training", "PublicTest", "PrivateTest", "Training", "PublicTest")


def data_seeds(folder: Path) -> list[Files]:
    """Return small data sets, as the files that they have."""
    rows = [f"{i % 7},{pixels(face)},{_USAGE[i]}" for i, face in enumerate(_FACES)]
    whole = "\n".join(["emotion,pixels,Usage", *rows]).encode()
    names = [f"Training,fer{i:07d}.png,{','.join('9' * 10)}" for i in range(6)]
    votes = "\n".join([",".join(["Usage", "Image name", *VOTE_COLUMNS]), *names]).encode()
    pngs = [save_image(folder / f"{i}.png", face).read_bytes() for i, face in enumerate(_FACES)]
    folders = {
        f"{split}/{label}/Training_{i}.png": pngs[i]
        for split in ("train", "test")
        for i, label in enumerate(FER2013_LABELS[:4])
    }
    table = b"photo,expression,file\na.jpg,happy,crops/happy/a.png\n"
    arrays = io.BytesIO()
    numbers = {"label": np.arange(6), "votes": np.full((6, 10), 3, np.uint8)}
    np.savez(arrays, image=_FACES, usage=np.array(_USAGE), **numbers)
    return [
        {"fer2013.csv": whole},
        {"fer2013.csv": whole, "fer2013new.csv": votes},
        {"train.csv": whole, "test.csv": b"pixels\n" + pixels(_FACES[0]).encode()},
        {**folders, "fer2013new.csv": votes},
        {"deep/in/here/fer2013.npz": arrays.getvalue()},
        {"labels.csv": table, **{f"crops/{n}/a.png": pngs[0] for n in ("happy", "sad")}},
    ]


def data_change(rng: Rng, sets: list[Files]) -> Files:
    """Change the files of a data set; some become a ZIP."""
    files = changed_files(rng, one(rng, sets))
    if rng.random() < 0.7:
        return files
    data = zipped(files, one(rng, (0, 8)))
    return {"set.zip": one(rng, (data, changed_zip(rng, data), changed(rng, data)))}


def data_run(files: Files, folder: Path) -> None:
    root = folder / "data"
    write_files(root, files)
    if not root.exists():
        return
    for path, size in [(root, None), (root, 48), *((path, None) for path in root.iterdir())]:
        with refused(DataError):
            _check(load(path, size=size))
        with refused(DataError):
            assert len(unlabelled(path, size=size).images)


def _check(data_set: Any) -> None:
    splits = [*data_set.splits.values()]
    for faces in splits:
        assert (faces.images.dtype, faces.images.ndim) == (np.uint8, 4)
        assert len(faces.labels) == len(faces.images) > 0
        assert 0 <= faces.labels.min() <= faces.labels.max() < len(faces.class_names)
    clean(splits[0], *splits[1:])


DATA_SETS = Target("data_sets", data_seeds, data_change, data_run, memory=1024 * 2**20)


_RECORDS = (ModelSpec.filename, Report.filename)


def model_seeds(folder: Path) -> list[Files]:
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


def model_change(rng: Rng, directories: list[Files]) -> Files:
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


def model_run(files: Files, folder: Path) -> None:
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
    differences(opened, other)


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
    "model_directories", model_seeds, model_change, model_run, memory=2048 * 2**20, seconds=120
)
