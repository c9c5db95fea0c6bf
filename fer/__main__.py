"""``fer-lens COMMAND``: expressions in photographs and recordings, for people and for scripts.

In a checkout that is not installed: ``python -m fer COMMAND``.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import fer
from fer.commands import folder, photo, video
from fer.errors import FerError
from fer.images import ignore_size_warning
from fer.namesake import missing_init
from fer.text import MAX_PATH, shortened

#: Modules of the commands.
COMMANDS = (photo, folder, video)


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit status.

    It is 0 if every file was processed; 1 if a file could not be read or written, the model could
    not be loaded, or the installation is broken; 130 after Ctrl-C, 143 if somebody else ended it.
    """
    if problem := missing_init():
        print(f"error: {problem}", file=sys.stderr)
        return 1
    arguments = _parsed(sys.argv[1:] if argv is None else argv)
    ignore_size_warning()
    try:
        with _ended_politely():
            return arguments.run(arguments)
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (FerError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130  # as shells report it: 128 and the number of SIGINT


@contextmanager
def _ended_politely() -> Iterator[None]:
    """Let a command that is told to end, or whose terminal is closed, tidy up as after Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread can be told
        return

    def end(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    known = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What is ignored stays so: `nohup` asks for that.
    heard = [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parsed(argv: list[str]) -> argparse.Namespace:
    """Parse arguments; one that is too long ends the program before it is shown in an error."""
    parser = _parser()
    for text in argv:
        if len(text) > MAX_PATH:
            parser.error(
                f"expected arguments of at most {MAX_PATH:,} characters, got one of "
                f"{len(text):,}: {shortened(text)}"
            )
    return parser.parse_args(argv)


def _parser() -> argparse.ArgumentParser:
    program = "fer-lens" if Path(sys.argv[0]).stem == "fer-lens" else "python -m fer"
    parser = argparse.ArgumentParser(
        prog=program,
        description="Facial expressions in photographs and recordings, for people and for scripts.",
    )
    parser.add_argument("--version", action="version", version=f"FER Lens {fer.__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for module in COMMANDS:
        module.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
