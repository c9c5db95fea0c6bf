"""The row of a photograph, workers, and whole collections."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.dataset
import pytest

from fer.analyzer import FaceAnalyzer
from fer.errors import CollectionError, ModelError
from fer.folder import collect as module
from fer.folder import local
from fer.folder.collect import CollectionOptions, Tally, collect
from fer.folder.local import Row, WorkerPool, photo_row, table_schema
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from fer.types import Detections, Image
from tests.fer.folder.driver import SHARD
from tests.fer.folder.samples import GATE, draw, load_and_die, load_fake, load_nothing, wait_for
from tests.samples import ROOT, FakeClassifier, fake_detector, make_detections


@pytest.fixture
def analyzer(spec: ModelSpec) -> FaceAnalyzer:
    detector = fake_detector(make_detections((40, 10, 80, 50), (5, 5, 30.26, 30)))
    return FaceAnalyzer(detector, FakeClassifier(3), spec)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    draw(tmp_path, "grey.png", size=90)
    return tmp_path / "grey.png"


def test_a_photograph_is_a_table_row(photo: Path, analyzer: FaceAnalyzer, spec: ModelSpec) -> None:
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


def test_an_address_is_an_error_in_its_row(analyzer: FaceAnalyzer) -> None:
    row = photo_row("https://example.org/a.jpg", analyzer, EXPRESSION_HEAD)
    assert row["path"] == "https://example.org/a.jpg"
    assert row["error"].startswith("is an address; only files are read.")


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
def test_what_a_library_raises_is_an_error(error: Exception, photo: Path, spec: ModelSpec) -> None:
    def fail(image: Image) -> Detections:
        raise error

    row = photo_row(str(photo), FaceAnalyzer(fail, FakeClassifier(3), spec), EXPRESSION_HEAD)
    assert row["error"] == f"cannot be analysed ({type(error).__name__}: {error})."
    assert (row["width"], row["faces"]) == (None, None)


def rows_of(*paths: str) -> dict[str, Row]:
    with WorkerPool(load_fake, 1) as pool:
        rows = list(pool.rows(paths))
    assert len(rows) == len(paths)
    return {row["path"]: row["error"] for row in rows}


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


def test_who_ends_a_process_twice_is_an_error_and_others_go_on(tmp_path: Path) -> None:
    once = str(tmp_path / "once.jpg")
    names = ["/a.jpg", "/kill.jpg", once, "/b.jpg", "/c.jpg"]
    errors = rows_of(*names)
    assert errors.pop("/kill.jpg") == (
        "ended the process that analysed it, 2 times (exit code -9)."
    )
    assert errors == dict.fromkeys(["/a.jpg", once, "/b.jpg", "/c.jpg"])
    assert Path(f"{once}.seen").exists()


def test_a_photograph_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_PATIENCE", 0.5)
    errors = rows_of("/hang.jpg")
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


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    draw(tmp_path / "photos", "a.png", "b.png", "c.png")
    return tmp_path / "photos"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the model out."""
    monkeypatch.setattr(module, "_load", lambda options: load_fake)


def rows(out: Path) -> dict[str, Row]:
    """Return the rows by the file's name; each photograph must have only one."""
    found = pyarrow.dataset.dataset(out, format="parquet").to_table().to_pylist()
    assert max(Counter(row["path"] for row in found).values(), default=1) == 1
    return {Path(row["path"]).name: row for row in found}


def run(photos: Path, out: Path, **options: Any) -> Tally:
    return collect([str(photos)], out, CollectionOptions(workers=1, **options))


@pytest.mark.usefixtures("fake")
def test_only_what_is_new_or_has_changed_is_analysed(photos: Path, out: Path) -> None:
    assert run(photos, out).done == 3
    before = rows(out)
    draw(photos, "b.png", "d.png", size=40)
    tally = run(photos, out, resume=True)
    assert (tally.done, tally.unchanged) == (2, 2)
    after = rows(out)
    assert sorted(after) == ["a.png", "b.png", "c.png", "d.png"]
    assert after["a.png"] == before["a.png"]
    assert after["b.png"]["size"] == (photos / "b.png").stat().st_size != before["b.png"]["size"]
    assert run(photos, out, resume=True) == Tally(listed=4, unchanged=4, todo=0)
    assert rows(out) == after


@pytest.mark.usefixtures("fake")
def test_a_photograph_of_two_sources_is_listed_once(photos: Path, out: Path) -> None:
    sources = [str(photos / "a.png"), str(photos)]
    tally = collect(sources, out, CollectionOptions(workers=1))
    assert (tally.listed, tally.done) == (3, 3)


@pytest.mark.usefixtures("fake")
def test_what_is_done_is_kept_when_the_work_is_stopped(photos: Path, out: Path) -> None:
    def stop(tally: Tally) -> None:
        if tally.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect([str(photos)], out, CollectionOptions(workers=1), on_progress=stop)
    assert len(rows(out)) == 2
    assert run(photos, out, resume=True).done == 1
    assert sorted(rows(out)) == ["a.png", "b.png", "c.png"]


def test_a_killed_run_goes_on_and_loses_nothing(tmp_path: Path, out: Path) -> None:
    photos = tmp_path / "photos"
    draw(photos, *(f"{kind}{number}.png" for kind in ("a", "wait") for number in range(10)))
    driver = "tests.fer.folder.driver"
    command = [sys.executable, "-m", driver, str(photos), str(out), "local", "load_fake"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        wait_for(lambda: len(list(out.glob("photos-*.parquet"))) == 2, process)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    (photos / GATE).touch()
    assert psutil.wait_procs(workers, timeout=60)[1] == []
    done = rows(out)
    assert len(done) == 2 * SHARD
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert again.stdout == f"{20 - len(done)}\n"
    assert rows(out).keys() == {file.name for file in photos.glob("*.png")}
    assert all(rows(out)[name] == row for name, row in done.items())
