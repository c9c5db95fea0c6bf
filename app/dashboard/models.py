"""The models that the dashboard can show, checked against their reports.

Does not use Streamlit.
"""

from __future__ import annotations

import json
import logging
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.models.runnable import file_sha256, is_shown, read_record
from app.core.report.text import SplitEvaluation
from app.core.settings import without_folder
from app.core.text import counted
from fer.errors import ModelError
from fer.evaluation.other_data import OtherData, OtherDataFile
from fer.evaluation.report import Mistakes, Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OpenedModel:
    """A model's report and spec.

    Attributes:
        spec: the spec; None if it is missing or invalid.
        problems: mismatches between report, spec and files, as sentences; empty if there are none.
        mistakes: pictures that the model read wrongly; None if the operator has not kept any of
            these weights.
        not_shown: why other such measurements are not among them, as a sentence; empty if all are.
        earlier: what earlier weights reached, if groups of people were measured apart with those
            and not with these.
        report_alone: whether its network is not here, and not meant to be.
        directory: where it is; None for a report that was not read from one.
    """

    name: str
    report: Report
    spec: ModelSpec | None
    problems: tuple[str, ...]
    mistakes: Mistakes | None = None
    other_data: tuple[OtherData, ...] = ()
    not_shown: str = ""
    earlier: tuple[OtherData, ...] = ()
    report_alone: bool = False
    directory: Path | None = None

    def temperature(self, name: str) -> float | None:
        """Return the temperature of a head; None without a spec, or without this head."""
        heads = self.spec.heads if self.spec else ()
        return next((head.temperature for head in heads if head.name == name), None)

    @property
    def heads(self) -> dict[str, str]:
        """Meaning of each head, by name; empty without a spec."""
        return {head.name: head.meaning for head in self.spec.heads} if self.spec else {}


def model_names(folder: Path, visitor: str = "") -> list[str]:
    """Return the sorted names of all non-empty, non-hidden subdirectories of `folder`.

    Models that other visitors taught are left out.
    """
    if not folder.is_dir():
        return []
    return sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.is_dir()
        and not entry.name.startswith(".")
        and any(entry.iterdir())
        and is_shown(entry, visitor)
    )


def open_model(directory: Path) -> OpenedModel:
    """Load a model's report, or raise a ModelError; compare spec and files with it."""
    report = read_record(Report, directory)
    # Neither the network nor its description is there; predictions may be.
    networks = (directory / name for name in report.files if not name.endswith(".npz"))
    alone = not any(file.exists() for file in (directory / ModelSpec.filename, *networks))
    faults = [
        _check_file(directory / name, card.sha256)
        for name, card in report.files.items()
        if not alone or (directory / name).exists()
    ]
    spec, problems = (None, []) if alone else _check_spec(directory, report)
    problems += [fault for fault in faults if fault]
    if alone:
        return OpenedModel(
            directory.name, report, None, tuple(problems), report_alone=True, directory=directory
        )
    mistakes = _mistakes(directory, spec) if spec else None
    other_data, not_shown, earlier = _other_data(directory, spec)
    return OpenedModel(
        directory.name,
        report,
        spec,
        tuple(problems),
        mistakes,
        other_data,
        not_shown,
        earlier,
        directory=directory,
    )


#: File in a model directory with the predictions behind an evaluation, and their name in it, by
#: head, where the images that are also in train are included; see
#: `training.evaluation.predictions`.
_PREDICTIONS = {
    EXPRESSION_HEAD: ("predictions.npz", "{}"),
    BALANCED_HEAD: ("further_predictions.npz", "{}/balanced"),
    FERPLUS_HEAD: ("further_predictions.npz", "{}/ferplus/plain"),
}
_WITHOUT_DUPLICATES = ("further_predictions.npz", "{}/without_duplicates")


@dataclass(frozen=True)
class StoredAnswers:
    """The true class of each face, as an index, and whether the answer is correct; ``(n,)``."""

    truths: NDArray[np.int64]
    correct: NDArray[np.bool_]


def stored_answers(model: OpenedModel, chosen: SplitEvaluation) -> StoredAnswers | None:
    """Return the answers behind an evaluation; None if they are not stored, or are others."""
    file_name, pattern = _PREDICTIONS.get(chosen.head, ("", ""))
    if not chosen.duplicates:
        file_name, pattern = _WITHOUT_DUPLICATES
    card = model.report.files.get(file_name)
    if model.directory is None or card is None:
        return None
    name = pattern.format(chosen.split)
    try:
        if _check_file(model.directory / file_name, card.sha256):
            return None
        stored = _read_answers(model.directory / file_name, card.sha256, name)
    except KeyError:  # those of all domains together are not stored
        return None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        _log.warning("the predictions of %s are not used: %s", model.name, error)
        return None
    measured = (chosen.evaluation.count, chosen.evaluation.right)
    if (len(stored.correct), int(stored.correct.sum())) != measured:
        return None
    return stored


@lru_cache(maxsize=16)  # a comparison asks for the answers of each model several times a run
def _read_answers(file: Path, _sha256: str, name: str) -> StoredAnswers:
    """Read the answers of one evaluation from a file, whose contents the hash identifies."""
    with file.open("rb") as content, np.load(content) as arrays:
        truths = arrays[f"{name}_labels"]
        answers = arrays[f"{name}_probabilities"].argmax(axis=1)
    return StoredAnswers(truths, truths == answers)


def _mistakes(directory: Path, spec: ModelSpec) -> Mistakes | None:
    if not (directory / Mistakes.filename).is_file():
        return None
    try:
        found = read_record(Mistakes, directory)
    except ModelError as error:
        _log.warning("no examples of mistakes are shown: %s", error)
        return None
    return found if found.describes(spec) else None


def _other_data(
    directory: Path, spec: ModelSpec | None
) -> tuple[tuple[OtherData, ...], str, tuple[OtherData, ...]]:
    """Return the records of the file that runs, why others are not shown, and `earlier`."""
    if not (directory / OtherDataFile.filename).is_file():
        return (), "", ()
    try:
        records = read_record(OtherDataFile, directory).records
    except ModelError as error:
        return (), without_folder(str(error), directory.parent.parent), ()
    # What spec.json says may be about another file than the one that is there.
    runs = spec and _check_file(directory / spec.file, spec.sha256) is None
    shown = tuple(record for record in records if spec and runs and record.describes(spec))
    if len(shown) == len(records):
        return shown, "", ()
    grouped = any(record.groups for record in shown)
    earlier = () if grouped else tuple(r for r in records if r.groups and r not in shown)
    not_shown = (
        f"{counted(len(records) - len(shown), 'measurement')} of {OtherDataFile.filename} "
        "not shown: made with another network, or another blend of its heads, than is here now."
    )
    return shown, not_shown, earlier


def _check_spec(directory: Path, report: Report) -> tuple[ModelSpec | None, list[str]]:
    try:
        spec = read_record(ModelSpec, directory)
    except ModelError as error:
        return None, [without_folder(str(error), directory.parent.parent)]
    if spec.file not in report.files:
        return spec, [f"The report does not name {spec.file}, the network that runs."]
    if not report.describes(spec):
        return spec, [f"spec.json is about another {spec.file} than the report."]
    return spec, []


def _check_file(file: Path, expected: str) -> str | None:
    if not file.is_file():
        return f"{file.name}, which the report names, is missing."
    if file_sha256(file) != expected:
        return f"{file.name} is not the file that was measured: its SHA-256 differs."
    return None


def json_report(model: OpenedModel) -> str:
    """Return the report as JSON; measurements on other data stand in ``other_data``."""
    records = [record.model_dump(mode="json") for record in model.other_data]
    fields = model.report.model_dump(mode="json")
    return json.dumps(fields | ({"other_data": records} if records else {}), indent=1)
