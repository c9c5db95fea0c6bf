"""A report as one self-contained HTML page with light and dark colours. No Streamlit."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from html import escape

import plotly.io

from app.dashboard.charts.confusion import SHADES
from app.dashboard.charts.style import harmless
from app.dashboard.elements import (
    Chart,
    Command,
    Drawing,
    Facts,
    Note,
    Part,
    Pictures,
    Row,
    Section,
    Table,
)
from app.dashboard.models import OpenedModel
from app.dashboard.render.html_style import PAINT, STYLE, TEMPLATES
from app.dashboard.sections import (
    adaptation,
    calibration,
    network,
    other_data,
    performance,
    provenance,
    robustness,
    training,
)
from app.dashboard.text import creation_time, split_evaluations

#: Number of columns above which a table is set closer, with upright headings on a phone.
_MANY = 6


def sections_of(model: OpenedModel) -> list[Section]:
    """Return all sections of a model's report; those about an evaluation, for every evaluation."""
    report = model.report
    evaluations = split_evaluations(report, model.spec.default_head if model.spec else "")
    sections: list[Section] = []
    if evaluations:
        sections.append(performance.overview(report, evaluations[0]))
    for chosen in evaluations:
        temperature = model.temperature(chosen.head)
        both = (
            performance.mistakes(chosen),
            calibration.confidence(report, chosen, temperature, model.heads),
        )
        sections += [Section(f"{one.title}: {chosen.name}", one.parts) for one in both]
    taught = [adaptation.adaptation(report.adaptation)] if report.adaptation else []
    return [
        *taught,
        *sections,
        robustness.robustness(report, model.heads),
        *other_data.sections(model.other_data, model.not_shown, model.earlier),
        training.training(report),
        network.network(report),
        provenance.record(report),
    ]


def html_report(model: OpenedModel) -> str:
    """Return the whole report as one HTML page, which includes Plotly's script."""
    written = f"Written {creation_time(model.report)}."
    return html_page(
        f"Model {model.name}",
        written,
        sections_of(model),
        title=f"Report of {model.name}",
        problems=model.problems,
    )


def html_page(
    heading: str,
    intro: str,
    sections: Sequence[Section],
    *,
    title: str = "",
    problems: Sequence[str] = (),
) -> str:
    """Return sections as one HTML page, which includes Plotly's script.

    Args:
        heading: heading of the page.
        intro: paragraph below it.
        sections: the sections.
        title: title of the document; the heading if empty.
        problems: what is wrong with what is shown, as sentences.
    """
    page = _Page()
    body = "".join(page.section(section) for section in sections)
    links = "".join(
        f'<a href="#part{number}">{escape(section.title)}</a>'
        for number, section in enumerate(sections, start=1)
    )
    warnings = "".join(f'<p class="problem">{escape(p)}</p>' for p in problems)
    settings = f"const TEMPLATES = {_script(TEMPLATES)}, SHADES = {_script(_shades())};"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title or heading)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(heading)}</h1><p>{escape(intro)}</p>"
        f"{warnings}<nav>{links}</nav>{body}"
        f"</main><script>{settings}{PAINT}</script></body></html>"
    )


class _Page:
    """Renders parts to HTML, and counts sections and charts for their ids."""

    def __init__(self) -> None:
        self._sections = 0
        self._charts = 0

    def section(self, section: Section) -> str:
        self._sections += 1
        inner = "".join(
            self._row(part) if isinstance(part, Row) else self._part(part) for part in section.parts
        )
        title = escape(section.title)
        return f'<section id="part{self._sections}"><h2>{title}</h2>{inner}</section>'

    def _row(self, row: Row) -> str:
        shares = row.shares or (1,) * len(row.parts)
        cells = "".join(
            f'<div class="cell" style="flex-grow:{share}">{self._part(part)}</div>'
            for part, share in zip(row.parts, shares, strict=True)
        )
        return f'<div class="row">{cells}</div>'

    def _part(self, part: Part) -> str:
        match part:
            case Facts():
                return _facts(part)
            case Table():
                return _table(part)
            case Chart():
                return self._chart(part)
            case Drawing():
                return _block(part.title, part.meaning, _drawing(part))
            case Pictures():
                return _block(part.title, part.meaning, _pictures(part))
            case Note():
                return f'<p class="meaning">{escape(part.text)}</p>'
            case Command():
                return _block(part.title, "", f"<pre>{escape(part.text)}</pre>")

    def _chart(self, part: Chart) -> str:
        self._charts += 1
        figure = plotly.io.to_html(
            harmless(part.figure),
            full_html=False,
            include_plotlyjs=self._charts == 1,
            div_id=f"chart{self._charts}",
            config={"displayModeBar": False, "responsive": True},
        )
        style = f' style="max-width:{part.width}px"' if part.width else ""
        label = escape(part.alt, quote=True)
        chart = f'<div role="img" aria-label="{label}"{style}>{figure}</div>'
        return _block(part.title, f"{part.meaning} {part.caption}".strip(), chart)


def _facts(part: Facts) -> str:
    cards = "".join(
        f'<div class="fact"><dt>{escape(fact.label)}</dt>'
        f"<dd>{escape(fact.value)}</dd><small>{escape(fact.note)}</small></div>"
        for fact in part.facts
    )
    meanings = "".join(
        f"<dt>{escape(fact.label)}</dt><dd>{escape(fact.meaning)}</dd>" for fact in part.facts
    )
    inner = (
        f'<dl class="facts">{cards}</dl>'
        f"<details><summary>What these figures mean</summary><dl>{meanings}</dl></details>"
    )
    return _block(part.title, part.meaning, inner) if part.title else inner


def _drawing(part: Drawing) -> str:
    label = escape(part.alt, quote=True)
    return f'<div class="drawing" role="img" aria-label="{label}">{part.svg}</div>'


def _pictures(part: Pictures) -> str:
    figures = "".join(
        f'<figure><img src="{_data_url(picture.data)}" alt="{escape(picture.alt, quote=True)}">'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
        for picture in part.pictures
    )
    return f'<div class="pictures">{figures}</div>'


def _data_url(picture: bytes) -> str:
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def _table(part: Table) -> str:
    def cells(row: tuple[str, ...], tag: str) -> str:
        return "".join(
            f"<{tag} class={'text' if part.is_text(column) else 'number'}>{escape(cell)}</{tag}>"
            for column, cell in zip(part.columns, row, strict=True)
        )

    rows = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in part.rows)
    many = ' class="many"' if len(part.columns) > _MANY else ""
    head = f"<thead><tr>{cells(part.columns, 'th')}</tr></thead>"
    table = f"<table{many}>{head}<tbody>{rows}</tbody></table>"
    frame = "scroll long" if part.long else "scroll"
    return _block(part.title, part.meaning, f'<div class="{frame}" tabindex="0">{table}</div>')


def _block(title: str, meaning: str, inner: str) -> str:
    text = f'<p class="meaning">{escape(meaning)}</p>' if meaning else ""
    return f'<div class="part"><h3>{escape(title)}</h3>{text}{inner}</div>'


def _shades() -> dict[str, list[tuple[float, str]]]:
    return {
        "dark" if dark else "light": [(i / (len(s) - 1), c) for i, c in enumerate(s)]
        for dark, s in SHADES.items()
    }


def _script(value: object) -> str:
    """Return JSON that is safe inside a ``<script>`` element, without any ``<``."""
    return json.dumps(value).replace("<", "\\u003c")
