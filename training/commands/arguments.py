"""What commands share: their form, arguments, and the data of a preset or a model."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fer.errors import DataError
from fer.model.classifier import ExpressionClassifier
from training.data.dataset import DataSet, LabelledFaces
from training.data.load import SPLIT_SEED, clean, domain_of, load_domains
from training.presets.catalogue import PRESETS
from training.presets.schema import Preset

#: What `argparse.ArgumentParser.add_subparsers` returns, which has no public type.
Commands = Any

#: What ``--data`` is, where it is one data set.
DATA = "folder, .csv, .npz, .zip or .tar.gz"


def add_command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    description: str | None = None,
) -> argparse.ArgumentParser:
    """Add a command, and return its parser, to which its arguments are added."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=description or f"{summary[0].upper()}{summary[1:]}."
    )
    parser.set_defaults(run=run)
    return parser


def nonempty_path(text: str) -> Path:
    """Return the path of an argument, which must not be empty, as an unset variable is."""
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a path, got an empty text")
    return Path(text)


def named_place(text: str) -> str:
    """Return ``PATH`` or ``NAME=PATH``, of which the path must not be empty."""
    nonempty_path(text if "=" not in text else text.partition("=")[2])
    return text


def add_data(parser: argparse.ArgumentParser, meaning: str = DATA) -> None:
    """Add the argument with a data set."""
    parser.add_argument("--data", type=nonempty_path, required=True, help=meaning)


def add_domains(parser: argparse.ArgumentParser, meaning: str, *, required: bool = True) -> None:
    """Add the argument with one data set or several, each of which is a domain."""
    options = {"required": True} if required else {"default": ()}
    parser.add_argument(
        "--data", type=named_place, nargs="+", metavar="[NAME=]PATH", help=meaning, **options
    )


def add_split_seed(parser: argparse.ArgumentParser) -> None:
    """Add the argument with the seed of splits that the data set does not name."""
    parser.add_argument(
        "--split-seed",
        type=int,
        default=SPLIT_SEED,
        help="of splits that are drawn because the data set names none; the same for every command "
        f"(default: {SPLIT_SEED})",
    )


def add_model(parser: argparse.ArgumentParser, meaning: str | None = None) -> None:
    """Add the argument with a model directory."""
    parser.add_argument("--model", type=nonempty_path, default=Path("models/compact"), help=meaning)


def add_preset(parser: argparse.ArgumentParser) -> None:
    """Add the argument with the name of a preset."""
    parser.add_argument("--preset", choices=sorted(PRESETS), default="small")


def add_models(parser: argparse.ArgumentParser, option: str, meaning: str | None = None) -> None:
    """Add an argument with any number of model directories."""
    parser.add_argument(
        option, type=nonempty_path, nargs="+", default=(), metavar="DIR", help=meaning
    )


def data_for(
    preset: Preset, places: Sequence[str], seed: int = SPLIT_SEED
) -> tuple[DataSet, LabelledFaces, dict[str, int]]:
    """Load data sets for a preset: all of it, the faces to learn from, and the others by reason."""
    data = load_domains(
        places,
        seed=seed,
        size=preset.input_size,
        channels=preset.channels,
        classes=preset.classes or None,
    )
    held_out = [faces for name, faces in data.splits.items() if name != "train"]
    return data, *clean(data.split("train"), *held_out)


def load_for_model(
    classifier: ExpressionClassifier, places: Sequence[str], seed: int = SPLIT_SEED
) -> DataSet:
    """Load data sets as a model's input, with its classes only; DataError if they lack some."""
    spec = classifier.spec
    classes: Sequence[str] | None = None
    while True:
        data = load_domains(
            places, seed=seed, size=spec.input_size, channels=spec.channels, classes=classes
        )
        if data.class_names == classifier.labels:
            return data
        if classes or not set(classifier.labels) < set(data.class_names):
            raise DataError(
                f"model {spec.name} knows {', '.join(classifier.labels)}; "
                f"{data.name} has {', '.join(data.class_names)}."
            )
        classes = classifier.labels


def data_named(places: Sequence[str]) -> str:
    """Return data sets as they are named on the command line, without local paths."""
    named = [(place, *domain_of(place)) for place in places]
    return " ".join(
        path.name if place == str(path) else f"{name}={path.name}" for place, name, path in named
    )


def models_named(option: str, directories: Sequence[Path | None]) -> list[str]:
    """Return an option followed by model directories, without local paths."""
    names = [f"models/{one.name}" for one in directories if one]
    return [option, *names] if names else []
