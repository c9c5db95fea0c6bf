"""The results of a collection, as they come."""

import pytest

from app.collection.archive import Candidate, RefusedError
from app.collection.collection import Collection, item_reader, read_all
from app.collection.entry import Missing
from app.collection.item import Item
from fer.labels import EXPRESSION_HEAD
from tests.app.collection.samples import HEADS, unread
from tests.app.samples import Clock, FakeAnalyzer, png


def candidate(name: str, data: bytes) -> Candidate:
    return Candidate(name, read=lambda: data)


def refusing(name: str) -> Candidate:
    def read() -> bytes:
        raise RefusedError("is a trap.")

    return Candidate(name, read=read)


def test_an_empty_collection_is_complete() -> None:
    empty = Collection("empty", [], unread=Item)
    read_all(empty, [], item_reader(FakeAnalyzer(), HEADS), lambda: False)
    empty.close("was not read.")
    assert (len(empty), empty.items, empty.speed, empty.seconds_left, empty.size) == (
        0, (), 0.0, None, 0,
    )  # fmt: skip


def test_every_file_has_a_result_in_its_place() -> None:
    files = [
        candidate("a.png", png(1)),
        Candidate("b.txt", "is no photo."),
        refusing("c.png"),
        candidate("d.png", b"no picture"),
        candidate("e.png", png(2)),
    ]
    collection = Collection("all", [one.name for one in files], unread=Item)
    read_all(collection, files, item_reader(FakeAnalyzer(), HEADS), lambda: False)
    items = collection.items
    assert [(one.number, one.name) for one in items] == list(
        enumerate(["a.png", "b.txt", "c.png", "d.png", "e.png"])
    )
    assert [bool(one.error) for one in items] == [False, True, True, True, False]
    assert items[2].error == "is a trap."
    assert collection.size == sum(one.size for one in items) > 0


def test_the_same_photo_is_analysed_once_under_all_its_names() -> None:
    files = [candidate(name, png(1)) for name in ("a.png", "b/a.png", "c.png")]
    collection, analyzer = (
        Collection("twins", [one.name for one in files], unread=Item),
        FakeAnalyzer(),
    )
    read_all(collection, files, item_reader(analyzer, HEADS), lambda: False)
    assert analyzer.searches == 1
    assert [one.result(EXPRESSION_HEAD).name for one in collection.items] == [
        "a.png", "b/a.png", "c.png",
    ]  # fmt: skip
    assert [one.number for one in collection.items] == [0, 1, 2]


def test_a_cancel_ends_it_and_what_is_left_says_so() -> None:
    files = [candidate(f"{n}.png", png(n)) for n in range(4)]
    collection = Collection("all", [one.name for one in files], unread=Item)
    read_all(
        collection, files, item_reader(FakeAnalyzer(), HEADS), lambda: len(collection.items) == 2
    )
    collection.close("was not started.", Missing.NOT_STARTED)
    collection.add(Item("2.png"))  # of the photo that was being read
    assert [(one.number, one.error) for one in collection.items] == [
        (0, ""), (1, ""), (2, "was not started."), (3, "was not started."),
    ]  # fmt: skip
    assert [one.missing for one in collection.items[2:]] == [Missing.NOT_STARTED] * 2
    collection.close("once more")
    assert len(collection.items) == len(collection) == 4


def test_files_that_never_came_are_told_apart_from_all_others() -> None:
    collection = Collection("all", ["a.png"], unread=Item)
    collection.refuse([unread("film.mp4"), unread("notes.txt")])
    collection.add(Item("a.png"))
    collection.refuse([unread("late.txt")])
    assert len(collection) == 4
    assert len({one.number for one in collection.items}) == 4


@pytest.mark.parametrize(("count", "took", "speed", "left"), [
    (0, 0.0, 0.0, None), (2, 9.0, 0.0, None), (3, 1.0, 0.0, None), (4, 8.0, 0.5, 12.0),
])  # fmt: skip
def test_the_time_that_is_left_is_guessed_from_what_was_analysed(
    clock: Clock, count: int, took: float, speed: float, left: float | None
) -> None:
    collection = Collection("all", [str(n) for n in range(12)], unread=Item, clock=clock)
    collection.begin()
    collection.add(unread("x"), analysed=False)
    collection.add(unread("y"), analysed=False)
    clock.seconds += took
    for _ in range(count):
        collection.add(Item("photo"))
    assert (collection.speed, collection.seconds_left) == (speed, left)
