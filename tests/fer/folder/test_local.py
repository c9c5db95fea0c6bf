import multiprocessing
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import pytest

from fer.errors import CollectionError, ModelError
from fer.folder.local import WorkerPool
from fer.folder.rows import Row
from tests.fer.folder.samples import load_and_die, load_fake, load_nothing


def rows_of(*paths: str, workers: int = 2, patience: float = 60) -> dict[str, Row]:
    with WorkerPool(load_fake, workers, patience=patience) as pool:
        rows = list(pool.rows(paths))
    assert len(rows) == len(paths)
    return {row["path"]: row for row in rows}


def errors_of(*paths: str, **options: float) -> dict[str, str | None]:
    return {path: row["error"] for path, row in rows_of(*paths, **options).items()}


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_photograph_has_its_row(workers: int) -> None:
    names = [f"/{number}.jpg" for number in range(20)]
    assert errors_of(*names, workers=workers) == dict.fromkeys(names)


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


def test_a_photograph_that_ends_its_process_twice_is_an_error_and_the_others_go_on() -> None:
    errors = errors_of("/a.jpg", "/kill.jpg", "/b.jpg", "/c.jpg", "/d.jpg", workers=1)
    assert errors.pop("/kill.jpg") == (
        "ended the process that analysed it, 2 times (exit code -9)."
    )
    assert errors == dict.fromkeys(["/a.jpg", "/b.jpg", "/c.jpg", "/d.jpg"])


def test_a_photograph_that_ends_its_process_once_is_tried_again(tmp_path: Path) -> None:
    once = str(tmp_path / "once.jpg")
    assert errors_of("/a.jpg", once, "/b.jpg") == {"/a.jpg": None, once: None, "/b.jpg": None}
    assert Path(f"{once}.seen").exists()


def test_a_photograph_that_never_ends_is_given_up() -> None:
    errors = errors_of("/hang.jpg", workers=1, patience=0.5)
    assert errors == {"/hang.jpg": "took more than 0.5 seconds, 2 times (exit code -9)."}


def test_a_model_that_cannot_be_loaded_is_said_as_such() -> None:
    with WorkerPool(load_nothing, 2) as pool, pytest.raises(ModelError, match="is missing"):
        list(pool.rows(["/a.jpg"]))


def test_processes_that_never_get_ready_are_not_begun_for_ever() -> None:
    with WorkerPool(load_and_die, 1) as pool, pytest.raises(CollectionError, match="memory"):
        list(pool.rows(["/a.jpg"]))
