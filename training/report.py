"""Gathering what a training left behind into its report."""

from __future__ import annotations

import dataclasses
import os
import platform
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from fer.classifier import ExpressionClassifier, softmax
from fer.metrics import Evaluation, evaluate
from fer.model_card import EXPRESSION_HEAD
from fer.report import DataCard, FileCard, Report, Slice
from training.calibration import fit_temperature
from training.crowd import crowd_agreement, crowd_predictions
from training.data import DataSet, LabelledFaces, file_sha256
from training.export import KERAS_FILE, LITERT_FILE, export, parity, set_temperatures
from training.fit import Fit
from training.layers import layer_table
from training.predictions import (
    FURTHER_FILE,
    PREDICTIONS_FILE,
    Predictions,
    save_predictions,
)
from training.presets import Preset
from training.robustness import DISTURBANCES

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

    Everything is written beside `directory` first and put in its place at the end, so whoever looks
    meanwhile sees the old model or the new one, never half of each.

    Args:
        fit: what the training left.
        preset: its configuration.
        data: the whole data set; ``validation`` is where the temperature is fitted.
        dropped: training faces left out, by reason.
        seed: of the training.
        command: what reproduces it.
        directory: the model directory.
    """
    # A name that starts with a dot is no model to the dashboard.
    place = _existing(directory.parent)
    with tempfile.TemporaryDirectory(dir=place, prefix=".unfinished-") as staging:
        made = Path(staging) / directory.name
        report = _write(fit, preset, data, dropped, seed=seed, command=command, directory=made)
        if directory.exists():
            directory.rename(Path(staging) / "old")
        made.rename(directory)
    return report


def _existing(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _write(
    fit: Fit,
    preset: Preset,
    data: DataSet,
    dropped: dict[str, int],
    *,
    seed: int,
    command: str,
    directory: Path,
) -> Report:
    validation = data.split("validation")
    names = validation.class_names
    export(fit.model, directory, class_names=names)
    logits = ExpressionClassifier(directory).logits(validation.images)[EXPRESSION_HEAD]
    temperature = fit_temperature(logits, validation.labels)
    set_temperatures(directory, {EXPRESSION_HEAD: temperature})
    classifier = ExpressionClassifier(directory)
    predictions = {
        name: Predictions(faces.labels, classifier(faces.images))
        for name, faces in data.splits.items()
        if name != "train" and len(faces)
    }
    by_crowd = crowd_predictions(classifier, validation)
    further = further_predictions(classifier, data, predictions, by_crowd)
    save_predictions(predictions, directory)
    save_predictions(further, directory, FURTHER_FILE)
    report = Report(
        name=directory.name,
        command=command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        configuration=dataclasses.asdict(preset),
        seed=seed,
        training_seconds=round(fit.seconds, 1),
        versions={"python": platform.python_version()} | {p: version(p) for p in _PACKAGES},
        machine=machine(),
        data=data_card(data, dropped),
        history=tuple(fit.history),
        evaluations={n: evaluate(p.labels, p.probabilities, names) for n, p in predictions.items()},
        without_duplicates=without_duplicates(further, names),
        before_temperature=evaluate(validation.labels, softmax(logits), names),
        robustness=robustness(further, names),
        crowd=crowd_agreement(by_crowd),
        parameters=fit.model.count_params(),
        layers=layer_table(fit.model),
        parity=parity(fit.model, classifier, validation.images[:_PARITY_IMAGES]),
        latency_ms=latency_ms(classifier, validation),
        files=file_cards(directory),
    )
    report.save(directory)
    return report


def data_card(data: DataSet, dropped: dict[str, int]) -> DataCard:
    """Describe the data set as it was before cleaning."""
    return DataCard(
        name=data.name,
        sha256=data.sha256,
        class_counts={split: faces.counts() for split, faces in data.splits.items()},
        dropped=dropped,
    )


def further_predictions(
    classifier: ExpressionClassifier,
    data: DataSet,
    predictions: dict[str, Predictions],
    by_crowd: dict[tuple[str, str], Predictions],
) -> dict[str, Predictions]:
    """Answer for everything that is measured besides the splits themselves.

    Returns:
        By name: ``without repeats: SPLIT`` (images that also stand in train left out),
        ``disturbed: NAME``, and ``crowd: HEAD: RULE`` with the crowd's labels as the truth.
    """
    found = {}
    for name, made in predictions.items():
        new = data.new_in(name)
        if new.any():
            made = Predictions(made.labels[new], made.probabilities[new])
            found[f"without repeats: {name}"] = made
    faces = data.split("validation")
    for disturb in DISTURBANCES:
        answers = classifier(disturb(faces.images))
        found[f"disturbed: {disturb.name}"] = Predictions(faces.labels, answers)
    for (head, rule), made in by_crowd.items():
        found[f"crowd: {head}: {rule}"] = made
    return found


def without_duplicates(
    further: dict[str, Predictions], names: tuple[str, ...]
) -> dict[str, Evaluation]:
    """Measure again without the images that the training split holds too."""
    start = "without repeats: "
    return {
        name.removeprefix(start): evaluate(made.labels, made.probabilities, names)
        for name, made in further.items()
        if name.startswith(start)
    }


def robustness(further: dict[str, Predictions], names: tuple[str, ...]) -> tuple[Slice, ...]:
    """Measure under every disturbance."""
    answers = {d: further[f"disturbed: {d.name}"] for d in DISTURBANCES}
    return tuple(
        Slice(
            name=disturb.name,
            description=disturb.description,
            evaluation=evaluate(made.labels, made.probabilities, names),
        )
        for disturb, made in answers.items()
    )


def file_cards(directory: Path) -> dict[str, FileCard]:
    """Return hash and size of each file that the report vouches for."""
    return {
        name: FileCard(
            sha256=file_sha256(directory / name), bytes=(directory / name).stat().st_size
        )
        for name in (LITERT_FILE, KERAS_FILE, PREDICTIONS_FILE, FURTHER_FILE)
        if (directory / name).is_file()
    }


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
