"""Write a model directory: export and evaluate a trained network, and write its report."""

from __future__ import annotations

import dataclasses
import os
import platform
import tempfile
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import keras

from fer.atomic_write import check_model_directory, naming_full_disk, replace_folder
from fer.errors import ModelError, OutputError
from fer.evaluation.metrics import evaluate
from fer.evaluation.report import DataCard, EarlierTraining, FileCard, Report
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier, softmax
from fer.model.spec import ModelSpec
from fer.records import file_sha256
from fer.types import Floats
from training.adapt import FineTuning
from training.data.dataset import DataSet, LabelledFaces
from training.evaluation import measure
from training.evaluation.predict import SpreadClassifier
from training.evaluation.predictions import FURTHER_FILE, PREDICTIONS_FILE
from training.export import KERAS_FILE, LITERT_FILE, export, parity
from training.fit.loop import Fit
from training.networks import layer_table
from training.presets.schema import Preset

#: Packages whose versions affect results.
_PACKAGES = ("keras", "tensorflow", "numpy", "opencv-python-headless", "ai-edge-litert")

#: Number of images for parity, and of calls for latency.
_PARITY_IMAGES = 100
_LATENCY_CALLS = 200


def trainings_of(directory: Path) -> tuple[EarlierTraining, ...]:
    """Return the trainings that led to a model, its own last; without a report, only its name."""
    try:
        report = Report.load(directory)
    except ModelError:
        return (EarlierTraining(name=directory.resolve().name, command=""),)
    network = report.files.get(KERAS_FILE)
    own = EarlierTraining(
        name=report.name,
        command=report.command,
        training_seconds=report.training_seconds,
        sha256=network.sha256 if network else "",
        teacher_weight=report.teacher_weight,
        history=report.history,
    )
    return (*report.earlier_trainings, own)


def write_model(
    fit: Fit,
    preset: Preset,
    data: DataSet,
    dropped: dict[str, int],
    *,
    provenance: dict[str, Any],
    directory: Path,
    overwrite: bool = False,
    quick: bool = False,
    tuning: FineTuning | None = None,
    advance: Callable[[int], object] = lambda count: None,
) -> Report:
    """Export a trained network, evaluate the exported file, and write its report.

    Everything is written to a temporary directory that then replaces `directory`, so a concurrent
    reader never sees a mixture of the old and the new model, and the old one stays if this fails.
    `dropped` counts the training faces left out, by reason; `provenance` are further fields of the
    report; `advance` is told how many more views of faces are measured, and `quick` leaves most of
    them out, see `predict_split`.

    Raises:
        OutputError: something stands at the place meanwhile; the new model stands beside it.
    """
    # The dashboard ignores directories whose names start with a dot.
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (
        naming_full_disk(directory.parent),
        tempfile.TemporaryDirectory(dir=directory.parent, prefix=".unfinished-") as staging,
    ):
        target = Path(staging) / directory.name
        export(fit.model, target, class_names=data.class_names)
        logits, predictions = measure.predict_anew(
            target, data, quick=quick, tuning=tuning, advance=advance
        )
        measure.fit_thresholds(target, predictions)
        if tuning:
            tuning.keep_settings(target)
        validation, classifier = data.split("validation"), ExpressionClassifier(target)
        report = Report(
            name=directory.name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            preset=preset.name,
            configuration=dataclasses.asdict(preset),
            **provenance,
            teacher_weight=preset.teacher_weight if provenance["teachers"] else 0.0,
            training_seconds=round(fit.seconds, 1),
            versions=versions(),
            machine=machine(),
            data=DataCard(
                name=data.name,
                sha256=data.sha256,
                class_counts={split: faces.counts() for split, faces in data.splits.items()},
                dropped=dropped,
                domains=data.sources,
            ),
            history=tuple(fit.history),
            **uncalibrated(logits[EXPRESSION_HEAD], validation),
            parameters=fit.model.count_params(),
            layers=layer_table(fit.model),
            parity=parity(fit.model, classifier, validation.images[:_PARITY_IMAGES]),
            latency_ms=latency_ms(classifier, validation),
            files=file_cards(target),
            adaptation=tuning.changes(SpreadClassifier(target), fit.seconds) if tuning else None,
            **measure.report_figures(predictions, ModelSpec.load(target), data.class_names),
        )
        report.save(target)
        put_in_place(target, directory, overwrite=overwrite)
    return report


def put_in_place(model: Path, directory: Path, *, overwrite: bool) -> None:
    """Move a new model to its directory; see `write_model`."""
    try:
        check_model_directory(directory, overwrite=overwrite)
    except OutputError as error:
        names = (directory.with_name(f"{directory.name}-{n}") for n in count(2))
        beside = next(one for one in names if not one.exists())
        model.rename(beside)
        raise OutputError(f"{error} The new model is in {beside}.") from error
    replace_folder(model, directory)


def uncalibrated(logits: Floats, faces: LabelledFaces) -> dict[str, Any]:
    """Return the figures of a report that follow from logits before temperature scaling."""
    first = next(iter(faces.by_domain()))
    part = slice(None) if faces.domains is None else faces.domains == first
    before = evaluate(faces.labels[part], softmax(logits[part]), faces.class_names)
    return {
        "before_temperature": before,
        "cross_fitted_calibration_error": measure.cross_fitted_calibration_error(logits, faces),
    }


def file_cards(directory: Path) -> dict[str, FileCard]:
    """Return the hash and size of each file that the report covers."""
    return {
        name: FileCard(
            sha256=file_sha256(directory / name), bytes=(directory / name).stat().st_size
        )
        for name in (LITERT_FILE, KERAS_FILE, PREDICTIONS_FILE, FURTHER_FILE)
        if (directory / name).is_file()
    }


def latency_ms(classifier: ExpressionClassifier, faces: LabelledFaces) -> float:
    """Return the median time for one face, in milliseconds."""
    one = faces.images[:1]
    classifier(one)  # the first call is slow
    seconds = timeit.repeat(lambda: classifier(one), number=1, repeat=_LATENCY_CALLS)
    return round(1000 * median(seconds), 3)


def versions() -> dict[str, str]:
    """Return the versions of Python and of relevant packages, and the name of Keras's backend."""
    backend = keras.backend.backend()
    packages = [*_PACKAGES, *([backend] if backend not in _PACKAGES else [])]
    installed = {p: version(p) for p in packages}
    return {"python": platform.python_version()} | installed | {"backend": backend}


def machine() -> str:
    """Describe the processor, its cores and the accelerators of this machine."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [x.split(":", 1)[1] for x in info.read_text().splitlines() if "model name" in x]
        model = names[0].strip() if names else model
    devices = [d for d in keras.distribution.list_devices() if not d.startswith("cpu")]
    return f"{model}, {os.cpu_count()} cores, {', '.join(devices) or 'no accelerator'}"
