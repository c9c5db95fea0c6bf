"""The class activation map of a face, drawn on request and not stored."""

from __future__ import annotations

import streamlit as st

from app.common.text import describe_activation
from app.photo.activation_image import LEGEND_ALT, activation_legend
from app.photo.store import AnalysedPhoto, Analyzer, activation_png

#: Number of expressions to choose from, the most probable ones.
_CHOICES = 3

#: Displayed width in pixels.
_WIDTH = 280

_HOW_TO_READ = (
    "Which parts of the face made *{expression}* likelier, and which less likely. The map shows "
    "where the network looked, not why."
)


@st.fragment
def offer_activation(analysed: AnalysedPhoto, face: int, analyzer: Analyzer, key: str) -> None:
    """Offer the class activation map of one face.

    It is a fragment, so opening it does not rerun the rest of the page.

    Args:
        analysed: the photograph.
        face: index of the face.
        analyzer: computes the map.
        key: distinguishes this face's widgets from those of other faces on the page.
    """
    section = st.expander(
        "Which parts of the face counted?",
        icon=":material/center_focus_weak:",
        type="compact",
        key=f"activation_{_unique(analysed, key)}",
        on_change="rerun",
    )
    if section.open:  # computed only on request, because decoding the photo takes time
        with section:
            _show(analysed, face, analyzer, key)


def _show(analysed: AnalysedPhoto, face: int, analyzer: Analyzer, key: str) -> None:
    probabilities, labels = analysed.faces.probabilities[face], analysed.faces.labels
    likeliest = [labels[i] for i in (-probabilities).argsort(kind="stable")[:_CHOICES]]
    expression = st.segmented_control(
        "Expression of the map",
        likeliest,
        default=likeliest[0],
        required=True,
        key=f"activation_of_{_unique(analysed, key)}",
        label_visibility="collapsed",
    )
    st.image(
        activation_png(analysed, face, expression, analyzer),
        width=_WIDTH,
        alt=describe_activation(f"face {face + 1}", expression),
    )
    with st.container(width=_WIDTH, gap="xsmall"):
        ink = "#ECEAE4" if st.context.theme.type == "dark" else "#24232A"
        st.image(activation_legend(ink), width=_WIDTH, alt=LEGEND_ALT)
        st.caption(_HOW_TO_READ.format(expression=expression))


def _unique(analysed: AnalysedPhoto, key: str) -> str:
    return f"{key}_{analysed.faces.head}"
