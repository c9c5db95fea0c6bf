"""The section about the network: a drawing and a table of its layers. No Streamlit."""

from __future__ import annotations

from app.dashboard.charts.network_svg import describe_network, network_svg
from app.dashboard.elements import Drawing, Note, Row, Section, Table
from app.dashboard.text import layer_settings, shape
from fer.evaluation.report import Layer, Report


def network(report: Report) -> Section:
    """Return the section with a drawing and a table of the layers."""
    if not report.layers:
        return Section("Network", (Note("The report has no layers."),))
    drawing = Drawing(
        "The network",
        network_svg(report.layers),
        describe_network(report.layers),
        "From top to bottom. The wider a slab, the higher the resolution; the stronger its colour, "
        "the more channels. A line around a group is a shortcut: the group's input is added to its "
        "output.",
    )
    table = Table(
        f"{len(report.layers)} layers, {report.parameters:,} parameters",
        ("Layer", "Kind", "Detail", "Output", "Parameters", "Reads"),
        tuple(
            (
                layer.name,
                layer.kind,
                _detail(layer),
                shape(layer.shape),
                f"{layer.parameters:,}",
                ", ".join(layer.inputs),
            )
            for layer in report.layers
        ),
        "Output: height × width × channels.",
        text_columns=("Kind", "Detail", "Reads"),
        long=True,
    )
    return Section("Network", (Row((drawing, table), (2, 3)),))


def _detail(layer: Layer) -> str:
    settings = layer_settings(layer)
    if layer.width is not None:
        unit = "filters" if layer.kernel else "units"
        settings.insert(1 if layer.kernel else 0, f"{layer.width} {unit}")
    return ", ".join(settings)
