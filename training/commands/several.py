"""``tune`` and ``seeds``: commands that run several short trainings of a preset."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from fer.commands.options import positive
from fer.evaluation.measurements import SeedVariance
from fer.evaluation.metrics import evaluate
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD
from fer.model.heads import softmax
from training.commands.arguments import (
    Command,
    add_data,
    add_model,
    add_models,
    add_preset,
    data_for,
    models_named,
)
from training.presets.catalogue import PRESETS


def _tune_arguments(parser: argparse.ArgumentParser) -> None:
    add_preset(parser)
    add_data(parser)
    add_models(parser, "--teacher")
    parser.add_argument("--trials", type=positive, default=20, help="how many more to run")
    parser.add_argument("--epochs", type=positive, default=8, help="of each trial, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--storage", type=Path, default=Path("runs/tune.sqlite"))
    parser.add_argument("--study", help="name in the storage (default: the preset's)")


def _tune(arguments: argparse.Namespace) -> int:
    """Run trials, and print the best one as a command."""
    from training.fit.distillation import teachers_for  # Keras takes seconds to load
    from training.fit.tune import search

    # Trials are too short for an initial phase on small images, and must be compared at full size.
    short = {"epochs": arguments.epochs, "small_epochs": 0}
    preset = PRESETS[arguments.preset].override(short)
    data, train, _ = data_for(preset, [str(arguments.data)])
    study = search(
        preset,
        train,
        data.split("validation"),
        trials=arguments.trials,
        seed=arguments.seed,
        storage=arguments.storage,
        study=arguments.study or preset.name,
        teachers=teachers_for(preset, arguments.teacher, train),
    )
    best = study.best_params.items()
    options = " ".join(f"--{n.replace('_', '-')} {value:.4g}" for n, value in best)
    print(f"best of {len(study.trials)} trials: validation accuracy {study.best_value:.2%}")
    taught = " ".join(models_named("--teacher", arguments.teacher))
    print(
        f"python -m training train --preset {arguments.preset} --data {arguments.data} "
        f"--out models/my-{arguments.preset} {options} {taught}".rstrip()
    )
    return 0


def _seeds_arguments(parser: argparse.ArgumentParser) -> None:
    add_preset(parser)
    add_data(parser)
    add_model(parser, "whose report")
    parser.add_argument("--init", type=Path, metavar="DIR", help="trained model to begin with")
    add_models(parser, "--teacher")
    parser.add_argument("--seeds", type=int, nargs="+", default=(1, 2, 3))
    parser.add_argument("--epochs", type=int, default=4, help="of each run")
    parser.add_argument("--small-epochs", type=int, default=0, help="of these, on small images")
    parser.add_argument("--work-dir", type=Path, default=Path("runs/seeds"), help="checkpoints")


def _seeds(arguments: argparse.Namespace) -> int:
    """Train with each seed, measure on the validation split, and update a model's report."""
    Report.load(arguments.model)  # fail before hours of training if there is no valid report
    short = {"epochs": arguments.epochs, "small_epochs": arguments.small_epochs}
    preset = PRESETS[arguments.preset].override(short)
    data, train, _ = data_for(preset, [str(arguments.data)])
    from training.fit.distillation import teachers_for  # Keras takes seconds to load
    from training.fit.loop import fit

    validation, teachers = data.split("validation"), teachers_for(preset, arguments.teacher, train)
    figures, seconds = [], []
    for seed in arguments.seeds:  # one that is already finished is only measured
        run = fit(
            preset,
            train,
            validation,
            seed=seed,
            work_dir=arguments.work_dir / f"seed-{seed}",
            resume=True,
            verbose=2,
            teachers=teachers,
            initial_model=arguments.init,
        )
        logits = run.model.predict(validation.images.astype(np.float32), verbose=0)
        shares = softmax(np.asarray(logits[EXPRESSION_HEAD]))
        figures.append(evaluate(validation.labels, shares, validation.class_names))
        seconds.append(round(run.seconds, 1))
    variance = SeedVariance(
        command=_command(arguments),
        initial_model=arguments.init.resolve().name if arguments.init else None,
        epochs=preset.epochs,
        seeds=tuple(arguments.seeds),
        accuracies=tuple(one.accuracy for one in figures),
        macro_f1s=tuple(one.macro_f1 for one in figures),
        training_seconds=tuple(seconds),
    )
    report = Report.load(arguments.model)  # read again, since it may have changed meanwhile
    report.model_copy(update={"seed_variance": variance}).save(arguments.model)
    for seed, one in zip(arguments.seeds, figures, strict=True):
        print(f"seed {seed}: accuracy {one.accuracy:.2%}, macro-F1 {one.macro_f1:.3f}")
    return 0


def _command(arguments: argparse.Namespace) -> str:
    """Return the command that repeats the runs, without local paths."""
    return " ".join(
        [
            f"python -m training seeds --preset {arguments.preset} --data {arguments.data.name}",
            f"--model models/{arguments.model.name}",
            *models_named("--init", [arguments.init]),
            *models_named("--teacher", arguments.teacher),
            f"--seeds {' '.join(map(str, arguments.seeds))}",
            f"--epochs {arguments.epochs} --small-epochs {arguments.small_epochs}",
        ]
    )


TUNE = Command(
    "search hyperparameters; stop it and start it again as you like",
    "``python -m training tune``: search for better hyperparameters with Optuna.",
    _tune_arguments,
    _tune,
)
SEEDS = Command(
    "run a preset with several seeds and note their variance in a model's report",
    "``python -m training seeds``: measure the variation between seeds, for a model's report.",
    _seeds_arguments,
    _seeds,
)
