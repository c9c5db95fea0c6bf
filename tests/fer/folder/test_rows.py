import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from fer.analyzer import FaceAnalyzer
from fer.folder.rows import (
    photo_row,
    shown_path,
)
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from fer.types import Detections, Image
from tests.samples import FakeClassifier, fake_detector, make_detections


@pytest.mark.parametrize(
    ("path", "shown"), [("", ""), ("/é.jpg", "/é.jpg"), ("/\udce9.jpg", "/\\xe9.jpg")]
)
def test_a_path_is_shown_as_text_whatever_its_bytes(path: str, shown: str) -> None:
    assert shown_path(path) == shown


NO_RESULT = ("width", "height", "faces")


@pytest.fixture
def analyzer(spec: ModelSpec) -> FaceAnalyzer:
    detector = fake_detector(make_detections((40, 10, 80, 50), (5, 5, 30, 30)))
    return FaceAnalyzer(detector, FakeClassifier(3), spec)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "grey.png"
    PillowImage.fromarray(np.full((60, 90, 3), 140, np.uint8)).save(file)
    return file


def test_a_photograph_becomes_a_row(photo: Path, analyzer: FaceAnalyzer) -> None:
    row = photo_row(str(photo), analyzer, EXPRESSION_HEAD)
    assert row["path"] == str(photo)
    assert row["sha256"] == hashlib.sha256(photo.read_bytes()).hexdigest()
    assert (row["size"], row["modified"]) == (
        photo.stat().st_size,
        photo.stat().st_mtime_ns // 1000,
    )
    assert (row["width"], row["height"], row["error"]) == (90, 60, None)
    assert [face["box"]["left"] for face in row["faces"]] == [5, 40]


def missing(file: Path) -> None:
    file.unlink()


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (missing, "cannot be opened: No such file or directory."),
        (pipe, "is not a file."),
        (folder, "is not a file."),
    ],
)
def test_what_cannot_be_opened_has_no_size_so_that_it_is_tried_again(
    make: Callable[[Path], None], error: str, photo: Path, analyzer: FaceAnalyzer
) -> None:
    make(photo)
    row = photo_row(str(photo), analyzer, EXPRESSION_HEAD)
    assert row["error"] == error
    assert {row[name] for name in (*NO_RESULT, "size", "modified", "sha256")} == {None}


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", "is empty"), (b"no image", "is not an image"), (b"\x89PNG\r\n\x1a\n", "damaged|not an")],
)
def test_a_damaged_file_is_known_again_by_its_size_and_hash(
    content: bytes, error: str, photo: Path, analyzer: FaceAnalyzer
) -> None:
    photo.write_bytes(content)
    row = photo_row(str(photo), analyzer, EXPRESSION_HEAD)
    assert [row[name] for name in NO_RESULT] == [None] * 3
    assert (row["size"], row["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert re.search(error, row["error"])


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("no more threads")])
def test_whatever_a_library_raises_is_the_error_of_that_photograph(
    error: Exception, photo: Path, spec: ModelSpec
) -> None:
    def fail(image: Image) -> Detections:
        raise error

    row = photo_row(str(photo), FaceAnalyzer(fail, FakeClassifier(3), spec), EXPRESSION_HEAD)
    assert row["error"] == f"cannot be analysed ({type(error).__name__}: {error})."
    assert [row[name] for name in NO_RESULT] == [None] * 3
