"""``fer-lens video FILE... --out DIR``: expressions in recordings."""

from __future__ import annotations

import argparse
import errno
import json
import sys
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from fer.atomic_write import atomic_write, check_files
from fer.commands.options import (
    StatusLine,
    add_model_options,
    add_overwrite,
    file_path,
    outputs,
)
from fer.errors import VideoError
from fer.export.sessions import WRITERS, summary_record
from fer.export.stream import StreamResult
from fer.stream import FaceStream
from fer.text import chance, clock
from fer.video.annotated import write_annotated
from fer.video.recording import DEFAULT_RATE, Progress, VideoOptions, analyse, result_of

#: Seconds between two updates of the line on a terminal.
_UPDATE = 0.2

#: What is done in each stage.
_STAGES = {"analysis": "analysing", "picture": "writing the marked video"}


class VideoProgress(StatusLine):
    """Says how far a file is: on a terminal a few times a second, elsewhere at every tenth."""

    def __init__(self, name: str, out: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(out)
        self._name, self._now = name, now
        self._stage = ""
        self._began = self._said = 0.0
        self._tenth = 0

    def __call__(self, progress: Progress) -> None:
        """Take a report; say it if enough time or work has passed since the last."""
        now, tenth = self._now(), int(10 * (progress.share or 0))
        if progress.stage != self._stage:
            self._stage, self._began, self._said, self._tenth = progress.stage, now, -_UPDATE, 0
        if now - self._said >= _UPDATE if self.terminal else tenth > self._tenth:
            self._said, self._tenth = now, tenth
            self.show(self._line(progress, now - self._began))

    def _line(self, progress: Progress, elapsed: float) -> str:
        parts = [clock(progress.seconds) if progress.share is None else f"{progress.share:.0%}"]
        if elapsed > 0:
            parts.append(f"{progress.frames / elapsed:.0f} frames/s")
            if progress.share:
                parts.append(f"{clock(elapsed * (1 / progress.share - 1))} left")
        return f"{self._name}: {_STAGES[progress.stage]}, {', '.join(parts)}"


#: Ending of the marked video's name.
PICTURE = "-expressions.mp4"

#: Most people who are listed on a terminal: those seen longest.
_MOST_PEOPLE = 12

#: Least share of time of an answer that is listed.
_LEAST_SHARE = 0.005


def add_parser(commands: Any) -> None:
    """Add this command's parser to those of an `argparse.ArgumentParser`."""
    parser = commands.add_parser("video", help="who shows which expression when, in recordings")
    parser.add_argument("files", nargs="+", type=file_path, metavar="FILE", help="a recording")
    parser.add_argument(
        "--out",
        type=file_path,
        required=True,
        metavar="DIR",
        help="folder for what is found in NAME.mov: the marked video NAME-expressions.mp4, all "
        "numbers as NAME.csv, NAME.json and NAME.parquet, subtitles NAME.vtt and NAME.srt, and "
        "NAME-summary.json",
    )
    parser.add_argument(
        "--rate",
        type=_rate,
        default=DEFAULT_RATE,
        help=f"frames that are analysed a second, or 'every' ({DEFAULT_RATE:g} if not given)",
    )
    parser.add_argument(
        "--fine", action="store_true", help="look for small faces as in photographs; much slower"
    )
    parser.add_argument("--no-picture", action="store_true", help="do not write the marked video")
    parser.add_argument(
        "--json", action="store_true", help="print summaries as JSON, one object per line and file"
    )
    add_overwrite(parser)
    add_model_options(parser)
    parser.set_defaults(run=run)


def _rate(text: str) -> float | None:
    """Return frames a second; None for every frame."""
    if text == "every":
        return None
    try:
        return VideoOptions(float(text)).rate
    except ValueError as error:
        expected = "expected a number above 0, or 'every'"
        raise argparse.ArgumentTypeError(f"{expected}, got {text!r}") from error


def run(arguments: argparse.Namespace) -> int:
    """Analyse every recording; return the exit status."""
    endings, out = [*WRITERS, *([] if arguments.no_picture else [PICTURE])], arguments.out
    targets = outputs(
        arguments.files, lambda file, n: [out / f"{file.stem}{n}{ending}" for ending in endings]
    )
    check_files(chain(*targets), reads=arguments.files, overwrite=arguments.overwrite)
    out.mkdir(parents=True, exist_ok=True)
    stream = FaceStream.load(arguments.model, threads=arguments.threads, fine=arguments.fine)
    stream.spec.head(arguments.head)
    done = [
        _video(file, stream, arguments, dict(zip(endings, files, strict=True)))
        for file, files in zip(arguments.files, targets, strict=True)
    ]
    return 0 if all(done) else 1


def _video(
    file: Path, stream: FaceStream, arguments: argparse.Namespace, targets: dict[str, Path]
) -> bool:
    """Process one recording; return whether it could be read whole and written."""
    progress = VideoProgress(file.name, sys.stderr)
    options = VideoOptions(arguments.rate, arguments.head)
    try:
        tables = [target for ending, target in targets.items() if ending != PICTURE]
        with atomic_write(tables) as parts:
            recording = analyse(file, stream, options, portraits=False, on_progress=progress)
            result = result_of(recording, file.name)
            for ending, part in zip(WRITERS, parts, strict=True):
                with part.open("wb") as out:
                    WRITERS[ending](result, out)
            no_picture = None
            if PICTURE in targets:
                try:
                    out_file = targets[PICTURE]
                    write_annotated(file, recording, out_file, stream.spec, on_progress=progress)
                except VideoError as error:  # the tables are worth something without it
                    no_picture = error
        if no_picture:
            raise no_picture
    except (VideoError, OSError) as error:
        progress.clear()
        _print_error(file, _problem(error, arguments.out), as_json=arguments.json)
        return False
    finally:
        progress.clear()
    if arguments.json:
        record = summary_record(result) | {"file": str(file)}
        print(json.dumps(record, ensure_ascii=False), flush=True)
    else:
        _print_table(file, result, targets)
    return not recording.incomplete


def _problem(error: VideoError | OSError, out: Path) -> str:
    """Return the end of a sentence that begins with the recording's name."""
    if isinstance(error, VideoError):
        return str(error)
    if error.errno == errno.ENOSPC:
        return (
            f"cannot be written: there is no room left in {out}. Nothing of it was kept. Make "
            "room, or choose another folder with --out."
        )
    return f"cannot be written to {out}: {error.strerror or error}."


def _print_error(file: Path, problem: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"file": str(file), "error": problem}, ensure_ascii=False), flush=True)
    else:
        print(f"{file}: {problem}", file=sys.stderr)


def _print_table(file: Path, result: StreamResult, targets: dict[str, Path]) -> None:
    summary = summary_record(result)
    people = sorted(summary["people"], key=lambda person: -person["seconds"])
    seen = {0: "no face found", 1: "1 person"}.get(len(people), f"{len(people)} people")
    print(f"{file}: {clock(round(summary['seconds']))} long, {seen}")
    for person in sorted(people[:_MOST_PEOPLE], key=lambda person: person["person"]):
        shares = sorted(person["shares"].items(), key=lambda share: -share[1])
        listed = ", ".join(f"{name} {part:.0%}" for name, part in shares if part > _LEAST_SHARE)
        print(f"  {person['person']:>3}  {clock(round(person['seconds'])):>7}  {listed}")
        surest = [
            f"{m['expression']} {chance(m['confidence'])} at {clock(m['seconds'])}"
            for m in person["surest_moments"]
        ]
        if surest:
            print(f"{'':14}surest: {', '.join(surest)}")
    if len(people) > _MOST_PEOPLE:
        print(f"  and {len(people) - _MOST_PEOPLE} who were seen more briefly")
    if result.note:
        print(f"  {result.note}")
    print(f"  {', '.join(target.name for target in targets.values())}", flush=True)
