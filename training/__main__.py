"""``python -m training COMMAND``."""

from __future__ import annotations

import argparse
import os
import sys

from fer.errors import FerError
from training.commands import evaluate, predict, recompute, train
from training.commands.data_sets import DATA_COMMAND, DEMO_DATA, DOWNLOAD
from training.commands.models import COMPARE, EXPORT, MISTAKES, PRESETS_COMMAND
from training.commands.several import SEEDS, TUNE

COMMANDS = {
    "data": DATA_COMMAND,
    "demo-data": DEMO_DATA,
    "download": DOWNLOAD,
    "presets": PRESETS_COMMAND,
    "train": train.COMMAND,
    "tune": TUNE,
    "seeds": SEEDS,
    "evaluate": evaluate.COMMAND,
    "predict": predict.COMMAND,
    "mistakes": MISTAKES,
    "export": EXPORT,
    "compare": COMPARE,
    "recompute": recompute.COMMAND,
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; return the exit status: 0 for success, 1 for a failure with a message."""
    # Otherwise TensorFlow starts every run with a page of messages about missing hardware.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # TensorFlow leaves oneDNN off on processors without AVX-512, where it trains a third faster.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    arguments = parser().parse_args(argv)
    try:
        return COMMANDS[arguments.command].run(arguments)
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130  # as shells report an end by Ctrl-C
    except (FerError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    root_parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = root_parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        command.add_arguments(
            commands.add_parser(name, help=command.help, description=command.description)
        )
    return root_parser


if __name__ == "__main__":
    sys.exit(main())
