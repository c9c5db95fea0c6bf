"""How much memory collections may take."""

import pytest

from app.collection.room import MB, Room


def test_an_empty_room_has_all_of_it_left() -> None:
    assert Room(100, free=lambda: None).left == 100
    assert Room(0, free=lambda: None).left == 0


def test_what_somebody_holds_is_not_there_for_others() -> None:
    room = Room(100, free=lambda: None)
    assert room.take("a", uploaded=40, expected=20)
    assert not room.take("b", uploaded=30, expected=20)
    room.hold("a", 10)
    assert room.left == 90
    assert room.take("b", uploaded=30, expected=20)
    room.release("a")
    room.hold("a", 99)  # it has left, and its last photo comes too late
    assert room.left == 50


@pytest.mark.parametrize(("free", "left"), [(0, 0), (250, 0), (260, 10), (9000, 500)])
def test_what_the_machine_has_left_counts_too(free: int, left: int) -> None:
    room = Room(500 * MB, free=lambda: free * MB)
    assert room.left == left * MB
    assert not room.take("a", uploaded=0, expected=left * MB + 1)
    assert room.take("a", uploaded=0, expected=left * MB)
