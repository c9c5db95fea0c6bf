"""Style sheet and script of the HTML report. Does not use Streamlit."""

from __future__ import annotations

from typing import Any

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
