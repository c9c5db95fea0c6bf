"""``train``: data set → model directory."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from training import data
from training.presets import PRESETS

HELP = "train a network, export it and write its report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--preset", choices=sorted(PRESETS), default="compact")
    parser.add_argument("--data", type=Path, required=True, help="a labelled data set")
    parser.add_argument("--out", type=Path, required=True, help="model directory to write")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--limit", type=int, help="train on the first N faces only, for a trial")
    parser.add_argument("--epochs", type=int, help="override the preset")
    parser.add_argument("--batch-size", type=int, help="override the preset")
    parser.add_argument("--learning-rate", type=float, help="override the preset")
    parser.add_argument(
        "--work-dir", type=Path, help="where checkpoints are kept (default: runs/<name>)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Train; return the exit status."""
    # Keras takes seconds to load; the other commands do without.
    from training.fit import fit
    from training.report import write_model

    preset = PRESETS[arguments.preset].override(
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
    )
    dataset = data.load(arguments.data)
    held_out = [faces for name, faces in dataset.splits.items() if name != "train"]
    train, dropped = data.clean(dataset.split("train"), *held_out)
    train = train.take(np.arange(len(train))[: arguments.limit])
    print(f"training on {len(train)} faces; left out: {dropped}", file=sys.stderr)
    done = fit(
        preset,
        train,
        dataset.split("validation"),
        seed=arguments.seed,
        work_dir=arguments.work_dir or Path("runs") / arguments.out.name,
        resume=arguments.resume,
        verbose=1 if sys.stderr.isatty() else 2,
    )
    report = write_model(
        done,
        preset,
        dataset,
        dropped,
        seed=arguments.seed,
        command=_command(arguments),
        directory=arguments.out,
    )
    result = report.evaluations["validation"]
    low, high = result.accuracy_low, result.accuracy_high
    print(
        f"{arguments.out}: validation accuracy {result.accuracy:.2%} "
        f"(95 % interval {low:.1%} to {high:.1%}), macro-F1 {result.macro_f1:.3f}"
    )
    return 0


def _command(arguments: argparse.Namespace) -> str:
    """Return the command that repeats this run, without the paths of this machine."""
    options = ("epochs", "batch_size", "learning_rate", "limit")
    changed = [
        f"--{name.replace('_', '-')} {getattr(arguments, name)}"
        for name in options
        if getattr(arguments, name) is not None
    ]
    return " ".join(
        [
            f"python -m training train --preset {arguments.preset}",
            f"--data {arguments.data.name} --out models/{arguments.out.name}",
            f"--seed {arguments.seed}",
            *changed,
        ]
    )
