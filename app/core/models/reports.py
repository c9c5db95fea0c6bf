"""Reports and specs of models, cached until their files change. Does not use Streamlit."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from fer.evaluation.other_data import OtherDataFile
from fer.evaluation.report import Mistakes, Report
from fer.model.spec import ModelSpec
from fer.records import RecordFile
from fer.records import file_sha256 as _hash

Kind = TypeVar("Kind", bound=RecordFile)

#: What tells that a file was rewritten; see `stamp_of`.
Stamp = tuple[int, int]


def read_report(directory: Path) -> Report:
    """Return the report of a model.

    Raises:
        ModelError: it is missing, invalid, or of another version.
    """
    return _load_cached(Report, directory)


def read_spec(directory: Path) -> ModelSpec:
    """Return the spec of a model, without loading its network.

    Raises:
        ModelError: it is missing, invalid, or of another version.
    """
    return _load_cached(ModelSpec, directory)


def read_mistakes(directory: Path) -> Mistakes:
    """Return the pictures that a model read wrongly.

    Raises:
        ModelError: the file is missing, invalid, or of another version.
    """
    return _load_cached(Mistakes, directory)


def read_other_data(directory: Path) -> OtherDataFile:
    """Return what a model reaches on other data; without a file there is nothing.

    Raises:
        ModelError: the file is invalid, or of another version.
    """
    there = (directory / OtherDataFile.filename).is_file()
    return _load_cached(OtherDataFile, directory) if there else OtherDataFile(records=())


def file_sha256(file: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    return _sha256(file, *stamp_of(file))


def _load_cached(kind: type[Kind], directory: Path) -> Kind:
    file = directory / kind.filename
    if not file.is_file():
        return kind.load(directory)  # raises an error that says what is missing and what to do
    return _load(kind, directory, *stamp_of(file))


def stamp_of(file: Path) -> Stamp:
    """Return modification time and size, which change when a file is rewritten."""
    status = file.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=32)
def _load(kind: type[Kind], directory: Path, modified: int, size: int) -> Kind:
    return kind.load(directory)


@lru_cache(maxsize=64)
def _sha256(file: Path, modified: int, size: int) -> str:
    return _hash(file)
