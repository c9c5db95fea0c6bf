"""The section about the network: a drawing and a table of its layers. No Streamlit."""

from __future__ import annotations

import re
from itertools import pairwise

from app.dashboard.charts.network_svg import describe_network, network_svg
from app.dashboard.elements import Drawing, Note, Row, Section, Table
from app.dashboard.text import layer_settings, shape
from fer.evaluation.report import Layer, Report

#: Where a long name may be broken.
_BREAKS = re.compile(r"(?<=_)(?=.)|(?<=[a-z])(?=[A-Z])")


def network(report: Report) -> Section:
    """Return the section with a drawing and a table of the layers."""
    if not report.layers:
        return Section("Network", (Note("The report has no layers."),))
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
                _what(layer, before.name if before else None),
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
    return Section("Network", (Row((drawing, table), (2, 3)),))


def _what(layer: Layer, before: str | None) -> str:
    """Return kind and settings of a layer, and what it reads if that is not the layer before."""
    words = " ".join(filter(None, (breakable(layer.kind), _settings(layer))))
    if layer.inputs in ((), (before,)):
        return words
    return f"{words} of {' and '.join(map(breakable, layer.inputs))}"


def breakable(name: str) -> str:
    """Return a name of code that a narrow table may break: after ``_`` and before capitals."""
    return _BREAKS.sub("\u200b", name)


def _settings(layer: Layer) -> str:
    settings = layer_settings(layer)
    if layer.width is not None:
        unit = "filters" if layer.kernel else "units"
        settings.insert(1 if layer.kernel else 0, f"{layer.width} {unit}")
    return ", ".join(settings)
