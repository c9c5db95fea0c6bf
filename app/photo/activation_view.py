"""Where in a face an expression is found: asked for by face, drawn then, kept nowhere."""

from __future__ import annotations

import streamlit as st

from app.common import text
from app.photo.activation_image import AGAINST, FOR
from app.photo.store import Explain, Photo, Reading, evidence_png

#: Expressions that can be asked about: the most probable ones.
_CHOICES = 3

#: Pixels.
_WIDTH = 280

_HOW_TO_READ = (
    "Exact for this network: averaged over the face, and with a constant, this is its score for "
    "{expression} against all expressions. It shows where it looked, not why; each place also "
    "sees around itself."
)


@st.fragment
def offer_evidence(photo: Photo, reading: Reading, face: int, explain: Explain, key: str) -> None:
    """Offer the evidence map of one face; a fragment, so that asking draws nothing else anew."""
    asked = st.expander(
        "Where is the evidence?",
        icon=":material/center_focus_weak:",
        type="compact",
        key=f"evidence_{key}_{photo.digest}_{reading.head}",
        on_change="rerun",
    )
    if asked.open:  # decoding the photo takes time
        with asked:
            _show(photo, reading, face, explain, key)


def _show(photo: Photo, reading: Reading, face: int, explain: Explain, key: str) -> None:
    shares = reading.faces.probabilities[face]
    likeliest = [reading.faces.labels[i] for i in (-shares).argsort(kind="stable")[:_CHOICES]]
    expression = st.segmented_control(
        "Evidence for",
        likeliest,
        default=likeliest[0],
        required=True,
        key=f"evidence_of_{key}_{photo.digest}_{reading.head}",
        label_visibility="collapsed",
    )
    st.image(
        evidence_png(photo, reading, face, expression, explain),
        width=_WIDTH,
        alt=text.describe_evidence(f"face {face + 1}", expression),
    )
    with st.container(width=_WIDTH, gap="xsmall"):
        st.markdown(
            f':color[■]{{foreground="{FOR}"}} speaks for *{expression}*\u2002 '
            f':color[■]{{foreground="{AGAINST}"}} against it'
        )
        st.caption(_HOW_TO_READ.format(expression=expression))
