"""What is fuzzed: valid seeds, a way to change them, and what must hold for whatever comes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.mutations import Rng


def assert_says(error: Exception) -> None:
    """Assert that an error of the project's own says something."""
    assert str(error).strip()


@dataclass(frozen=True)
class Target:
    """Something that reads what comes from outside.

    Attributes:
        name: tells it from others.
        make_seeds: returns valid inputs, given a folder that may be written to.
        change: returns an input that may be anything.
        run: reads an input, given an empty folder; raises nothing but the project's own errors,
            and an `AssertionError` where what it read cannot be.
        memory: bytes of address space that a case may take.
        seconds: after which a case is given up.
    """

    name: str
    make_seeds: Callable[[Path], list[Any]]
    change: Callable[[Rng, list[Any]], Any]
    run: Callable[[Any, Path], None]
    memory: int = 1536 * 2**20
    seconds: float = 60.0

    def case(self, seeds: list[Any], number: int) -> Any:
        """Return the input of a number: always the same one."""
        rng = np.random.default_rng([zlib.crc32(self.name.encode()), number])
        return self.change(rng, seeds)


class Seeded:
    """A target with its seeds, which are made once."""

    def __init__(self, target: Target, folder: Path) -> None:
        self.target, self._folder = target, folder

    @cached_property
    def seeds(self) -> list[Any]:
        self._folder.mkdir(parents=True)
        return self.target.make_seeds(self._folder)

    def run(self, number: int, folder: Path) -> None:
        self.target.run(self.target.case(self.seeds, number), folder)
