"""Records on disk: one schema writes and reads each file.

An unknown key, a missing one or another version is an error, so nothing can be shown that the
training did not write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fer.errors import ModelError

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Point = tuple[float, float]


class Record(BaseModel):
    """A record that cannot be changed and has no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RecordFile(Record):
    """A record with a file name of its own and a version."""

    filename: ClassVar[str]
    current_version: ClassVar[int]

    version: int

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read the record of a model directory.

        Raises:
            ModelError: the file is missing, no valid record, or of another version.
        """
        file = directory / cls.filename
        if not file.is_file():
            raise ModelError(
                f"{file} is missing. A model directory is written by "
                f"`python -m training train --out {directory}`."
            )
        try:
            record = cls.model_validate_json(file.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the file"
            raise ModelError(
                f"{file} is not a record of version {cls.current_version} of this project: "
                f"{place}: {first['msg']}. Export the model again."
            ) from error
        if record.version != cls.current_version:
            raise ModelError(
                f"{file} has version {record.version}, expected {cls.current_version}. "
                "Export the model again."
            )
        return record

    def save(self, directory: Path) -> None:
        """Write the record into a model directory."""
        directory.mkdir(parents=True, exist_ok=True)
        text = self.model_dump_json(indent=1)
        (directory / self.filename).write_text(text + "\n", encoding="utf-8")
