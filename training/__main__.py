"""``python -m training COMMAND``."""

from __future__ import annotations

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from fer.errors import DataError, FerError
from training.commands import data_sets, evaluate, models, predict, several, train

#: Where Linux shows the driver of NVIDIA's GPUs.
_NVIDIA_DRIVER = Path("/proc/driver/nvidia")


def main(argv: list[str] | None = None) -> int:
    """Run one command; return the exit status: 0 for success, 1 for a failure with a message."""
    # Otherwise TensorFlow starts every run with a page of messages about missing hardware. Without
    # a driver for NVIDIA's GPUs, it even reports their absence as an error (failed call to cuInit).
    level = "2" if _NVIDIA_DRIVER.exists() else "3"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", level)
    # TensorFlow leaves oneDNN off on processors without AVX-512, where it trains a third faster.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    arguments = parser().parse_args(argv)
    try:
        _check_backend()
        return int(arguments.run(arguments))
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130  # as shells report an end by Ctrl-C
    except (FerError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _check_backend() -> None:
    """Raise DataError if Keras cannot run on what ``KERAS_BACKEND`` names."""
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend not in ("tensorflow", "jax"):
        raise DataError(
            f"KERAS_BACKEND expects tensorflow or jax, got {backend!r}. Set it to one of them, or "
            "unset it for tensorflow."
        )
    if backend == "jax" and find_spec("jax") is None:
        raise DataError(
            "KERAS_BACKEND is jax, which is not installed: `pip install -r requirements-jax.txt`."
        )


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    root_parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = root_parser.add_subparsers(dest="command", required=True)
    for add in (  # in the order of the list of commands
        data_sets.add_data_command,
        data_sets.add_demo_data,
        data_sets.add_download,
        models.add_presets,
        train.add_train,
        several.add_tune,
        several.add_seeds,
        evaluate.add_evaluate,
        predict.add_predict,
        models.add_mistakes,
        models.add_export,
        models.add_compare,
        models.add_recompute,
    ):
        add(commands)
    return root_parser


if __name__ == "__main__":
    sys.exit(main())
