"""The parts of a displayed report: sections of facts, tables, charts, drawings. No Streamlit.

The dashboard and the HTML report both render them, and so show the same figures. Texts are
unescaped; the renderer must escape them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from app.core.report.text import SplitEvaluation
from fer.evaluation.report import Mistakes


@dataclass(frozen=True)
class Fact:
    """One figure: its name, its value as text, an explanation, and a note such as an interval."""

    label: str
    value: str
    meaning: str
    note: str = ""


@dataclass(frozen=True)
class Facts:
    """A group of figures with an optional title."""

    facts: Sequence[Fact]
    title: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of text.

    The first column is left-aligned text; the others are right-aligned unless they are among
    `text_columns`. A long table scrolls in a frame of its own.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    meaning: str = ""
    text_columns: tuple[str, ...] = ()
    long: bool = False

    def is_text(self, column: str) -> bool:
        """Return whether a column is left-aligned text."""
        return column == self.columns[0] or column in self.text_columns


@dataclass(frozen=True)
class Chart:
    """A chart whose figure has no colours of text and background, which the renderer sets.

    The caption is what a reader must know to read the chart, and always visible. The width is at
    most so many pixels; the full width if None. The key is unique within the report.
    """

    key: str
    title: str
    figure: go.Figure
    alt: str
    meaning: str = ""
    caption: str = ""
    width: int | None = None


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix with its counts; a page explains the cell that a visitor chooses.

    Beside it are its counts, for a file, the figures of each class, and pictures for the cells,
    unless the operator has not kept any.
    """

    chosen: SplitEvaluation
    chart: Chart
    counts: Table
    report: Table
    model: str
    mistakes: Mistakes | None

    @property
    def title(self) -> str:
        """The heading."""
        return self.chart.title


@dataclass(frozen=True)
class Drawing:
    """An SVG drawing whose text inherits the surrounding text colour, ``currentColor``."""

    title: str
    svg: str
    alt: str
    meaning: str = ""


@dataclass(frozen=True)
class Picture:
    """A small JPEG or PNG with an alternative text and a caption."""

    data: bytes
    alt: str
    caption: str


@dataclass(frozen=True)
class Pictures:
    """Small pictures side by side, below a heading."""

    title: str
    pictures: tuple[Picture, ...]
    meaning: str = ""


@dataclass(frozen=True)
class Note:
    """A paragraph; with a title, a heading above it; in large letters if it leads."""

    text: str
    title: str = ""
    leads: bool = False


@dataclass(frozen=True)
class Command:
    """A shell command."""

    title: str
    text: str


@dataclass(frozen=True)
class Row:
    """Parts side by side, or one below the other on narrow screens; shares are relative widths."""

    parts: tuple[Part, ...]
    shares: tuple[float, ...] = ()


Part = Facts | Table | Chart | Matrix | Drawing | Pictures | Note | Command | Row


@dataclass(frozen=True)
class Section:
    """A named group of parts."""

    title: str
    parts: Sequence[Part]
