"""``fer-lens folder PATH... --out RESULTS``: whole collections of photographs, as Parquet files."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any, TextIO

from fer.commands.options import StatusLine, add_model_options, file_path, positive
from fer.folder.collect import CollectionOptions, Tally, collect

#: Seconds between two lines of progress, on a terminal and elsewhere.
_TERMINAL_SECONDS, _LOG_SECONDS = 0.5, 30.0


def add_parser(commands: Any) -> None:
    """Add this command's parser to those of an `argparse.ArgumentParser`."""
    parser = commands.add_parser(
        "folder",
        help="analyse whole folders of photographs into Parquet files",
        description="Analyse whole folders of photographs into Parquet files, a row per photo. "
        "Photos that cannot be read are rows with their error; the exit status is 1 as long as "
        "there are any, also with --resume.",
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a folder with all that is in it, a photo, a text file of paths, or - for paths on "
        "the standard input",
    )
    parser.add_argument("--out", type=file_path, required=True, metavar="RESULTS", help="a folder")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the results that are there: analyse what is new or has changed",
    )
    parser.add_argument(
        "--workers", type=positive, metavar="N", help="processes (usual: one per core)"
    )
    parser.add_argument(
        "--shard-photos",
        type=positive,
        default=CollectionOptions.shard_photos,
        metavar="N",
        help="photos of a Parquet file, and what a kill loses at most (usual: %(default)s)",
    )
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="local: this machine; ray: a Ray cluster (needs requirements-scale.txt)",
    )
    add_model_options(parser, threads=False)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Analyse a collection; return the exit status."""
    options = CollectionOptions(
        **{option.name: getattr(arguments, option.name) for option in fields(CollectionOptions)}
    )
    problems: list[str] = []
    progress = FolderProgress(sys.stderr)
    try:
        tally = collect(
            arguments.paths,
            arguments.out,
            options,
            on_progress=progress,
            on_problem=problems.append,
        )
    except KeyboardInterrupt:
        progress.clear()
        print("What is done is kept; --resume goes on with it.", file=sys.stderr)
        raise
    finally:
        progress.clear()
        for problem in problems:
            print(problem, file=sys.stderr)
    if not tally.listed:
        print(f"error: no photograph in {', '.join(arguments.paths)}.", file=sys.stderr)
        return 1
    print(summary(tally, arguments.out))
    return 1 if tally.errors or tally.unchanged_errors or problems else 0


def summary(tally: Tally, out: Path) -> str:
    """Return what a run has done, as a sentence or two."""
    text = f"{_count(tally.done, 'photo')} analysed, {_count(tally.faces, 'face')} found"
    if tally.errors:
        text += f"; {tally.errors:,} could not be read or analysed (column `error`)"
    if tally.unchanged:
        text += f"; {tally.unchanged:,} unchanged since they were analysed before"
    if tally.unchanged_errors:
        text += f", of which {tally.unchanged_errors:,} could not be read or analysed then"
    return f"{text}. Results: {out}"


class FolderProgress(StatusLine):
    """Shows how far a collection is, now and then."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(out)
        self._every = _TERMINAL_SECONDS if self.terminal else _LOG_SECONDS
        self._said = self._since = time.monotonic()

    def __call__(self, tally: Tally) -> None:
        """Show a tally, unless the last one was shown a moment ago."""
        now = time.monotonic()
        if tally.done == 0:
            self._since = now
        if now - self._said >= self._every:
            self._said = now
            self.show(progress_text(tally, now - self._since))


def progress_text(tally: Tally, seconds: float) -> str:
    """Return a line about a tally, so many seconds after the first photograph was begun."""
    if tally.todo is None:
        return f"{tally.listed:,} photos found …"
    text = f"{tally.done:,} of {_count(tally.todo, 'photo')}"
    if tally.done and seconds > 0:
        rate = tally.done / seconds
        text += f", {rate:.1f} a second, {_duration((tally.todo - tally.done) / rate)} left"
    return text + (f", {_count(tally.errors, 'error')}" if tally.errors else "")


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
