"""A thread that runs ahead of a loop, and ends with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from fer.video.ahead import ahead


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_all_items_come_in_order(count: int) -> None:
    with ahead(range(count), 3) as items:
        assert list(items) == list(range(count))
    assert "ahead" not in threads()


def test_it_is_only_so_far_ahead() -> None:
    made: list[int] = []

    def make() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with ahead(make(), 3) as items:
        for number in items:
            # Three wait, one is used, and one is made.
            assert len(made) <= number + 5
            if number == 20:
                break
    assert len(made) < 30
    assert "ahead" not in threads()


def test_what_it_raises_is_raised_in_the_loop_after_what_came_before() -> None:
    def make() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    seen: list[int] = []

    def use() -> None:
        with ahead(make(), 2) as items:
            seen.extend(items)

    with pytest.raises(ValueError, match="broken"):
        use()
    assert seen == [1]


def test_it_ends_when_the_loop_raises() -> None:
    def use() -> None:
        with ahead(iter(int, 1), 2) as items:
            raise KeyError(next(items))

    with pytest.raises(KeyError):
        use()
    assert "ahead" not in threads()
