"""``fer-lens video FILE... --out DIR``: expressions in recordings."""

from __future__ import annotations

import argparse
import errno
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any, TextIO

from fer.commands.options import add_model_options, add_overwrite
from fer.errors import VideoError
from fer.export.sessions import WRITERS
from fer.export.stream import StreamResult
from fer.export.summary import summary_record
from fer.stream import FaceStream
from fer.text import chance, clock
from fer.video.annotated import write_marked
from fer.video.recording import DEFAULT_RATE, Progress, VideoOptions, analyse, result_of
from fer.whole_files import check_files, whole_files

#: Seconds between two updates of the line on a terminal.
_UPDATE = 0.2

#: What is done in each stage.
_STAGES = {"analysis": "analysing", "picture": "writing the marked video"}


class ProgressLine:
    """Says how far a file is: a terminal gets one line that changes, a file one for every tenth.

    Args:
        name: of the file.
        stream: where to say it; stderr if None.
        now: monotonic clock in seconds.
    """

    def __init__(
        self, name: str, stream: TextIO | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._stream, self._now = name, stream or sys.stderr, now
        self._terminal = self._stream.isatty()
        self._stage = ""
        self._began = self._said = 0.0
        self._tenth = 0

    def __call__(self, progress: Progress) -> None:
        """Take a report; say it if enough time or work has passed since the last."""
        now = self._now()
        if progress.stage != self._stage:
            self._stage, self._began, self._said, self._tenth = progress.stage, now, -_UPDATE, 0
        if self._terminal:
            if now - self._said >= _UPDATE:
                self._said = now
                print(f"\r{self._line(progress, now)}\x1b[K", end="", file=self._stream, flush=True)
        elif (tenth := int(10 * (progress.share or 0))) > self._tenth:
            self._tenth = tenth
            print(self._line(progress, now), file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the line off a terminal, so that something else can be said there."""
        if self._terminal and self._stage:
            print("\r\x1b[K", end="", file=self._stream, flush=True)

    def _line(self, progress: Progress, now: float) -> str:
        elapsed = now - self._began
        parts = [f"{clock(progress.seconds)}"]
        if progress.share is not None:
            parts = [f"{progress.share:.0%}"]
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
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--out",
        type=Path,
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
        rate = float(text)
    except ValueError:
        rate = math.nan
    if rate > 0 and math.isfinite(rate):
        return rate
    raise argparse.ArgumentTypeError(f"expected a number above 0, or 'every', got {text!r}")


def run(arguments: argparse.Namespace) -> int:
    """Analyse every recording; return the exit status.

    Raises:
        ModelError: the model could not be loaded, or has no such head.
        OutputError: files could not be written, or are there already.
    """
    endings = [*WRITERS, *([] if arguments.no_picture else [PICTURE])]
    outputs = _outputs(arguments.files, arguments.out, endings)
    targets = [target for output in outputs for target in output.values()]
    check_files(targets, reads=arguments.files, overwrite=arguments.overwrite)
    arguments.out.mkdir(parents=True, exist_ok=True)
    stream = FaceStream.load(arguments.model, threads=arguments.threads, fine=arguments.fine)
    stream.spec.head(arguments.head)
    done = [
        _video(file, stream, arguments, targets)
        for file, targets in zip(arguments.files, outputs, strict=True)
    ]
    return 0 if all(done) else 1


def _outputs(files: Sequence[Path], out: Path, endings: Sequence[str]) -> list[dict[str, Path]]:
    """Return what is written for each recording, by the endings.

    Nothing is written over a recording, or over what is written for another one, even where names
    that differ in capitals only are the same.
    """

    def key(file: Path) -> str:
        return str(file.resolve()).casefold()

    taken = {key(file) for file in files}
    outputs: list[dict[str, Path]] = []
    for file in files:
        stems = chain([file.stem], (f"{file.stem}-{n}" for n in count(2)))
        several = ({ending: out / f"{stem}{ending}" for ending in endings} for stem in stems)
        outputs.append(next(o for o in several if taken.isdisjoint(map(key, o.values()))))
        taken.update(map(key, outputs[-1].values()))
    return outputs


def _video(
    file: Path, stream: FaceStream, arguments: argparse.Namespace, targets: dict[str, Path]
) -> bool:
    """Process one recording; return whether it could be read and written."""
    progress = ProgressLine(file.name)
    options = VideoOptions(arguments.rate, arguments.head)
    try:
        tables = [target for ending, target in targets.items() if ending != PICTURE]
        with whole_files(tables) as parts:
            recording = analyse(file, stream, options, portraits=False, on_progress=progress)
            result = result_of(recording, file.name)
            for ending, part in zip(WRITERS, parts, strict=True):
                with part.open("wb") as out:
                    WRITERS[ending](result, out)
            no_picture = None
            if PICTURE in targets:
                try:
                    out_file = targets[PICTURE]
                    write_marked(file, recording, out_file, stream.spec, on_progress=progress)
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
        told = summary_record(result) | {"file": str(file)}
        print(json.dumps(told, ensure_ascii=False), flush=True)
    else:
        _print_table(file, result, targets)
    return True


def _problem(error: Exception, out: Path) -> str:
    """Return the end of a sentence that begins with the recording's name."""
    if isinstance(error, VideoError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return (
            f"cannot be written: there is no room left in {out}. Nothing of it was kept. Make "
            "room, or choose another folder with --out."
        )
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return f"cannot be written to {out}: {reason}."


def _print_error(file: Path, problem: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"file": str(file), "error": problem}, ensure_ascii=False), flush=True)
    else:
        print(f"{file}: {problem}", file=sys.stderr)


def _print_table(file: Path, result: StreamResult, targets: dict[str, Path]) -> None:
    told = summary_record(result)
    people = sorted(told["people"], key=lambda person: -person["seconds"])
    seen = {0: "no face found", 1: "1 person"}.get(len(people), f"{len(people)} people")
    print(f"{file}: {clock(round(told['seconds']))} long, {seen}")
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
