"""``python -m training export``: export a trained model to other formats, with their parity."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from fer.commands.options import add_overwrite
from fer.errors import DataError
from fer.model.spec import ModelSpec
from fer.whole_files import check_files
from training.data import load

HELP = "write LiteRT float32, float16, int8 and ONNX files of a model"

#: Number of images for parity, and for int8 calibration.
_IMAGES = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--model", type=Path, default=Path("models/compact"))
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    add_overwrite(parser)
    parser.add_argument(
        "--formats",
        default="float32,float16,int8,onnx",
        help="comma-separated (default: all four)",
    )
    parser.add_argument(
        "--data", type=Path, help="faces for parity and int8's ranges; else random images"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the files and print the size and parity of each; return the exit status."""
    from training.export.formats import FORMATS, export_format, exported_file

    formats = arguments.formats.split(",")
    unknown = set(formats) - set(FORMATS)
    if unknown:
        raise DataError(f"no format {', '.join(sorted(unknown))}; expected {', '.join(FORMATS)}.")
    spec = ModelSpec.load(arguments.model)
    targets = [exported_file(name, spec, arguments.out) for name in formats]
    check_files(targets, overwrite=arguments.overwrite)
    arguments.out.mkdir(parents=True, exist_ok=True)
    images = _images(spec, arguments.data)
    print(f"{'file':<24}{'MB':>8}{'largest difference':>20}{'same answer':>13}")
    for name in formats:
        made = export_format(name, arguments.model, arguments.out, images)
        size = made.file.stat().st_size / 1e6
        print(f"{made.file.name:<24}{size:>8.2f}{made.difference:>20.2g}{made.same_answer:>13.1%}")
    return 0


def _images(spec: ModelSpec, path: Path | None) -> np.ndarray:
    if path is None:
        shape = (_IMAGES, spec.input_size, spec.input_size, spec.channels)
        return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    dataset = load.load(path, size=spec.input_size, channels=spec.channels)
    return dataset.split("train").images[:_IMAGES]
