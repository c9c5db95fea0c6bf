"""What a measurement adds to ``other_data.json`` of a model directory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fer.errors import DataError, ModelError
from fer.evaluation.other_data import Group, Kind, OtherData, OtherDataFile, PhotoSearch
from fer.evaluation.report import Report
from fer.model.spec import ModelSpec
from training.data.layouts import sha256_of
from training.evaluation.faces import FaceEvaluation
from training.evaluation.photos import PhotoEvaluation


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
    search = _search(result) if isinstance(result, PhotoEvaluation) else None
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
        groups=()
        if isinstance(result, PhotoEvaluation)
        else tuple(
            Group(
                by=result.by,
                name=name,
                count=one.as_answered.count,
                right=one.as_answered.right,
            )
            for name, one in result.groups.items()
        ),
    )
    OtherDataFile.load_if_there(model).with_record(added).save(model)
    return added


def _search(result: PhotoEvaluation) -> PhotoSearch:
    return PhotoSearch(
        detector=result.detector,
        images=result.images,
        found=result.found,
        right=result.evaluation.right if result.evaluation else 0,
        right_restricted=result.right_restricted,
    )
