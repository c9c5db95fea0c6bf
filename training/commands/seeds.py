"""``python -m training seeds``: measure the variation between seeds, for a model's report."""

from __future__ import annotations

import argparse
from pathlib import Path

from fer.evaluation.report import Report
from training.commands.train import clean_train, load_for, models_named
from training.presets.catalogue import PRESETS

HELP = "run a preset with several seeds and note their variance in a model's report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--preset", choices=sorted(PRESETS), default="small")
    parser.add_argument("--data", type=Path, required=True, help="folder, .csv, .npz or .zip")
    parser.add_argument("--model", type=Path, default=Path("models/compact"), help="whose report")
    parser.add_argument("--init", type=Path, metavar="DIR", help="trained model to begin with")
    parser.add_argument("--teacher", type=Path, nargs="+", default=(), metavar="DIR")
    parser.add_argument("--seeds", type=int, nargs="+", default=(1, 2, 3))
    parser.add_argument("--epochs", type=int, default=4, help="of each run")
    parser.add_argument("--small-epochs", type=int, default=0, help="of these, on small images")
    parser.add_argument("--work-dir", type=Path, default=Path("runs/seeds"), help="checkpoints")


def run(arguments: argparse.Namespace) -> int:
    """Train with each seed and update the report; return the exit status."""
    Report.load(arguments.model)  # fail before hours of training if there is no valid report
    short = {"epochs": arguments.epochs, "small_epochs": arguments.small_epochs}
    preset = PRESETS[arguments.preset].override(short)
    dataset = load_for(preset, [str(arguments.data)])
    train, _ = clean_train(dataset)
    from training.fit.distillation import teachers_for
    from training.fit.seed_variance import seed_runs, seed_variance

    runs = seed_runs(
        preset,
        train,
        dataset.split("validation"),
        seeds=arguments.seeds,
        work_dir=arguments.work_dir,
        teachers=teachers_for(preset, arguments.teacher, train),
        initial_model=arguments.init,
    )
    variance = seed_variance(
        runs,
        epochs=preset.epochs,
        command=_command(arguments),
        initial_model=arguments.init.resolve().name if arguments.init else None,
    )
    report = Report.load(arguments.model)  # read again, since it may have changed meanwhile
    report.model_copy(update={"seed_variance": variance}).save(arguments.model)
    for one in runs:
        figures = one.evaluation
        print(f"seed {one.seed}: accuracy {figures.accuracy:.2%}, macro-F1 {figures.macro_f1:.3f}")
    return 0


def _command(arguments: argparse.Namespace) -> str:
    """Return the command that repeats the runs, without local paths."""
    return " ".join(
        [
            f"python -m training seeds --preset {arguments.preset} --data {arguments.data.name}",
            f"--model models/{arguments.model.name}",
            *models_named("--init", [arguments.init] if arguments.init else []),
            *models_named("--teacher", arguments.teacher),
            f"--seeds {' '.join(map(str, arguments.seeds))}",
            f"--epochs {arguments.epochs} --small-epochs {arguments.small_epochs}",
        ]
    )
