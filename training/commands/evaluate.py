"""``python -m training evaluate``: measure a model on labelled data, as the app runs it.

The classes of the data need not be those of the model: measured is what they share, as the model
answers and among these classes only. What is left out is said.

With ``--photos`` the images are whole photographs, any size, in folders that are called after
expressions, or in a ZIP of them: each is looked at as the Photos page does it, and the largest face
counts. An image without a face that is found is a miss. Small squares, such as FER2013's, are
cut-out faces: their border is repeated outwards, and they are enlarged.
"""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fer
from fer.analyzer import FaceAnalyzer
from fer.commands.options import add_overwrite
from fer.errors import DataError, ModelError
from fer.evaluation.other_data import Group, Kind, OtherData, OtherDataFile, PhotoSearch
from fer.evaluation.report import Report
from fer.images import CUT_OUT_SIDE
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from training.commands.arguments import (
    DATA,
    Commands,
    add_command,
    add_domains,
    add_model,
    add_split_seed,
    load_for_model,
    nonempty_path,
)
from training.data.layouts import sha256_of
from training.data.load import domain_of, load_domains
from training.data.photographs import open_photographs
from training.evaluation.labelled import (
    FaceEvaluation,
    PhotoEvaluation,
    answers,
    measure_faces,
    measured,
)
from training.evaluation.measure import full_figures
from training.evaluation.output import (
    DOMAIN,
    face_text,
    figure_files,
    full_text,
    photo_text,
    write_figures,
)
from training.evaluation.predict import PASSES, SpreadClassifier
from training.progress import Progress


def add_evaluate(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "evaluate", _evaluate, "measure a model on labelled data", __doc__
    )
    parser.add_argument(
        "directory",
        nargs="?",
        type=nonempty_path,
        metavar="MODEL",
        help="a model directory, as --model",
    )
    add_domains(
        parser,
        f"{DATA}; of several, each is a domain that is measured apart too",
    )
    parser.add_argument(
        "--by",
        metavar="COLUMN",
        help="measure each value of a column apart too, such as sex, with its interval; the data "
        "are a table, or an .npz with an array of that name",
    )
    parser.add_argument(
        "--split",
        help="train, validation or test (default: validation; data that names no splits is "
        "measured whole, unless the model was trained on it)",
    )
    add_model(parser)
    parser.add_argument("--head", help="the head that answers (default: the usual one)")
    add_split_seed(parser)
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    parser.add_argument(
        "--full",
        action="store_true",
        help="measure ten views, robustness and abstention too, which takes more than twenty times "
        "as long; the data must have all classes of the model",
    )
    _add_further_options(parser)


def _add_further_options(parser: argparse.ArgumentParser) -> None:
    recorded = parser.add_argument_group("other data")
    recorded.add_argument(
        "--record",
        action="store_true",
        help="add the result to other_data.json of the model, which the dashboard shows",
    )
    recorded.add_argument("--who", help="who measured it, for --record")
    recorded.add_argument("--note", default="", help="what else a reader must know, for --record")
    photos = parser.add_argument_group("whole photographs")
    photos.add_argument(
        "--photos",
        action="store_true",
        help="find and align the faces as the Photos page does; the largest one counts. Square "
        f"images of at most {CUT_OUT_SIDE} pixels are cut-out faces: they get a border and are "
        "enlarged",
    )
    photos.add_argument("--limit", type=int, help="measure so many images, spread over all")
    parser.add_argument("--threads", type=int, help="images at once (default: one per core)")
    parser.add_argument(
        "--figures",
        type=nonempty_path,
        metavar="DIR",
        help="write the confusion matrix, and of the model's training its curves and class "
        "distribution, as PNG and SVG",
    )
    add_overwrite(parser, "figures that are there")


def _evaluate(arguments: argparse.Namespace) -> int:
    model = arguments.directory or arguments.model
    _check(arguments)
    trained: Report | None = None
    if arguments.figures:
        trained = Report.load(model) if (model / Report.filename).is_file() else None
        figure_files(arguments.figures, trained is not None, overwrite=arguments.overwrite)
    if arguments.record:
        data = domain_of(arguments.data[0])[1]
        kind, sha256 = data_to_record(data, model, arguments.split)
    further: dict[str, Any] = {}
    result: FaceEvaluation | PhotoEvaluation
    if arguments.photos:
        result = _photos(model, arguments)
    else:
        result, further = _faces(model, arguments)
    if arguments.record:
        who = arguments.who or f"python -m training evaluate, FER Lens {fer.__version__}"
        record(model, result, kind=kind, data_sha256=sha256, measured_by=who, note=arguments.note)
    if arguments.figures and result.labelled:
        title = f"{result.model} on {result.data}" + (f", {result.split}" if result.split else "")
        write_figures(result.labelled.as_answered, title, trained, arguments.figures)
    if arguments.json:
        print(json.dumps(result.model_dump() | further, indent=1))
        return 0
    print(photo_text(result) if isinstance(result, PhotoEvaluation) else face_text(result))
    if further:
        print(full_text(further))
    if arguments.figures and result.labelled:
        print(f"\nfigures are in {arguments.figures}")
    if arguments.record:
        print(f"\nrecorded in {model / OtherDataFile.filename}, which the Dashboard shows")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    if arguments.limit is not None and not arguments.photos:
        raise DataError("--limit is for --photos; add it, or leave it out.")
    if arguments.full and arguments.photos:
        raise DataError("--full is for cut-out faces; leave out --photos or --full.")
    if arguments.record and arguments.limit is not None:
        raise DataError("--record is for all images; leave out --limit.")
    if arguments.overwrite and not arguments.figures:
        raise DataError("--overwrite is for --figures; add it, or leave it out.")
    if (arguments.who or arguments.note) and not arguments.record:
        raise DataError("--who and --note are for --record; add it, or leave them out.")
    if arguments.by and arguments.photos:
        raise DataError("--by is for cut-out faces; leave out --photos or --by.")
    if len(arguments.data) > 1 and (arguments.by or arguments.photos or arguments.record):
        raise DataError("--by, --photos and --record are for one data set at a time.")
    if arguments.threads is not None and arguments.threads < 1:
        raise DataError(f"expected at least 1 thread, got {arguments.threads}.")


def _faces(model: Path, arguments: argparse.Namespace) -> tuple[FaceEvaluation, dict[str, Any]]:
    """Return the measurements on cut-out faces, and those of ``--full``."""
    classifier = SpreadClassifier(model, arguments.threads)
    spec, places, seed = classifier.spec, arguments.data, arguments.split_seed
    head = spec.head(arguments.head).name
    size, channels = spec.input_size, spec.channels
    data = load_domains(places, size=size, channels=channels, seed=seed, column=arguments.by)
    own = data.names_splits or data.sha256 in data_of_training(model)
    split = arguments.split or ("validation" if own else "")
    faces = data.split(split) if split else data.all_faces()
    classifier.advance = Progress(len(faces), "faces").advance
    by = arguments.by or (DOMAIN if len(places) > 1 else "")
    result = measure_faces(classifier, data, split, head, by)
    if not arguments.full:
        return result, {}
    # Loaded anew, since groups of a column are no domains.
    data, split = load_for_model(classifier, places, seed), split or "validation"
    passes = PASSES + (split == "validation")  # once more for cross-fitting
    count = len(data.split_by_domain(split)[split])
    classifier.advance = Progress(passes * count, "views of faces").advance
    return result, full_figures(classifier, data, split)


def _photos(model: Path, arguments: argparse.Namespace) -> PhotoEvaluation:
    classifier = ExpressionClassifier(model)
    head = classifier.spec.head(arguments.head)
    split = arguments.split or "validation"
    place, seed = Path(arguments.data[0]), arguments.split_seed
    with open_photographs(place, head.labels, split=split, seed=seed) as data:
        some = data if arguments.limit is None else data.some(arguments.limit)
        count = len(some.photographs)
        threads = min(arguments.threads or os.cpu_count() or 1, count)
        analyzers = [FaceAnalyzer.for_photos(model) for _ in range(threads)]
        found = answers(some.photographs, analyzers, classifier, head.name)
        shown = Progress(count, "images").over(found)
        return measured(some, shown, classifier.spec, analyzers[0].detector_version, head.name)


def data_of_training(model: Path) -> tuple[str, ...]:
    """Return the SHA-256 of the data that a model was trained on, then that of each domain."""
    try:
        data = Report.load(model).data
    except ModelError:
        return ()
    return (data.sha256, *data.domains.values())


def data_to_record(data: Path, model: Path, split: str | None) -> tuple[Kind, str]:
    """Return what kind of data may be recorded, and its SHA-256.

    Raises:
        DataError: the model was trained on it, and these figures are in its report already.
    """
    sha256 = sha256_of(data)
    whole, *domains = data_of_training(model) or ("",)
    if sha256 not in (whole, *domains):
        return "other", sha256
    if split == "test":
        return "test", sha256
    if sha256 in domains and split != "train":
        return "validation", sha256
    raise DataError(
        f"{model} was trained on {data}: its figures on the validation split are in report.json "
        "already. Record --split test, or leave out --record."
    )


def record(
    model: Path,
    result: FaceEvaluation | PhotoEvaluation,
    *,
    kind: Kind,
    data_sha256: str,
    measured_by: str,
    note: str,
) -> None:
    """Add a measurement to the file of a model directory.

    Raises:
        DataError: no face was found in any photograph.
        ModelError: the file is there, but invalid.
    """
    if result.labelled is None:
        raise DataError(f"no face was found in {result.data}, so there is nothing to record.")
    search: PhotoSearch | None = None
    groups: tuple[Group, ...] = ()
    if isinstance(result, PhotoEvaluation):
        search = PhotoSearch(
            detector=result.detector,
            images=result.images,
            found=result.found,
            right=result.evaluation.right if result.evaluation else 0,
            right_restricted=result.right_restricted,
        )
    else:
        groups = tuple(
            Group(by=result.by, name=name, count=figures.count, right=figures.right)
            for name, one in result.groups.items()
            for figures in (one.as_answered,)
        )
    added = OtherData(
        kind=kind,
        model=result.model,
        sha256=result.sha256,
        head=result.head,
        blend=ModelSpec.load(model).head(result.head).blend,
        data=result.data,
        data_sha256=data_sha256,
        split=result.split,
        how="photos" if search else "crops",
        search=search,
        measured_by=measured_by,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        note=note,
        figures=result.labelled,
        groups=groups,
    )
    OtherDataFile.load_if_there(model).with_record(added).save(model)
