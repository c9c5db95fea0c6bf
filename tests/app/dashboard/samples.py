"""Small model directories, made in a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fer.evaluation.measurements import (
    FerPlusAgreement,
    RiskPoint,
    SeedVariance,
    Selective,
    Variant,
)
from fer.evaluation.metrics import Evaluation, evaluate
from fer.evaluation.report import DataCard, Epoch, FileCard, Layer, Report
from fer.labels import EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD
from fer.records import file_sha256
from tests.samples import FAKE_HEAD, fake_spec
from training.evaluation.predictions import Predictions, save_predictions

LABELS = FER2013_LABELS
TEMPERATURE = 0.875

#: The dashboard's tabs, in order.
TABS = ["Overview", "More figures", "How it was made"]


def answers(seed: int, count: int = 300, skill: float = 2.0) -> Predictions:
    """Return drawn labels and probabilities that lean towards them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(LABELS), count)
    scores = rng.normal(size=(count, len(LABELS)))
    scores[np.arange(count), labels] += skill
    shares = np.exp(scores)
    return Predictions(labels, (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32))


def evaluation(seed: int = 1, **options: Any) -> Evaluation:
    made = answers(seed, **options)
    return evaluate(made.labels, made.probabilities, LABELS)


def layers() -> tuple[Layer, ...]:
    """Return a residual network: a stem, an identity block, a block with a 1×1 shortcut, heads."""

    def layer(name: str, kind: str, size: int, width: int, *inputs: str, **settings: Any) -> Layer:
        shape = (size, size, width) if size else (width,)
        return Layer(name=name, kind=kind, shape=shape, parameters=width, inputs=inputs, **settings)

    return (
        layer("image", "InputLayer", 48, 1),
        layer("conv", "Conv2D", 24, 8, "image", kernel=(3, 3), stride=2),
        layer("norm", "BatchNormalization", 24, 8, "conv"),
        layer("relu", "Activation", 24, 8, "norm", activation="relu"),
        layer("a", "Conv2D", 24, 8, "relu", kernel=(3, 3)),
        layer("b", "Conv2D", 24, 8, "a", kernel=(3, 3)),
        layer("add", "Add", 24, 8, "b", "relu"),
        layer("c", "Conv2D", 12, 16, "add", kernel=(3, 3), stride=2),
        layer("way", "Conv2D", 12, 16, "add", kernel=(1, 1), stride=2),
        layer("sum", "Add", 12, 16, "c", "way"),
        layer("pool", "GlobalAveragePooling2D", 0, 16, "sum"),
        layer("expression", "Dense", 0, 7, "pool"),
        layer("votes", "Dense", 0, 8, "pool"),
    )


def report(name: str = "small", seed: int = 1, **changes: Any) -> Report:
    """Return a report with two splits in which every part has something to show."""
    found = {s: evaluation(seed + i) for i, s in enumerate(("validation", "test"))}
    fields: dict[str, Any] = {
        "name": name,
        "command": f"python -m training train --out models/{name}",
        "created": "2026-11-21T10:00:00+00:00",
        "preset": name,
        "configuration": {
            "network": "residual",
            "input_size": 48,
            "channels": 1,
            "widths": [8, 16],
            "augmentation": {"flip": True},
        },
        "seed": seed,
        "training_seconds": 3723.0,
        "versions": {"python": "3.11.7"},
        "machine": "a machine, 2 cores",
        "data": DataCard(
            name="faces.csv",
            sha256="d" * 64,
            class_counts={
                s: {c.label: c.support for c in e.classes} for s, e in found.items()
            } | {"train": dict.fromkeys(LABELS, 100)},
            dropped={"blank": 12},
        ),
        "history": tuple(
            Epoch(
                loss=2 / epoch,
                accuracy=0.5 + epoch / 100,
                validation_loss=2.1 / epoch,
                validation_accuracy=0.4 + epoch / 100,
                learning_rate=0.1 / epoch,
            )
            for epoch in (1, 2, 3)
        ),
        "evaluations": found,
        "without_duplicates": {"validation": evaluation(seed + 7, count=250)},
        "before_temperature": evaluation(seed, skill=1.0),
        "cross_fitted_calibration_error": 0.04,
        "tta": Variant(name="ten views", description="moved", evaluation=evaluation(seed + 9)),
        "selective": (
            Selective(
                head=EXPRESSION_HEAD, split="validation", truth="label",
                target=0.8, threshold=0.55, coverage=0.75, accuracy=0.81,
                cross_fitted_coverage=0.74, cross_fitted_accuracy=0.805,
                curve=(
                    RiskPoint(coverage=0.5, threshold=0.8, accuracy=0.9),
                    RiskPoint(coverage=1.0, threshold=0.2, accuracy=0.7),
                ),
                labels=LABELS, confusion=found["validation"].confusion,
                calibration=found["validation"].calibration,
            ),
        ),
        "seed_variance": SeedVariance(
            command="python -m training seeds", initial_model="start", epochs=2, seeds=(1, 2, 3),
            accuracies=(0.6, 0.62, 0.61), macro_f1s=(0.5, 0.52, 0.51),
            training_seconds=(60.0, 61.0, 62.0),
        ),
        "robustness": (
            Variant(
                name="darker", description="less light", evaluation=evaluation(seed + 3, skill=1.2)
            ),
        ),
        "ferplus_agreement": (
            FerPlusAgreement(
                head=FERPLUS_HEAD, rule="majority", count=120,
                accuracy=0.875, accuracy_low=0.8, accuracy_high=0.925, macro_f1=0.7,
            ),
        ),
        "parameters": 1_567_551,
        "layers": layers(),
        "parity": 6.9e-07,
        "latency_ms": 1.5,
        "files": {},
    }  # fmt: skip
    return Report(**(fields | changes))


def write_model(folder: Path, name: str = "small", seed: int = 1, **changes: Any) -> Report:
    """Write a whole model directory, its predictions included, and return its report."""
    directory = folder / name
    directory.mkdir(parents=True)
    (directory / "model.tflite").write_bytes(f"the network of {name}".encode())
    splits = ("validation", "test")
    save_predictions({s: answers(seed + i) for i, s in enumerate(splits)}, directory)
    files = {
        file.name: FileCard(sha256=file_sha256(file), bytes=file.stat().st_size)
        for file in sorted(directory.iterdir())
    }
    head = {"labels": LABELS, "meaning": "a label", "temperature": TEMPERATURE}
    spec = fake_spec(FAKE_HEAD.model_copy(update=head))
    sha256 = files["model.tflite"].sha256
    spec.model_copy(update={"name": name, "sha256": sha256}).save(directory)
    made = report(name, seed, **({"files": files} | changes))
    made.save(directory)
    return made
