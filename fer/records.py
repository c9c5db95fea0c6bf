"""Records on disk: each file is written and read through one schema.

An unknown key, a missing key or another version is an error, so the app can show only what the
training wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from fer.atomic_write import atomic_write
from fer.errors import ModelError
from fer.labels import PLAIN, is_plain

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Point = tuple[float, float]


def _checked_file_name(name: str) -> str:
    if name in ("", ".", "..") or any(mark in name for mark in "/\\\0"):
        raise ValueError("expected the name of a file in the same directory")
    return name


def _checked_class_name(name: str) -> str:
    if not is_plain(name):
        raise ValueError(f"expected a name of {PLAIN}")
    return name


#: Name of an expression, which is shown and written as it is.
ClassName = Annotated[str, AfterValidator(_checked_class_name)]

#: Name of a file beside the record that names it: no path, which could lead anywhere.
FileName = Annotated[str, AfterValidator(_checked_file_name)]


class Record(BaseModel):
    """An immutable record that rejects unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def check_table(name: str, table: Sequence[Sequence[object]], rows: int, columns: int) -> None:
    """Raise ValueError if a field of a record has not so many rows and columns."""
    if [len(row) for row in table] != [columns] * rows:
        raise ValueError(f"{name}: expected {rows} rows of {columns}")


class RecordFile(Record):
    """A versioned record that is stored in a file of its own."""

    filename: ClassVar[str]
    current_version: ClassVar[int]

    version: int

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read the record of a model directory; a ModelError says how to write it again."""
        file = directory / cls.filename
        if not file.is_file():
            raise ModelError(
                f"{file} is missing. A model directory is written by "
                f"`python -m training train --out {directory}`."
            )
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ModelError(f"{file} cannot be read: {error.strerror or error}.") from error
        cls._check_version(content, file)
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the file"
            raise ModelError(
                f"{file} is not a record of version {cls.current_version} of this project: "
                f"{place}: {first['msg']}. Export the model again."
            ) from error

    @classmethod
    def _check_version(cls, content: bytes, file: Path) -> None:
        try:
            record = json.loads(content)
        except (ValueError, RecursionError):
            return  # validation reports the error
        version = record.get("version") if isinstance(record, dict) else None
        if not isinstance(version, int) or version == cls.current_version:
            return
        if version > cls.current_version:
            advice = "It was written by a newer FER Lens: update this one"
        else:
            advice = "It was written by an older FER Lens: make it anew with this one"
        raise ModelError(f"{file} has version {version}, expected {cls.current_version}. {advice}.")

    def save(self, directory: Path) -> None:
        """Write the record into a model directory, whole or not at all."""
        directory.mkdir(parents=True, exist_ok=True)
        text = self.model_dump_json(indent=1)
        with atomic_write([directory / self.filename]) as (file,):
            file.write_text(text + "\n", encoding="utf-8")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
