"""``fer-lens COMMAND``: expressions in photographs and recordings, for people and for scripts.

In a checkout that is not installed: ``python -m fer COMMAND``.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import fer
from fer.commands import photo
from fer.errors import FerError
from fer.namesake import missing_init

#: Modules of the commands.
COMMANDS = (photo,)


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        Exit status: 0 if every file was processed; 1 if a file could not be read or written, the
        model could not be loaded, or the installation is broken; 130 after Ctrl-C.
    """
    if problem := missing_init():
        print(f"error: {problem}", file=sys.stderr)
        return 1
    arguments = _parser().parse_args(argv)
    try:
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
