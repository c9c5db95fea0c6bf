"""The figures on a visitor's own faces, on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from app.common.text import escape_markdown
from app.dashboard.render.streamlit_elements import show_parts
from app.own_data.figures import own_data_html, own_data_json, own_data_sections, own_ways
from app.own_data.measuring import LabelledAnswer, measure_own
from app.photos.photo_view import download
from fer.model.spec import ModelSpec


def show_figures(
    answers: Sequence[LabelledAnswer],
    specs: Mapping[str, ModelSpec],
    data: str,
    *,
    model: str,
    head: str,
) -> None:
    """Show how good a head is on labelled faces, with all models beside it, and files to save.

    Args:
        answers: the labelled faces, and photographs without one; nothing is shown without any.
        specs: the models, by the names that the answers have.
        data: name of the data.
        model: name of the model that is shown first.
        head: name of its head.
    """
    if not answers:
        return
    figures = measure_own(answers, specs, data)
    offered = own_ways(figures, model, head)
    way = offered[0]
    if len(offered) > 1:
        way = st.segmented_control(
            "Answers", offered, default=way, required=True, key="own_way", persist_state="session"
        )
    for number, section in enumerate(own_data_sections(figures, model, head, way)):
        st.subheader(escape_markdown(section.title), anchor=False)
        show_parts(section.parts, key=f"own_figures_{number}")
    if figures.measured:
        with st.container(horizontal=True):
            page = partial(own_data_html, figures, model, head)
            download("Figures (HTML)", page, "figures.html", "text/html", "own")
            content = partial(own_data_json, figures)
            download("Figures (JSON)", content, "figures.json", "application/json", "own")
