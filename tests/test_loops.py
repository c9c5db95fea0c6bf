"""Coroutines in tests, beside a loop that is there already."""

import asyncio

import pytest

from tests import loops


async def answer() -> int:
    await asyncio.sleep(0)
    return 42


def test_without_another_loop_it_is_as_ever() -> None:
    assert loops.run(answer()) == 42


def test_the_other_loop_is_there_again_afterwards() -> None:
    async def beside() -> None:
        with pytest.raises(ValueError, match="no"):
            loops.run(fault())
        assert loops.run(answer()) == 42
        await answer()

    async def fault() -> None:
        raise ValueError("no")

    loops.run(beside())
