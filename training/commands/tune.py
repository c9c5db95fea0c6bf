"""``python -m training tune``: search for better hyperparameters with Optuna."""

from __future__ import annotations

import argparse
from pathlib import Path

from fer.commands.options import positive
from training.commands.train import clean_train, load_for, models_named
from training.presets.catalogue import PRESETS

HELP = "search hyperparameters; stop it and start it again as you like"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--preset", choices=sorted(PRESETS), default="small")
    parser.add_argument("--data", type=Path, required=True, help="folder, .csv, .npz or .zip")
    parser.add_argument("--teacher", type=Path, nargs="+", default=(), metavar="DIR")
    parser.add_argument("--trials", type=positive, default=20, help="how many more to run")
    parser.add_argument("--epochs", type=positive, default=8, help="of each trial, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--storage", type=Path, default=Path("runs/tune.sqlite"))
    parser.add_argument("--study", help="name in the storage (default: the preset's)")


def run(arguments: argparse.Namespace) -> int:
    """Run trials and print the best one as a command; return the exit status."""
    from training.fit.distillation import teachers_for
    from training.fit.tune import search

    # Trials are too short for an initial phase on small images, and must be compared at full size.
    short = {"epochs": arguments.epochs, "small_epochs": 0}
    preset = PRESETS[arguments.preset].override(short)
    dataset = load_for(preset, [str(arguments.data)])
    train, _ = clean_train(dataset)
    best = search(
        preset,
        train,
        dataset.split("validation"),
        trials=arguments.trials,
        seed=arguments.seed,
        storage=arguments.storage,
        study=arguments.study or preset.name,
        teachers=teachers_for(preset, arguments.teacher, train),
    )
    options = " ".join(f"--{n.replace('_', '-')} {v:.4g}" for n, v in best.fields.items())
    print(f"best of {best.trials} trials: validation accuracy {best.accuracy:.2%}")
    name = arguments.preset
    taught = " ".join(models_named("--teacher", arguments.teacher))
    print(
        f"python -m training train --preset {name} --data {arguments.data} "
        f"--out models/my-{name} {options} {taught}".rstrip()
    )
    return 0
