"""The models that the dashboard can show, and whether their files are those that were measured.

No streamlit in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.common.paths import without_folder
from app.common.reports import file_sha256, read_report, read_spec
from fer.errors import ModelError
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec


@dataclass(frozen=True)
class ShownModel:
    """A model with its records.

    Attributes:
        name: of its directory.
        report: what was measured.
        spec: what it takes to run it; None if that file is of no use.
        problems: what does not fit together, in sentences; empty if all is well.
    """

    name: str
    report: Report
    spec: ModelSpec | None
    problems: tuple[str, ...]

    @property
    def temperature(self) -> float | None:
        """What the logits of the expression head are divided by, if that is known."""
        heads = self.spec.heads if self.spec else ()
        return next((h.temperature for h in heads if h.name == EXPRESSION_HEAD), None)

    @property
    def heads(self) -> dict[str, str]:
        """What each output says, by name."""
        return {head.name: head.meaning for head in self.spec.heads} if self.spec else {}


def model_names(folder: Path) -> list[str]:
    """Return the names of all directories in which something of a model lies, sorted."""
    if not folder.is_dir():
        return []
    return sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.is_dir() and not entry.name.startswith(".") and any(entry.iterdir())
    )


def open_model(directory: Path) -> ShownModel:
    """Read a model's records and compare its files with them.

    Raises:
        ModelError: there is no report that can be read.
    """
    report = read_report(directory)
    spec, problems = _check_spec(directory, report)
    for name, card in report.files.items():
        problem = _check_file(directory / name, card.sha256)
        problems += [problem] if problem else []
    return ShownModel(directory.name, report, spec, tuple(problems))


def _check_spec(directory: Path, report: Report) -> tuple[ModelSpec | None, list[str]]:
    try:
        spec = read_spec(directory)
    except ModelError as error:
        return None, [without_folder(str(error), directory.parent.parent)]
    if spec.file not in report.files:
        return spec, [f"The report does not name {spec.file}, the network that runs."]
    if not report.describes(spec):
        return spec, [f"spec.json names another {spec.file} than the report."]
    return spec, []


def _check_file(file: Path, expected: str) -> str | None:
    if not file.is_file():
        return f"{file.name}, which the report names, is not there."
    if file_sha256(file) != expected:
        return f"{file.name} is not the file that was measured: its SHA-256 is another."
    return None
