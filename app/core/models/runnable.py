"""The models that can answer, and their records, read again when files change. No Streamlit."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from app.core.settings import model_dir, models_dir
from fer.errors import ModelError
from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import Report
from fer.export.table import distinct_names
from fer.model.spec import ModelSpec
from fer.records import RecordFile
from fer.records import file_sha256 as _hash

_log = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=RecordFile)

#: File in the directory of a model that a visitor taught on this server: the visitor's name, as of
#: `app.core.session.tabs.this_visitor`. Without the file, a model is for all visitors.
VISITOR_FILE = "visitor.txt"

#: What tells that a file was rewritten: modification time and size.
Stamp = tuple[int, int]


def read_record(kind: type[Kind], directory: Path) -> Kind:
    """Return a record of a model, such as its `Report`, or raise a ModelError."""
    file = directory / kind.filename
    if not file.is_file():
        return kind.load(directory)  # raises an error that says what is missing and what to do
    return _load(kind, directory, _stamp_of(file))


def is_taught_by(directory: Path, visitor: str) -> bool:
    """Return whether a visitor taught a model on this server; False if that cannot be read."""
    try:
        return (directory / VISITOR_FILE).read_text(encoding="utf-8") == visitor
    except (OSError, UnicodeDecodeError):
        return False


def is_shown(directory: Path, visitor: str) -> bool:
    """Return whether a model may be shown to a visitor: it is for all, or the visitor taught it."""
    for_all = not os.path.lexists(directory / VISITOR_FILE)
    return for_all or is_taught_by(directory, visitor)


def file_sha256(file: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    return _sha256(file, _stamp_of(file))


def _stamp_of(file: Path) -> Stamp:
    status = file.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=32)
def _load(kind: type[Kind], directory: Path, stamp: Stamp) -> Kind:
    return kind.load(directory)


@lru_cache(maxsize=64)
def _sha256(file: Path, stamp: Stamp) -> str:
    return _hash(file)


@dataclass(frozen=True)
class ModelEntry:
    """A model that can answer.

    Attributes:
        name: name of its directory, numbered where another has the same.
        key: tells it from all others, and from what was or will be at the same place: a hash of
            its spec, which names the weights by theirs.
        report: what was measured; None without a report about these weights.
    """

    name: str
    directory: Path
    key: str
    spec: ModelSpec = field(compare=False, repr=False)
    bytes: int
    report: Report | None = field(default=None, compare=False, repr=False)

    @property
    def measured(self) -> Evaluation | None:
        """Its usual head on its own validation data, which all models have; None if unmeasured."""
        head = self.spec.default_head
        return self.report.evaluations_of(head).get("validation") if self.report else None


def runnable_models(visitor: str = "") -> tuple[ModelEntry, ...]:
    """Return the models that can answer: the configured one first, the others by name.

    Those that other visitors taught are left out.

    Directories without ``spec.json`` have reports to show and nothing to run. A model that is not
    as it should be is left out, and the log says why, once. Asking again costs a look at the
    directories; what is new, gone or replaced since is seen.
    """
    folder = models_dir()
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    others = [
        entry
        for entry in inside
        if entry.is_dir() and not entry.name.startswith(".") and is_shown(entry, visitor)
    ]
    places: dict[Path, Path] = {}
    for directory in (model_dir(), *others):
        places.setdefault(directory.resolve(), directory)
    entries = [entry for one in places.values() if (entry := _entry(one))]
    names = distinct_names([entry.name for entry in entries])
    return tuple(replace(one, name=name) for one, name in zip(entries, names, strict=True))


def entry_of(directory: Path) -> ModelEntry | None:
    """Return what is known of a model; None if it cannot answer."""
    listed = (entry for entry in runnable_models() if entry.directory == directory)
    return next(listed, None) or _entry(directory)


def _entry(directory: Path) -> ModelEntry | None:
    try:
        files = [file for file in directory.iterdir() if file.is_file()]
        return _checked(directory, tuple(sorted((file.name, _stamp_of(file)) for file in files)))
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
        if not spec.labels:
            raise ModelError("it names no expressions. Export the model again.")
        if not network.is_file():
            raise ModelError(f"{network} is missing. Export the model again.")
        if file_sha256(network) != spec.sha256:
            what = f"{network} is not the file that spec.json names: its SHA-256 differs."
            raise ModelError(f"{what} Export the model again.")
    except ModelError as error:
        _log.warning("the model %s is not offered: %s", directory.name, error)
        return None
    key, report = file_sha256(directory / ModelSpec.filename), None
    if (directory / Report.filename).is_file():
        try:
            report = Report.load(directory)
        except ModelError as error:
            _log.warning("the model %s is offered without its figures: %s", directory.name, error)
    about_it = report if report and report.describes(spec) else None
    return ModelEntry(directory.name, directory, key, spec, network.stat().st_size, about_it)
