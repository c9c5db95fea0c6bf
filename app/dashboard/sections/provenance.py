"""The section about provenance: how to reproduce a model. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.dashboard.elements import Command, Row, Section, Table
from app.dashboard.text import byte_size, creation_time, short_hash
from fer.evaluation.report import Report


def record(report: Report) -> Section:
    """Return the section with command, configuration, origin and files of a model."""
    return Section(
        "Record",
        (
            Command(
                "The command of its last training, which needs the models that it names"
                if report.initial_model
                else "The command that reproduces it",
                report.command,
            ),
            Row((_settings(report), _origin(report))),
            _files(report),
        ),
    )


def flatten(configuration: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """Return nested settings as rows of dotted name and value, such as ``augmentation.flip``."""
    rows: list[tuple[str, str]] = []
    for key, value in configuration.items():
        if isinstance(value, Mapping):
            rows += flatten(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", _text(value)))
    return rows


def _text(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value)


def _settings(report: Report) -> Table:
    return Table(
        "Configuration",
        ("Setting", "Value"),
        (("seed", str(report.seed)), *flatten(report.configuration)),
        "Every setting of the preset that it was trained with.",
    )


def _origin(report: Report) -> Table:
    dropped = tuple((f"left out: {why}", f"{n:,}") for why, n in report.data.dropped.items())
    return Table(
        "Origin",
        ("What", "Value"),
        (
            ("written", creation_time(report)),
            ("machine", report.machine),
            ("data set", report.data.name),
            ("SHA-256 of the data", short_hash(report.data.sha256)),
            *((f"SHA-256 of {name}", short_hash(sha)) for name, sha in report.data.domains.items()),
            *dropped,
            ("Keras against LiteRT", f"{report.parity:.1e}"),
            *report.versions.items(),
        ),
        "Left out: train faces that were not used. Keras against LiteRT: the largest difference "
        "between the probabilities of the trained network and of the file that runs.",
        text_columns=("Value",),
    )


def _files(report: Report) -> Table:
    return Table(
        "Files",
        ("File", "Size", "SHA-256"),
        tuple((name, byte_size(f.bytes), short_hash(f.sha256)) for name, f in report.files.items()),
        "The files that were measured. The full SHA-256 is in the JSON report.",
        text_columns=("SHA-256",),
    )
