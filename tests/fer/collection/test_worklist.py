import os
from pathlib import Path

import pytest

from fer.collection.analysis import microseconds
from fer.collection.worklist import Worklist

#: More than are read from the database at once.
MANY = 2500


def test_without_rows_every_path_is_to_be_done_once_in_order() -> None:
    with Worklist() as worklist:
        assert (len(worklist), list(worklist)) == (0, [])
        names = [f"/{number}.jpg" for number in range(MANY, 0, -1)]
        for name in (*names, *names):
            worklist.add(name)
        assert len(worklist) == MANY
        assert list(worklist) == names
        assert list(worklist.outdated()) == []


def test_a_name_that_is_not_text_comes_back_as_it_was() -> None:
    with Worklist() as worklist:
        worklist.add("/\udce9.jpg")
        assert list(worklist) == ["/\udce9.jpg"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "a.jpg").write_bytes(b"123")
    return tmp_path / "a.jpg"


CHANGES = {
    "as it was": (0, 0, True),
    "another size": (1, 0, False),
    "another time": (0, 1, False),
}


@pytest.mark.parametrize(("size", "time", "unchanged"), CHANGES.values(), ids=CHANGES)
def test_a_row_holds_while_size_and_time_are_the_same(
    file: Path, size: int, time: int, unchanged: bool
) -> None:
    status = os.stat(file)
    row = (str(file), status.st_size + size, microseconds(status) + time)
    with Worklist() as worklist:
        worklist.know("photos-000001.parquet", [row, ("/other.jpg", 1, 1)])
        for _ in range(2):
            worklist.add(str(file))
        assert list(worklist) == ([] if unchanged else [str(file)])
        outdated = [] if unchanged else [("photos-000001.parquet", {str(file)})]
        assert list(worklist.outdated()) == outdated
        assert worklist.has_row(str(file)) == unchanged
        assert worklist.has_row("/other.jpg")


def test_what_could_not_be_opened_is_tried_again(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.jpg")
    with Worklist() as worklist:
        worklist.know("s", [(gone, None, None)])
        worklist.add(gone)
        assert list(worklist) == [gone]


def test_the_row_of_a_file_that_is_gone_stays(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.jpg")
    with Worklist() as worklist:
        worklist.know("s", [(gone, 5, 5)])
        worklist.add(gone)
        assert (list(worklist), list(worklist.outdated())) == ([], [])
        assert worklist.unchanged == 1
