"""What several commands have in common: arguments, names of files that are written, progress."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from itertools import chain, count
from pathlib import Path
from typing import TextIO

from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import model_directory, shipped_model
from fer.text import path_problem, shortened


def positive(text: str) -> int:
    """Return a number of an argument that is at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {number}")
    return number


def file_path(text: str) -> Path:
    """Return the path in an argument; an error of `argparse` for an address or too long a text."""
    if problem := path_problem(text):
        raise argparse.ArgumentTypeError(f"{shortened(text)} {problem}")
    return Path(text)


def _model_path(text: str) -> Path:
    """Return the directory of a model from an argument: a path or a name."""
    return model_directory(file_path(text))


def add_overwrite(parser: argparse.ArgumentParser, what: str = "files that are there") -> None:
    """Add ``--overwrite``."""
    parser.add_argument("--overwrite", action="store_true", help=f"replace {what}")


def add_model_options(parser: argparse.ArgumentParser, *, threads: bool = True) -> None:
    """Add what says which model answers, and how: ``--head``, ``--model``, ``--threads``."""
    parser.add_argument(
        "--head",
        help=f"what answers: {BALANCED_HEAD}, both of the others together (usual), "
        f"{EXPRESSION_HEAD}, the labels of FER2013, or {FERPLUS_HEAD}, what most of ten people "
        "would say (FER+)",
    )
    parser.add_argument(
        "--model",
        type=_model_path,
        default=shipped_model(),
        help="a model directory, or the name of a model that comes with FER Lens",
    )
    if threads:
        parser.add_argument("--threads", type=positive, default=1, help="processor threads")


def outputs(
    files: Sequence[Path], named: Callable[[Path, str], Sequence[Path]]
) -> list[Sequence[Path]]:
    """Return what is written for each file, `named` with ``""``, ``"-2"``, ``"-3"`` … in the names.

    Nothing is written over a file that is read, or over what is written for another one, even where
    names that differ in capitals only are the same.
    """

    def key(file: Path) -> str:
        return os.path.realpath(file).casefold()

    taken = {key(file) for file in files}
    found: list[Sequence[Path]] = []
    for file in files:
        tried = (named(file, suffix) for suffix in chain([""], (f"-{n}" for n in count(2))))
        found.append(next(targets for targets in tried if taken.isdisjoint(map(key, targets))))
        taken.update(map(key, found[-1]))
    return found


class StatusLine:
    """Says how far a command is: on a terminal in one line that changes, elsewhere line by line."""

    def __init__(self, out: TextIO) -> None:
        self.terminal = out.isatty()
        self._out, self._shown = out, False

    def show(self, text: str) -> None:
        """Say something in place of what was said before."""
        begin, end = ("\r", "\x1b[K") if self.terminal else ("", "\n")
        print(f"{begin}{text}", end=end, file=self._out, flush=True)
        self._shown = self.terminal

    def clear(self) -> None:
        """Take the line off a terminal, so that something else can be said there."""
        if self._shown:
            print("\r\x1b[K", end="", file=self._out, flush=True)
            self._shown = False
