"""The sections about the network and about how to reproduce a model. Does not use Streamlit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from app.core.report.elements import Command, Drawing, Note, Part, Row, Table
from app.core.report.text import byte_size, creation_time, layer_settings, shape, short_hash
from app.dashboard.network import describe_network, network_svg
from fer.evaluation.report import Layer, Report

#: Where a long name may be broken.
_BREAKS = re.compile(r"(?<=_)(?=.)|(?<=[a-z])(?=[A-Z])")


def network(report: Report) -> list[Part]:
    """Return a drawing and a table of the layers."""
    if not report.layers:
        return [Note("The report has no layers.")]
    drawing = Drawing(
        "The network",
        network_svg(report.layers),
        describe_network(report.layers),
        "From top to bottom. Wider: higher resolution. Stronger colour: more channels. A line "
        "round a group is a shortcut, which adds the group's input to its output.",
    )
    table = Table(
        f"{len(report.layers)} layers, {report.parameters:,} parameters",
        ("Layer", "What it does", "Output", "Weights"),
        tuple(
            (
                breakable(layer.name),
                _layer_text(layer, before.name if before else None),
                shape(layer.shape).replace(" ", ""),  # in one line
                f"{layer.parameters:,}",
            )
            for before, layer in pairwise((None, *report.layers))
            if layer
        ),
        "Output: height × width × channels. A layer reads the one above it, unless it says “of”.",
        text_columns=("What it does",),
        long=True,
    )
    return [Row((drawing, table), (2, 3))]


def _layer_text(layer: Layer, before: str | None) -> str:
    """Return kind and settings of a layer, and what it reads if that is not the layer before."""
    settings = layer_settings(layer)
    if layer.width is not None:
        unit = "filters" if layer.kernel else "units"
        settings.insert(1 if layer.kernel else 0, f"{layer.width} {unit}")
    words = " ".join(filter(None, (breakable(layer.kind), ", ".join(settings))))
    if layer.inputs in ((), (before,)):
        return words
    return f"{words} of {' and '.join(map(breakable, layer.inputs))}"


def breakable(name: str) -> str:
    """Return a name of code that a narrow table may break: after ``_`` and before capitals."""
    return _BREAKS.sub("\u200b", name)


def record(report: Report) -> list[Part]:
    """Return command, configuration, origin and files of a model."""
    data = report.data
    command = Command(
        "The command of its last training, which needs the models that it names"
        if report.initial_model
        else "The command that reproduces it",
        report.command,
    )
    settings = Table(
        "Configuration",
        ("Setting", "Value"),
        (("seed", str(report.seed)), *flatten(report.configuration)),
        "Every setting of the preset that it was trained with.",
    )
    origin = Table(
        "Origin",
        ("What", "Value"),
        (
            ("written", creation_time(report)),
            ("machine", report.machine),
            ("data set", data.name),
            ("SHA-256 of the data", short_hash(data.sha256)),
            *((f"SHA-256 of {name}", short_hash(sha)) for name, sha in data.domains.items()),
            *((f"left out: {why}", f"{n:,}") for why, n in data.dropped.items()),
            ("Keras against LiteRT", f"{report.parity:.1e}"),
            *report.versions.items(),
        ),
        "Left out: train faces that were not used. Keras against LiteRT: the largest difference "
        "between the probabilities of the trained network and of the file that runs.",
        text_columns=("Value",),
    )
    files = Table(
        "Files",
        ("File", "Size", "SHA-256"),
        tuple((name, byte_size(f.bytes), short_hash(f.sha256)) for name, f in report.files.items()),
        "The files that were measured. The full SHA-256 is in the JSON report.",
        text_columns=("SHA-256",),
    )
    return [command, Row((settings, origin)), files]


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
