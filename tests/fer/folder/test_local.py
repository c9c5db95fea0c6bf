import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

import pyarrow as pa
import pytest

from fer.analyzer import FaceAnalyzer
from fer.errors import CollectionError, ModelError
from fer.folder.local import Row, WorkerPool, photo_row, shown_path, table_schema
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from fer.types import Detections, Image
from tests.fer.folder.samples import draw, load_and_die, load_fake, load_nothing
from tests.samples import FakeClassifier, fake_detector, make_detections


@pytest.mark.parametrize(
    ("path", "shown"), [("", ""), ("/é.jpg", "/é.jpg"), ("/\udce9.jpg", "/\\xe9.jpg")]
)
def test_a_path_is_shown_as_text_whatever_its_bytes(path: str, shown: str) -> None:
    assert shown_path(path) == shown


@pytest.fixture
def analyzer(spec: ModelSpec) -> FaceAnalyzer:
    detector = fake_detector(make_detections((40, 10, 80, 50), (5, 5, 30.26, 30)))
    return FaceAnalyzer(detector, FakeClassifier(3), spec)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    draw(tmp_path, "grey.png", size=90)
    return tmp_path / "grey.png"


def test_a_photograph_is_a_row_of_the_table(
    photo: Path, analyzer: FaceAnalyzer, spec: ModelSpec
) -> None:
    row = photo_row(str(photo), analyzer, EXPRESSION_HEAD)
    schema = table_schema(spec.head(EXPRESSION_HEAD), {"model": "fake"})
    assert schema.metadata == {b"model": b"fake"}
    table = pa.Table.from_pylist([row], schema=schema)
    assert table["modified"].cast(pa.int64()).to_pylist() == [photo.stat().st_mtime_ns // 1000]
    [back] = table.drop_columns("modified").to_pylist()
    first, second = back.pop("faces")
    assert back == {
        "path": str(photo),
        "sha256": hashlib.sha256(photo.read_bytes()).hexdigest(),
        "size": photo.stat().st_size,
        "width": 90,
        "height": 90,
        "error": None,
        "model": "fake",
    }
    assert first == {
        "box": pytest.approx({"left": 5, "top": 5, "right": 30.3, "bottom": 30}),
        "detection_score": pytest.approx(0.9),
        "head": EXPRESSION_HEAD,
        "answer": "sad",
        "uncertain": False,
        "quality": [],
        "expression": "sad",
        "confidence": 1.0,
        "probabilities": {"happy": 0.0, "sad": 1.0, "neutral": 0.0},
    }
    assert second["box"]["left"] == 40


def missing(file: Path) -> None:
    file.unlink()


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def written(content: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (missing, "cannot be opened: No such file or directory."),
        (pipe, "is not a file."),
        (written(b""), "is empty"),
        (written(b"no image"), "is not an image"),
    ],
)
def test_what_cannot_be_read_is_its_error_and_tried_again_if_it_was_never_opened(
    make: Callable[[Path], object], error: str, photo: Path, analyzer: FaceAnalyzer
) -> None:
    make(photo)
    row = photo_row(str(photo), analyzer, EXPRESSION_HEAD)
    assert row["error"].startswith(error)
    assert {row[name] for name in ("width", "height", "faces", "model")} == {None}
    content = photo.read_bytes() if photo.is_file() else None
    known = (None,) if content is None else (len(content), hashlib.sha256(content).hexdigest())
    assert (row["size"], row["sha256"]) == (known * 2 if content is None else known)
    assert (row["modified"] is None) == (content is None)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("no more threads")])
def test_whatever_a_library_raises_is_the_error_of_that_photograph(
    error: Exception, photo: Path, spec: ModelSpec
) -> None:
    def fail(image: Image) -> Detections:
        raise error

    row = photo_row(str(photo), FaceAnalyzer(fail, FakeClassifier(3), spec), EXPRESSION_HEAD)
    assert row["error"] == f"cannot be analysed ({type(error).__name__}: {error})."
    assert (row["width"], row["faces"]) == (None, None)


def rows_of(*paths: str, workers: int = 2, patience: float = 60) -> dict[str, Row]:
    with WorkerPool(load_fake, workers, patience=patience) as pool:
        rows = list(pool.rows(paths))
    assert len(rows) == len(paths)
    return {row["path"]: row["error"] for row in rows}


@pytest.mark.parametrize("workers", [1, 3])
def test_every_photograph_has_its_row(workers: int) -> None:
    names = [f"/{number}.jpg" for number in range(20)]
    assert rows_of(*names, workers=workers) == dict.fromkeys(names)


def test_a_pool_can_be_used_again_and_ends_its_processes() -> None:
    before = set(multiprocessing.active_children())
    with WorkerPool(load_fake, 1) as pool:
        assert [len(list(pool.rows(["/a.jpg"] * n))) for n in (3, 0, 2)] == [3, 0, 2]
        assert len(set(multiprocessing.active_children()) - before) == 1
    assert set(multiprocessing.active_children()) <= before


def test_paths_are_taken_as_rows_are_made() -> None:
    taken: list[str] = []

    def endless() -> Iterator[str]:
        for number in count():
            taken.append(f"/{number}.jpg")
            yield taken[-1]

    with WorkerPool(load_fake, 2) as pool:
        rows = list(islice(pool.rows(endless()), 50))
    assert len(rows) == 50
    assert len(taken) < 60


def test_a_photograph_that_ends_its_process_twice_is_an_error_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    once = str(tmp_path / "once.jpg")
    names = ["/a.jpg", "/kill.jpg", once, "/b.jpg", "/c.jpg"]
    errors = rows_of(*names, workers=1)
    assert errors.pop("/kill.jpg") == (
        "ended the process that analysed it, 2 times (exit code -9)."
    )
    assert errors == dict.fromkeys(["/a.jpg", once, "/b.jpg", "/c.jpg"])
    assert Path(f"{once}.seen").exists()


def test_a_photograph_that_never_ends_is_given_up() -> None:
    errors = rows_of("/hang.jpg", workers=1, patience=0.5)
    assert errors == {"/hang.jpg": "took more than 0.5 seconds, 2 times (exit code -9)."}


@pytest.mark.parametrize(
    ("load", "error", "says"),
    [(load_nothing, ModelError, "is missing"), (load_and_die, CollectionError, "memory")],
)
def test_a_model_that_cannot_be_loaded_is_said_and_not_tried_for_ever(
    load: Callable, error: type[Exception], says: str
) -> None:
    with WorkerPool(load, 1) as pool, pytest.raises(error, match=says):
        list(pool.rows(["/a.jpg"]))
