"""What is written beside a report: measurements on other data, and the worst mistakes."""

from __future__ import annotations

import base64
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from fer.drawing.pictures import encoded
from fer.errors import DataError, ModelError
from fer.evaluation.other_data import Group, Kind, OtherData, OtherDataFile, PhotoSearch
from fer.evaluation.report import Mistake, Mistakes, Report
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from training.data.dataset import DataSet
from training.data.layouts import sha256_of
from training.evaluation.labelled import FaceEvaluation, PhotoEvaluation
from training.evaluation.predictions import truths


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
        DataError: the model was trained on it, and it is not what one of its domains held out.
    """
    sha256, (whole, *domains) = sha256_of(data), data_of_training(model) or ("",)
    if sha256 in domains and split != "train":
        return ("test" if split == "test" else "validation"), sha256
    if sha256 in (whole, *domains):
        raise DataError(
            f"{model} was trained on {data}, so it is no other data: what it reaches on its splits "
            "stands in report.json already. Measure it without --record."
        )
    return "other", sha256


def record(
    model: Path,
    result: FaceEvaluation | PhotoEvaluation,
    *,
    kind: Kind,
    data_sha256: str,
    measured_by: str,
    note: str = "",
) -> OtherData:
    """Add a measurement to the file of a model directory, and return what was added.

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
    return added


#: Mistakes kept of each pair of truth and answer.
EXAMPLES = 4


def find_mistakes(classifier: ExpressionClassifier, data: DataSet, split: str) -> Mistakes:
    """Return the `EXAMPLES` most confident mistakes of each head, truth and answer.

    Raises:
        DataError: the data set has no such split.
    """
    faces, spec = data.split(split), classifier.spec
    by_head = classifier.all_heads(faces.images)
    found: list[Mistake] = []
    for head, truth in truths(spec, faces).items():
        part, names = truth.of(by_head[head]), spec.head(head).labels
        answers, confidence = part.answers.tolist(), part.confidence
        pairs: Counter[tuple[str, str]] = Counter()
        for i in np.argsort(-confidence, kind="stable").tolist():
            pair = names[part.labels[i]], names[answers[i]]
            if pair[0] == pair[1] or pairs[pair] == EXAMPLES:
                continue
            pairs[pair] += 1
            png = encoded(faces.images[truth.faces[i]], ".png")
            found.append(
                Mistake(
                    head=head,
                    truth=pair[0],
                    answer=pair[1],
                    confidence=min(1.0, float(confidence[i])),
                    png=base64.b64encode(png),
                )
            )
    return Mistakes(sha256=spec.sha256, data=data.name, split=split, mistakes=tuple(found))
