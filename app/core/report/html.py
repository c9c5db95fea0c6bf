"""A report as one self-contained HTML page with light and dark colours. No Streamlit."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from html import escape
from typing import Any

import plotly.io

from app.core.report.charts import SHADES, harmless
from app.core.report.elements import (
    Chart,
    Command,
    Drawing,
    Facts,
    Matrix,
    Note,
    Part,
    Pictures,
    Row,
    Section,
    Table,
)

#: Style sheet with the colours of `.streamlit/config.toml`, so that page and file look alike.
STYLE = """
:root { color-scheme: light dark; --ink: #16151B; --soft: #6B6A75; --page: #FCFBF9;
  --card: #F3F1EC; --line: #E2DED6; --accent: #4A4CA3; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ECEAE4; --soft: #A6A5AE; --page: #131419; --card: #1F2128; --line: #363944;
    --accent: #B3B5F2; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 "Source Sans 3", "Source Sans Pro", system-ui, sans-serif; }
main { max-width: 1112px; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 2.1rem; margin: 0 0 .5rem; }
h2 { font-size: 1.5rem; margin: 3rem 0 1rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 0 0 .3rem; }
nav { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; }
a { color: var(--accent); }
.meaning { color: var(--soft); font-size: .88rem; max-width: 70ch; margin: 0 0 .6rem; }
.lead { font-size: 1.3rem; font-weight: 600; }
.problem { border-left: 4px solid #E69F00; background: var(--card); padding: .6rem 1rem; }
.row { display: flex; flex-wrap: wrap; gap: 1rem 2rem; }
.cell { flex: 1 1 320px; min-width: 0; }
.part { margin: 1.2rem 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: .8rem;
  margin: 1rem 0; }
.fact { border: 1px solid var(--line); border-radius: 10px; padding: .7rem .9rem; }
.fact dt, .fact small { color: var(--soft); font-size: .85rem; }
.fact dd { margin: 0; font-size: 1.3rem; font-weight: 600; white-space: nowrap; }
.facts + details { margin: -.4rem 0 1rem; font-size: .88rem; color: var(--soft); }
details dt { font-weight: 600; } details dd { margin: 0 0 .4rem; max-width: 70ch; }
.drawing { max-width: 460px; }
.pictures { display: flex; flex-wrap: wrap; gap: .8rem; }
.pictures figure { margin: 0; width: 104px; text-align: center; color: var(--soft);
  font-size: .82rem; }
.pictures img { width: 104px; border-radius: 6px; }
.scroll { overflow-x: auto; }
.long { max-height: 720px; overflow-y: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: break-word; }
th { color: var(--soft); font-weight: 500; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.many th, .many td { padding-right: .3rem; }
@media (max-width: 640px) {
  table { font-size: .84rem; }
  th, td { padding-right: .4rem; overflow-wrap: anywhere; }
  .number { white-space: normal; }
  .many { font-size: .78rem; }
  .many th.number { writing-mode: vertical-rl; vertical-align: bottom; }
}
pre { background: var(--card); padding: .8rem 1rem; border-radius: 10px; white-space: pre-wrap; }
@media print { .long { max-height: none; } h2 { break-after: avoid; } }
"""

_FONT = '"Source Sans 3", "Source Sans Pro", system-ui, sans-serif'


def _template(ink: str, grid: str) -> dict[str, Any]:
    axis = {"gridcolor": grid, "linecolor": grid, "zerolinecolor": grid}
    return {
        "layout": {
            "font": {"color": ink, "family": _FONT, "size": 13},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
        }
    }


#: The same colours as Plotly templates, because Plotly does not use style sheets.
TEMPLATES: dict[str, Any] = {
    "light": _template("#6B6A75", "#E2DED6"),
    "dark": _template("#A6A5AE", "#363944"),
}

#: Script that gives every chart the page's colours, also when the reader's preference changes.
PAINT = """
const preference = matchMedia("(prefers-color-scheme: dark)");
function paint() {
  const tone = preference.matches ? "dark" : "light";
  for (const chart of document.querySelectorAll(".js-plotly-plot")) {
    Plotly.Plots.resize(chart); // its neighbours were laid out only after it was drawn
    Plotly.relayout(chart, { template: TEMPLATES[tone] });
    chart.data.forEach((trace, index) => {
      if (trace.type !== "heatmap") return;
      Plotly.restyle(chart, { colorscale: [SHADES[tone]] }, [index]);
      const inks = chart.layout.meta.inks[tone];
      Plotly.relayout(chart, Object.fromEntries(
        inks.map((ink, cell) => [`annotations[${cell}].font.color`, ink])));
    });
  }
}
preference.addEventListener("change", paint);
paint();
"""

#: Number of columns above which a table is set closer, with upright headings on a phone.
_MANY = 6


def html_page(
    heading: str,
    intro: str,
    sections: Sequence[Section],
    *,
    title: str = "",
    problems: Sequence[str] = (),
) -> str:
    """Return sections as one HTML page, which includes Plotly's script.

    The document's title is the heading unless another is given; problems are sentences.
    """
    page = _Page()
    body = "".join(page.section(section) for section in sections)
    links = "".join(
        f'<a href="#part{number}">{escape(section.title)}</a>'
        for number, section in enumerate(sections, start=1)
    )
    warnings = "".join(f'<p class="problem">{escape(p)}</p>' for p in problems)
    shades = {
        "dark" if dark else "light": [(i / (len(s) - 1), c) for i, c in enumerate(s)]
        for dark, s in SHADES.items()
    }
    settings = f"const TEMPLATES = {_script(TEMPLATES)}, SHADES = {_script(shades)};"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title or heading)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(heading)}</h1><p>{escape(intro)}</p>"
        f"{warnings}<nav>{links}</nav>{body}"
        f"</main><script>{settings}{PAINT}</script></body></html>"
    )


class _Page:
    def __init__(self) -> None:
        self._sections = 0
        self._charts = 0

    def section(self, section: Section) -> str:
        self._sections += 1
        inner = "".join(map(self._part, section.parts))
        title = escape(section.title)
        return f'<section id="part{self._sections}"><h2>{title}</h2>{inner}</section>'

    def _part(self, part: Part) -> str:
        match part:
            case Row():
                shares = part.shares or (1,) * len(part.parts)
                cells = "".join(
                    f'<div class="cell" style="flex-grow:{share}">{self._part(one)}</div>'
                    for one, share in zip(part.parts, shares, strict=True)
                )
                return f'<div class="row">{cells}</div>'
            case Matrix():
                return self._part(Row((part.chart, part.counts))) + self._part(part.report)
            case Facts():
                return _facts(part)
            case Table():
                return _table(part)
            case Chart():
                return self._chart(part)
            case Drawing():
                label = escape(part.alt, quote=True)
                drawing = f'<div class="drawing" role="img" aria-label="{label}">{part.svg}</div>'
                return _block(part.title, part.meaning, drawing)
            case Pictures():
                return _block(part.title, part.meaning, _pictures(part))
            case Note():
                heading = f"<h3>{escape(part.title)}</h3>" if part.title else ""
                kind = "lead" if part.leads else "meaning"
                return f'{heading}<p class="{kind}">{escape(part.text)}</p>'
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


def _pictures(part: Pictures) -> str:
    figures = []
    for picture in part.pictures:
        kind = "png" if picture.data.startswith(b"\x89PNG") else "jpeg"
        url = f"data:image/{kind};base64,{base64.b64encode(picture.data).decode()}"
        figures.append(
            f'<figure><img src="{url}" alt="{escape(picture.alt, quote=True)}">'
            f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
        )
    return f'<div class="pictures">{"".join(figures)}</div>'


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


def _script(value: object) -> str:
    """Return JSON that is safe inside a ``<script>`` element, without any ``<``."""
    return json.dumps(value).replace("<", "\\u003c")
