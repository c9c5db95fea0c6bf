"""What the charts of a report share. No streamlit in here."""

from __future__ import annotations

import plotly.graph_objects as go

#: For what belongs to no expression: readable on light and on dark.
ACCENT = "#6D6FC4"
MUTED = "#8F8B84"


def plain(figure: go.Figure, *, height: int) -> None:
    """Set what all charts share: calm margins, no zoom, no title."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 12, "t": 16, "b": 8},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
    )
    figure.update_xaxes(fixedrange=True, automargin=True, zeroline=False)
    figure.update_yaxes(fixedrange=True, automargin=True, zeroline=False)


def legend_on_top(figure: go.Figure) -> None:
    """Show the legend in a line above the chart, where a phone has room for it."""
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
    )
