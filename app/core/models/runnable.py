"""The models that can answer here, and what is known of each. Does not use Streamlit."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from app.core.models.reports import Stamp, file_sha256, stamp_of
from app.core.paths import model_dir, models_dir
from fer.errors import ModelError
from fer.evaluation.report import Report
from fer.export.photos import distinct_names
from fer.model.spec import ModelSpec

_log = logging.getLogger(__name__)

#: Split whose accuracy is shown beside a model's name: the one that all models have.
_SPLIT = "validation"


@dataclass(frozen=True)
class ModelEntry:
    """A model that can answer.

    Attributes:
        name: name of its directory, numbered where another has the same.
        directory: where it is.
        key: tells it from all others, and from what was or will be at the same place: a hash of
            its spec, which names the weights by theirs.
        spec: tells how to run it.
        bytes: size of the network's file.
        parameters: number of its weights; None without a report about these weights.
        accuracy: of its usual head on its own validation data; None if it was not measured.
        accuracy_low: lower end of the 95 % interval; likewise.
        accuracy_high: its upper end.
        trained_on: name of the data set; empty without a report.
        begun_with: name of the model with whose weights the training began; empty if with none.
    """

    name: str
    directory: Path
    key: str
    spec: ModelSpec = field(compare=False, repr=False)
    bytes: int
    parameters: int | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    trained_on: str = ""
    begun_with: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The expressions that it tells apart."""
        return self.spec.labels


def runnable_models() -> tuple[ModelEntry, ...]:
    """Return all models that can answer: the configured one first, the others by name.

    Directories without ``spec.json`` have reports to show and nothing to run. A model that is not
    as it should be is left out, and the log says why, once. Asking again costs a look at the
    directories; what is new, gone or replaced since is seen.
    """
    folder = models_dir()
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    others = [entry for entry in inside if entry.is_dir() and not entry.name.startswith(".")]
    places: dict[Path, Path] = {}
    for directory in (model_dir(), *others):
        places.setdefault(directory.resolve(), directory)
    return _told_apart([entry for one in places.values() if (entry := _entry(one))])


def entry_of(directory: Path) -> ModelEntry | None:
    """Return what is known of a model; None if it cannot answer."""
    listed = (entry for entry in runnable_models() if entry.directory == directory)
    return next(listed, None) or _entry(directory)


def _told_apart(entries: Sequence[ModelEntry]) -> tuple[ModelEntry, ...]:
    names = distinct_names([entry.name for entry in entries])
    return tuple(replace(one, name=name) for one, name in zip(entries, names, strict=True))


def _entry(directory: Path) -> ModelEntry | None:
    try:
        files = [file for file in directory.iterdir() if file.is_file()]
        return _checked(directory, tuple(sorted((file.name, stamp_of(file)) for file in files)))
    except FileNotFoundError:  # it went, or a file of it, while it was looked at
        return None
    except OSError as error:
        _log_once(f"the model {directory.name} is not offered: {error.strerror}")
        return None


@lru_cache(maxsize=128)
def _log_once(message: str) -> None:
    _log.warning(message)


@lru_cache(maxsize=128)
def _checked(directory: Path, files: tuple[tuple[str, Stamp], ...]) -> ModelEntry | None:
    """Return what is known of a model whose files have these stamps; None if it cannot answer."""
    if not any(name == ModelSpec.filename for name, _ in files):
        return None
    try:
        spec = ModelSpec.load(directory)
        network = directory / spec.file
        _check(spec, network)
    except ModelError as error:
        _log.warning("the model %s is not offered: %s", directory.name, error)
        return None
    key = hashlib.sha256((directory / ModelSpec.filename).read_bytes()).hexdigest()
    entry = ModelEntry(directory.name, directory, key, spec, network.stat().st_size)
    report = _report(directory, spec)
    return _with_report(entry, report) if report else entry


def _check(spec: ModelSpec, network: Path) -> None:
    """Raise a `ModelError` if a network is not the one of its spec, or has no usual head."""
    if not spec.labels:
        raise ModelError("it names no expressions. Export the model again.")
    if not network.is_file():
        raise ModelError(f"{network} is missing. Export the model again.")
    if file_sha256(network) != spec.sha256:
        raise ModelError(
            f"{network} is not the file that spec.json names: its SHA-256 differs. Export the "
            "model again."
        )


def _report(directory: Path, spec: ModelSpec) -> Report | None:
    if not (directory / Report.filename).is_file():
        return None
    try:
        report = Report.load(directory)
    except ModelError as error:
        _log.warning("the model %s is offered without its figures: %s", directory.name, error)
        return None
    return report if report.describes(spec) else None


def _with_report(entry: ModelEntry, report: Report) -> ModelEntry:
    known = replace(
        entry,
        parameters=report.parameters,
        trained_on=report.data.name,
        begun_with=report.initial_model or "",
    )
    measured = report.evaluations_of(entry.spec.default_head).get(_SPLIT)
    if measured is None:
        return known
    return replace(
        known,
        accuracy=measured.accuracy,
        accuracy_low=measured.accuracy_low,
        accuracy_high=measured.accuracy_high,
    )
