"""``tune`` and ``seeds``: commands that run several short trainings of a preset."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from fer.commands.options import positive
from fer.errors import DataError
from fer.evaluation.measurements import SeedVariance
from fer.evaluation.metrics import evaluate
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import softmax
from training.commands.arguments import (
    Commands,
    add_command,
    add_data,
    add_model,
    add_models,
    add_preset,
    data_for,
    models_named,
    nonempty_path,
)
from training.presets.catalogue import PRESETS
from training.presets.schema import Preset


def add_tune(commands: Commands) -> None:
    """Add the command that searches hyperparameters."""
    parser = add_command(
        commands, "tune", _tune, "search hyperparameters; stop it and start it again as you like"
    )
    add_preset(parser)
    add_data(parser)
    add_models(parser, "--teacher")
    parser.add_argument("--trials", type=positive, default=20, help="how many more to run")
    parser.add_argument("--epochs", type=positive, default=8, help="of each trial, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--storage", type=nonempty_path, default=Path("runs/tune.sqlite"))
    parser.add_argument("--study", help="name in the storage (default: the preset's)")


def _tune(arguments: argparse.Namespace) -> int:
    import keras  # takes seconds to load, with all that uses it

    from training.fit.loop import fit
    from training.fit.other_models import teachers_for

    # Trials are too short for an initial phase on small images, and must be compared at full size.
    short = {"epochs": arguments.epochs, "small_epochs": 0}
    preset = PRESETS[arguments.preset].override(short)
    data, train, _ = data_for(preset, [str(arguments.data)])
    teachers = teachers_for(preset, arguments.teacher, train)
    try:
        import optuna
    except ImportError as error:
        raise DataError("tuning needs Optuna: `pip install -r requirements-train.txt`.") from error

    def objective(trial: Any) -> float:
        def prune(epoch: int, logs: dict[str, float]) -> None:
            accuracies = (v for k, v in logs.items() if k.startswith("val_") and "accur" in k)
            trial.report(float(next(accuracies)), epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        with tempfile.TemporaryDirectory() as work_dir:
            result = fit(
                preset.override(_suggested(trial, preset)),
                train,
                data.split("validation"),
                seed=arguments.seed,  # the same for all, so that they differ only in their fields
                work_dir=Path(work_dir),
                verbose=0,
                callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=prune)],
                teachers=teachers,
            )
        return max(epoch.validation_accuracy for epoch in result.history)

    arguments.storage.parent.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=arguments.study or preset.name,
        storage=f"sqlite:///{arguments.storage}",
        load_if_exists=True,
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=arguments.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2),
    )
    study.optimize(objective, n_trials=arguments.trials)
    _print_best(study, arguments)
    return 0


def _print_best(study: Any, arguments: argparse.Namespace) -> None:
    best = study.best_params.items()
    options = " ".join(f"--{n.replace('_', '-')} {value:.4g}" for n, value in best)
    print(f"best of {len(study.trials)} trials: validation accuracy {study.best_value:.2%}")
    taught = " ".join(models_named("--teacher", arguments.teacher))
    print(
        f"python -m training train --preset {arguments.preset} --data {arguments.data} "
        f"--out models/my-{arguments.preset} {options} {taught}".rstrip()
    )


def _suggested(trial: Any, preset: Preset) -> dict[str, float]:
    """Return the most important fields, drawn from ranges around the preset's values."""
    rate = preset.learning_rate
    return {
        "learning_rate": trial.suggest_float("learning_rate", rate / 5, rate * 5, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-5, 2e-3, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.6),
        "label_smoothing": trial.suggest_float("label_smoothing", 0.0, 0.2),
        "erase_probability": trial.suggest_float("erase_probability", 0.0, 0.6),
    }


def add_seeds(commands: Commands) -> None:
    """Add the command that trains with several seeds."""
    parser = add_command(
        commands,
        "seeds",
        _seeds,
        "run a preset with several seeds and note their variance in a model's report",
    )
    add_preset(parser)
    add_data(parser)
    add_model(parser, "whose report")
    parser.add_argument(
        "--init", type=nonempty_path, metavar="DIR", help="trained model to begin with"
    )
    add_models(parser, "--teacher")
    parser.add_argument("--seeds", type=int, nargs="+", default=(1, 2, 3))
    parser.add_argument("--epochs", type=int, default=4, help="of each run")
    parser.add_argument("--small-epochs", type=int, default=0, help="of these, on small images")
    parser.add_argument(
        "--work-dir", type=nonempty_path, default=Path("runs/seeds"), help="checkpoints"
    )


def _seeds(arguments: argparse.Namespace) -> int:
    Report.load(arguments.model)  # fail before hours of training if there is no valid report
    short = {"epochs": arguments.epochs, "small_epochs": arguments.small_epochs}
    preset = PRESETS[arguments.preset].override(short)
    data, train, _ = data_for(preset, [str(arguments.data)])
    from training.fit.loop import fit
    from training.fit.other_models import teachers_for  # Keras takes seconds to load

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
    command = [
        f"python -m training seeds --preset {arguments.preset} --data {arguments.data.name}",
        f"--model models/{arguments.model.name}",
        *models_named("--init", [arguments.init]),
        *models_named("--teacher", arguments.teacher),
        f"--seeds {' '.join(map(str, arguments.seeds))}",
        f"--epochs {arguments.epochs} --small-epochs {arguments.small_epochs}",
    ]
    variance = SeedVariance(
        command=" ".join(command),
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
