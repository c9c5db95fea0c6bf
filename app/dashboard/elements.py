"""What a report is made of on any surface: sections of facts, tables, charts and drawings.

`app.dashboard.sections` makes them from a report; the dashboard and the HTML report show them, so
both show the same figures. Texts are plain: whoever shows them escapes them. No streamlit in here.
"""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go


@dataclass(frozen=True)
class Fact:
    """One figure: its name, the figure as text, what it means, and a note such as an interval."""

    label: str
    value: str
    meaning: str
    note: str = ""


@dataclass(frozen=True)
class Facts:
    """Figures that belong together, under a title if they need one."""

    facts: tuple[Fact, ...]
    title: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of text.

    Attributes:
        title: what it shows; also its name for screen readers.
        columns: names of the columns. The first one is text, the others are right-aligned unless
            named in `text_columns`.
        rows: cells as they are shown.
        meaning: what the columns mean.
        text_columns: names of further columns of text.
        long: whether it has to scroll in a frame of its own.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    meaning: str = ""
    text_columns: tuple[str, ...] = ()
    long: bool = False

    def is_text(self, column: str) -> bool:
        """Tell whether a column is aligned to the left."""
        return column == self.columns[0] or column in self.text_columns


@dataclass(frozen=True)
class Chart:
    """A figure.

    Attributes:
        key: unique within the report.
        title: what it shows.
        figure: without colours for text or background, which the surface decides.
        alt: the figure in words.
        meaning: what it tells.
        caption: what one must know to read it; always in sight.
        width: in pixels, where there is room; None takes all of it.
    """

    key: str
    title: str
    figure: go.Figure
    alt: str
    meaning: str = ""
    caption: str = ""
    width: int | None = None


@dataclass(frozen=True)
class Drawing:
    """An SVG drawing whose text is in the colour of the text around it.

    Attributes:
        title: what it shows.
        svg: the drawing.
        alt: the drawing in words.
        meaning: how to read it.
    """

    title: str
    svg: str
    alt: str
    meaning: str = ""


@dataclass(frozen=True)
class Note:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Command:
    """Something to type into a terminal."""

    title: str
    text: str


Part = Facts | Table | Chart | Drawing | Note | Command


@dataclass(frozen=True)
class Row:
    """Parts side by side where there is room, one below the other where there is none.

    Attributes:
        parts: from left to right.
        shares: of the width, one per part; () if all are alike.
    """

    parts: tuple[Part, ...]
    shares: tuple[float, ...] = ()


@dataclass(frozen=True)
class Section:
    """A named group of parts."""

    title: str
    parts: tuple[Part | Row, ...]
