"""``python -m training train``: train a model and write its model directory."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fer.atomic_write import check_folder, check_model_directory
from fer.commands.options import add_overwrite, positive
from fer.errors import DataError, OutputError
from fer.evaluation.report import Report
from fer.model.spec import ModelSpec
from training.adapt import FineTuning, adapted, load_replay, own_images, tuning_text
from training.commands.arguments import (
    DATA,
    Commands,
    add_command,
    add_domains,
    add_models,
    add_preset,
    add_split_seed,
    data_for,
    data_named,
    models_named,
    nonempty_path,
)
from training.data.dataset import DataSet, LabelledFaces
from training.data.load import SPLIT_SEED, domain_of
from training.data.summary import problems_text
from training.evaluation.output import adaptation_text
from training.presets.catalogue import ADAPT, PRESETS
from training.presets.schema import FIELD_HELP, Preset, overridable_fields
from training.progress import EpochProgress, Progress, say

#: File in ``--work-dir`` with the finished epochs of a run, see `training.fit.checkpoint.Run`.
#: Its module is not imported here, because Keras takes seconds to load.
PROGRESS_FILE = "progress.json"


def add_train(commands: Commands) -> None:
    """Add the command, with an argument per field of a preset."""
    parser = add_command(
        commands, "train", _train, "train a network, export it and write its report", __doc__
    )
    add_preset(parser)
    add_domains(parser, f"{DATA}; of several, each is a domain that is measured apart")
    parser.add_argument(
        "--out", type=nonempty_path, required=True, help="model directory to write, new or empty"
    )
    add_overwrite(parser, "the model in --out, and an earlier run in --work-dir")
    parser.add_argument("--seed", type=int, default=1, help="of everything left to chance")
    add_split_seed(parser)
    parser.add_argument("--resume", action="store_true", help="go on with the run in --work-dir")
    parser.add_argument("--limit", type=positive, help="train on N faces only, for a trial")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="measure neither ten views nor robustness afterwards, which takes most of that time",
    )
    _add_further_arguments(parser)


def _add_further_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a training begins with and learns from beside the data, and the preset's fields."""
    parser.add_argument(
        "--init",
        type=nonempty_path,
        metavar="DIR",
        help="trained model to begin with, not random weights",
    )
    add_models(parser, "--teacher", "models to learn from, for presets with a teacher_weight")
    add_models(parser, "--average", "models whose weights are averaged with the outcome")
    parser.add_argument(
        "--share",
        type=float,
        metavar="W",
        help="weight of the outcome in that mean, 0 to 1 (default: all models count alike); with "
        "--resume, the mean of a finished training's outcome and others, without learning more",
    )
    parser.add_argument(
        "--distribute", action="store_true", help="over all devices (KERAS_BACKEND=jax)"
    )
    parser.add_argument(
        "--work-dir", type=nonempty_path, help="of checkpoints (default: runs/<name>)"
    )
    parser.add_argument(
        "--replay",
        type=nonempty_path,
        metavar="DATA",
        help=f"for --preset {ADAPT}: what the initial model learnt from, so that it forgets less",
    )
    parser.add_argument(
        "--progress-json",
        action="store_true",
        help="write progress to stdout as a JSON object per line, for a program that runs this",
    )
    group = parser.add_argument_group("fields of the preset, each to be overridden")
    for name, kind in overridable_fields().items():
        group.add_argument(
            f"--{name.replace('_', '-')}",
            metavar=kind,
            dest=f"field_{name}",
            help=FIELD_HELP[name],
        )


def _train(arguments: argparse.Namespace) -> int:
    preset = PRESETS[arguments.preset].override(_overrides(arguments))
    data = [domain_of(place)[1] for place in arguments.data]
    models = [arguments.init, *arguments.teacher, *arguments.average]
    reads = [place for place in (*data, *models, arguments.replay) if place]
    work_dir = arguments.work_dir or Path("runs") / arguments.out.name
    check_model_directory(arguments.out, reads=[*reads, work_dir], overwrite=arguments.overwrite)
    check_folder(work_dir)
    _check_earlier_run(work_dir, resume=arguments.resume, overwrite=arguments.overwrite)
    try:
        return _run(arguments, preset, work_dir)
    except KeyboardInterrupt:
        if (work_dir / PROGRESS_FILE).is_file():
            print(
                f"\nEvery finished epoch is kept in {work_dir}; the same command with --resume "
                "goes on from there.",
                file=sys.stderr,
            )
        raise


def _check_earlier_run(work_dir: Path, *, resume: bool, overwrite: bool) -> None:
    """Raise OutputError if a new training would replace the epochs of an earlier one.

    With `resume` it goes on with them, and with `overwrite` it may replace them.
    """
    if resume or overwrite or not (work_dir / PROGRESS_FILE).is_file():
        return
    raise OutputError(
        f"{work_dir} holds the finished epochs of an earlier run. Go on with it with --resume, "
        "replace it with --overwrite, or name another folder with --work-dir."
    )


def _run(arguments: argparse.Namespace, preset: Preset, work_dir: Path) -> int:
    tuning = _fine_tuning(arguments, preset) if arguments.preset == ADAPT else None
    if tuning:
        preset, data = tuning.preset, tuning.data
        train, dropped = tuning.train, tuning.dropped
    else:
        data, train, dropped = _faces(arguments, preset)
    # Imported here because Keras takes seconds to load, and errors above are reported before that.
    import keras

    from training.evaluation.predict import passes, passes_text
    from training.fit.loop import fit
    from training.model_writer import write_model

    epochs = EpochProgress(preset.epochs, preset.frozen_epochs)
    lines = keras.callbacks.LambdaCallback(on_epoch_begin=epochs.begin, on_epoch_end=epochs.end)
    fitted = fit(
        preset,
        train,
        # What a fine-tuning replays is no part of the curve; nothing is chosen on either.
        (tuning.own if tuning else data).split("validation"),
        seed=arguments.seed,
        work_dir=work_dir,
        resume=arguments.resume,
        verbose=1 if sys.stderr.isatty() else 2,
        callbacks=[lines] if arguments.progress_json else [],
        **_learnt_from(arguments, preset, train, data, tuning),
    )
    quick, stage = arguments.quick, "measuring" if arguments.progress_json else ""
    count = len(data.split("validation"))
    views = passes_text(quick=quick)
    print(f"measuring {count:,} validation faces, each {views}", file=sys.stderr)
    report = write_model(
        fitted,
        preset,
        data,
        dropped,
        provenance=_provenance(arguments, preset),
        directory=arguments.out,
        overwrite=arguments.overwrite,
        quick=quick,
        tuning=tuning,
        advance=Progress(passes(data, quick=quick), "views of faces", stage=stage).advance,
    )
    text = adaptation_text(report.adaptation) if report.adaptation else _outcome(report)
    print(text if report.adaptation else f"{arguments.out}: {text}")
    print(f"\nnext: {_next_step(arguments.out)}")
    return 0


def _next_step(out: Path) -> str:
    """Return how the app answers with a model, which it finds by itself among the others."""
    start = "streamlit run streamlit_app.py"
    if out.resolve().parent == Path("models").resolve():
        return f"start the app and choose “{out.name}” on any page: {start}"
    return f"start the app with it: FER_MODEL={shlex.quote(str(out))} {start}"


def _outcome(report: Report) -> str:
    result = report.evaluations["validation"]
    return (
        f"validation accuracy {result.accuracy:.2%} (95 % interval {result.accuracy_low:.1%} to "
        f"{result.accuracy_high:.1%}), macro-F1 {result.macro_f1:.3f}"
    )


def _faces(
    arguments: argparse.Namespace, preset: Preset
) -> tuple[DataSet, LabelledFaces, dict[str, int]]:
    if arguments.share is not None and not (arguments.average and 0 < arguments.share < 1):
        raise DataError("--share is for --average, and between 0 and 1.")
    if arguments.replay:
        raise DataError(f"--replay is for --preset {ADAPT}; add it, or leave this out.")
    data, train, dropped = data_for(preset, arguments.data, arguments.split_seed)
    if data.problems:
        print(f"{data.name}, {problems_text(data.problems)}", file=sys.stderr)
    if arguments.limit:
        order = np.random.default_rng(arguments.seed).permutation(len(train))
        dropped["beyond --limit"] = max(0, len(train) - arguments.limit)
        train = train.take(np.sort(order[: arguments.limit]))
    why = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items() if count)
    print(f"training on {len(train):,} faces; left out: {why or 'none'}", file=sys.stderr)
    return data, train, dropped


def _fine_tuning(arguments: argparse.Namespace, preset: Preset) -> FineTuning:
    if arguments.progress_json:
        say("reading")
    # What was typed goes before what the initial model has.
    preset = adapted(preset, arguments.init).override(_overrides(arguments))
    if arguments.limit:
        raise DataError(f"--limit is not for --preset {ADAPT}; leave it out.")
    own, *more = arguments.data
    if more:
        raise DataError(f"--preset {ADAPT} expects one data set, got {len(more) + 1}.")
    spec = ModelSpec.load(arguments.init)
    images, left_out = own_images(Path(own), spec, arguments.split_seed)
    replay = load_replay(arguments.replay, spec) if arguments.replay else None
    tuning = FineTuning(arguments.init, images, left_out, replay, preset)
    if images.problems:
        print(f"{images.name}, {problems_text(images.problems)}", file=sys.stderr)
    print(tuning_text(tuning), file=sys.stderr)
    return tuning


def _learnt_from(
    arguments: argparse.Namespace,
    preset: Preset,
    train: LabelledFaces,
    data: DataSet,
    tuning: FineTuning | None,
) -> dict[str, Any]:
    from training.fit.batches import Mixture
    from training.fit.loop import distribute
    from training.fit.other_models import answers_of, teachers_for

    if tuning:
        return {
            "teachers": tuning.teachers,
            "initial_model": tuning.initial,
            "mixture": tuning.mixture,
        }
    if arguments.distribute:
        distribute()
    remembers = arguments.init and preset.memory_weight
    teachers = (
        answers_of(arguments.init, train, data, preset)
        if remembers
        else teachers_for(preset, arguments.teacher, train)
    )
    mixture = None
    if preset.replayed_per_face:
        first = len(next(iter(train.by_domain().values())))
        mixture = Mixture(first, train.labels, 0, preset.replayed_per_face, balanced=False)
    return {
        "teachers": teachers,
        "initial_model": arguments.init,
        "mixture": mixture,
        "averaged_with": arguments.average,
        "share": arguments.share,
    }


def _overrides(arguments: argparse.Namespace) -> dict[str, Any]:
    typed = {n: getattr(arguments, f"field_{n}") for n in overridable_fields()}
    return {name: value for name, value in typed.items() if value is not None}


def _provenance(arguments: argparse.Namespace, preset: Preset) -> dict[str, Any]:
    """Return fields of the report; the command repeats this run, without local paths."""
    from training.model_writer import trainings_of

    changed = _overrides(arguments) | ({"limit": arguments.limit} if arguments.limit else {})
    if arguments.split_seed != SPLIT_SEED:
        changed["split_seed"] = arguments.split_seed
    command = [
        f"python -m training train --preset {arguments.preset}",
        f"--data {data_named(arguments.data)} --out models/{arguments.out.name}",
        f"--seed {arguments.seed}",
        *models_named("--init", [arguments.init]),
        *models_named("--teacher", arguments.teacher),
        *models_named("--average", arguments.average),
        *([f"--share {arguments.share:g}"] if arguments.share is not None else []),
        *([f"--replay {arguments.replay.name}"] if arguments.replay else []),
        *(f"--{name.replace('_', '-')} {value}" for name, value in changed.items()),
        *(["--quick"] if arguments.quick else []),
    ]
    taught = arguments.teacher if preset.teacher_weight else ()
    return {
        "command": " ".join(command),
        "seed": arguments.seed,
        "initial_model": arguments.init.resolve().name if arguments.init else None,
        "earlier_trainings": trainings_of(arguments.init) if arguments.init else (),
        "averaged_with": tuple(one.resolve().name for one in arguments.average),
        "teachers": tuple(one.resolve().name for one in taught),
    }
