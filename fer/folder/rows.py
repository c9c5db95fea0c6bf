"""The table of a folder of photographs: one row per photograph, with a list of its faces."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa

from fer.analyzer import FaceAnalyzer
from fer.errors import ImageError
from fer.export.table import BOX, face_records
from fer.images import decode, load
from fer.model.spec import Head

#: A row as a dictionary; its keys are the names of `table_schema`.
Row = dict[str, Any]


def table_schema(head: Head, made_by: dict[str, str]) -> pa.Schema:
    r"""Return the schema of the table.

    ==========  ======================================================================
    column      meaning
    ==========  ======================================================================
    path        absolute path; bytes of a name that are not UTF-8 as ``\xff``
    sha256      SHA-256 of the file in hexadecimal; null if it could not be opened
    size        of the file in bytes; null if it could not be opened
    modified    when the file was last changed; null if it could not be opened
    width       of the upright image in pixels; null if it could not be read
    height      likewise
    error       why there is no result, as the end of a sentence that starts with the
                path; null if there is one
    model       name of the model that answered; null if there is no result
    faces       the faces, left to right; null if there is no result
    ==========  ======================================================================

    The fields of a face have the names, the meaning and the rounding of
    `fer.export.table.face_record`; ``box`` has a field for each side.
    ``probabilities`` has a field for each label of the head.

    Args:
        head: what answers.
        made_by: which model, detector and head the rows are of; kept in the schema's metadata.
    """
    number, text = pa.float32(), pa.string()
    face = pa.struct(
        [
            ("box", pa.struct([(side, number) for side in BOX])),
            ("detection_score", number),
            ("head", text),
            ("answer", text),
            ("uncertain", pa.bool_()),
            ("quality", pa.list_(text)),
            ("expression", text),
            ("confidence", number),
            ("probabilities", pa.struct([(label, number) for label in head.labels])),
        ]
    )
    fields = [
        pa.field("path", text, nullable=False),
        pa.field("sha256", text),
        pa.field("size", pa.int64()),
        pa.field("modified", pa.timestamp("us", "UTC")),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("error", text),
        pa.field("model", text),
        pa.field("faces", pa.list_(face)),
    ]
    return pa.schema(fields, made_by)


def shown_path(path: str) -> str:
    r"""Return a path as text that every format can hold: other bytes are written ``\xff``."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def path_array(paths: Sequence[str]) -> pa.Array:
    """Return paths as a column of bytes, from which `os.fsdecode` gives them back."""
    return pa.array([os.fsencode(path) for path in paths], pa.binary())


def row_without_result(path: str, error: str) -> Row:
    """Return the row of a photograph that has no result yet, or none for a reason."""
    nothing = dict.fromkeys(("sha256", "size", "modified", "width", "height", "model", "faces"))
    return {"path": shown_path(path), "error": error or None, **nothing}


#: Makes the row of a photograph from its path.
Analyse = Callable[[str], Row]


def load_analysis(model_dir: Path, head: str | None) -> Analyse:
    """Load the model and return what makes the row of a photograph, on one processor thread.

    Raises:
        ModelError: the model cannot be loaded.
    """
    cv2.setNumThreads(1)  # there is a process per core
    analyzer = FaceAnalyzer.for_photos(model_dir, threads=1)
    return lambda path: photo_row(path, analyzer, head)


def photo_row(path: str, analyzer: FaceAnalyzer, head: str | None) -> Row:
    """Analyse a photograph; whatever is wrong with it becomes its error."""
    row = row_without_result(path, "")
    try:
        # Before it is read: should it change in between, it counts as changed the next time.
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ImageError("is not a file.")
        data = load(Path(path))
        row |= {"size": status.st_size, "modified": microseconds(status)}
        row["sha256"] = hashlib.sha256(data).hexdigest()
        image = decode(data)
        faces = analyzer(image, head=head)
        row["height"], row["width"] = image.shape[:2]
        row["model"] = analyzer.spec.name
        row["faces"] = [
            face | {"box": dict(zip(BOX, face["box"], strict=True))} for face in face_records(faces)
        ]
    except ImageError as error:
        row["error"] = str(error)
    except OSError as error:
        row["error"] = f"cannot be opened: {error.strerror or error}."
    except Exception as error:  # whatever a file makes a library raise, the others go on
        row["error"] = f"cannot be analysed ({type(error).__name__}: {error})."
    return row


def microseconds(status: os.stat_result) -> int:
    """Return when a file was last changed, in microseconds since 1970."""
    return status.st_mtime_ns // 1000
