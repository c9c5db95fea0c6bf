"""One photograph of a collection: from its path to its row. Every engine runs this."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import cv2

from fer.analyzer import FaceAnalyzer
from fer.collection.rows import Row, face_cell, row_without_result
from fer.errors import ImageError
from fer.export.face_rows import face_rows
from fer.images import decode, load

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
        row["faces"] = [face_cell(face) for face in face_rows(faces)]
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
