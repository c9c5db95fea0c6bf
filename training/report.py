"""Gathering what a training left behind into its report."""

from __future__ import annotations

import dataclasses
import os
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np

from fer.classifier import ExpressionClassifier, softmax
from fer.metrics import Evaluation, evaluate
from fer.model_card import EXPRESSION_HEAD, DataCard, Layer, Report
from training.calibration import fit_temperature
from training.data import DataSet, LabelledFaces
from training.export import KERAS_FILE, export, file_sha256, parity
from training.fit import Fit
from training.presets import Preset

#: Packages whose version decides a result.
_PACKAGES = ("keras", "tensorflow", "numpy", "opencv-python-headless", "ai-edge-litert")

#: Images for the parity figure, and calls for the latency figure.
_PARITY_IMAGES = 100
_LATENCY_CALLS = 200


def write_model(
    fit: Fit,
    preset: Preset,
    data: DataSet,
    dropped: dict[str, int],
    *,
    seed: int,
    command: str,
    directory: Path,
) -> Report:
    """Export a trained network, evaluate the exported file, and write its report.

    Args:
        fit: what the training left.
        preset: its configuration.
        data: the whole data set; ``validation`` is where the temperature is fitted.
        dropped: training faces left out, by reason.
        seed: of the training.
        command: what reproduces it.
        directory: the model directory.
    """
    validation = data.split("validation")
    names = validation.class_names
    export(fit.model, directory, class_names=names)
    logits = ExpressionClassifier(directory).logits(validation.images)[EXPRESSION_HEAD]
    temperature = fit_temperature(logits, validation.labels)
    spec = export(
        fit.model, directory, class_names=names, temperatures={EXPRESSION_HEAD: temperature}
    )
    classifier = ExpressionClassifier(directory)
    report = Report(
        name=directory.name,
        command=command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        configuration=dataclasses.asdict(preset),
        seed=seed,
        training_seconds=round(fit.seconds, 1),
        versions={"python": platform.python_version()} | {p: version(p) for p in _PACKAGES},
        machine=machine(),
        data=DataCard(
            name=data.name,
            sha256=data.sha256,
            class_counts={split: faces.counts() for split, faces in data.splits.items()},
            dropped=dropped,
        ),
        history=tuple(fit.history),
        evaluations=evaluations(classifier, data),
        before_temperature=evaluate(validation.labels, softmax(logits), names),
        parameters=fit.model.count_params(),
        layers=layers(fit.model),
        parity=parity(fit.model, classifier, validation.images[:_PARITY_IMAGES]),
        latency_ms=latency_ms(classifier, validation),
        files={
            spec.file: spec.sha256,
            KERAS_FILE: file_sha256(directory / KERAS_FILE),
        },
    )
    report.save(directory)
    return report


def evaluations(classifier: ExpressionClassifier, data: DataSet) -> dict[str, Evaluation]:
    """Measure the app's own classifier on every split that nothing was learnt from."""
    return {
        name: evaluate(split.labels, classifier(split.images), split.class_names)
        for name, split in data.splits.items()
        if name != "train" and len(split)
    }


def layers(model: keras.Model) -> tuple[Layer, ...]:
    """Return the layer table."""
    return tuple(
        Layer(
            name=layer.name,
            kind=type(layer).__name__,
            shape=tuple(int(n) for n in np.ravel(layer.output.shape[1:])),
            parameters=layer.count_params(),
        )
        for layer in model.layers
    )


def latency_ms(classifier: ExpressionClassifier, faces: LabelledFaces) -> float:
    """Return the median milliseconds that one face takes."""
    one = faces.images[:1]
    classifier(one)
    seconds = []
    for _ in range(_LATENCY_CALLS):
        start = time.perf_counter()
        classifier(one)
        seconds.append(time.perf_counter() - start)
    return round(1000 * float(np.median(seconds)), 3)


def machine() -> str:
    """Describe the processor that this runs on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [x.split(":", 1)[1] for x in info.read_text().splitlines() if "model name" in x]
        model = names[0].strip() if names else model
    return f"{model}, {os.cpu_count()} cores, no accelerator"
