"""The card of one face: its portrait, the answer, all probabilities, its activation map."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.core import charts, text
from app.core.layout import CARD_WIDTH, chart_ink
from app.core.models.head_text import TrackRecord
from app.core.photo import Analyzer
from app.photos.activation_image import LEGEND_ALT, activation_legend
from app.photos.pictures import PhotoView
from fer.labels import colour_of
from fer.text import chance

#: Number of expressions to choose from, the most probable ones.
_CHOICES = 3

#: Displayed width in pixels.
_WIDTH = 280

_HOW_TO_READ = (
    "Which parts of the face made *{expression}* likelier, and which less likely. The map shows "
    "where the network looked, not why."
)


def card_key(view: PhotoView, face: int) -> str:
    """Return the key of the container of a face's card, which is outlined when it is selected."""
    return f"{cards_key(view)}_{face}"


def cards_key(view: PhotoView) -> str:
    """Return what the keys of all cards of a photograph begin with."""
    return f"photo_card_{view.photo.number}"


@dataclass(frozen=True)
class Cards:
    """Shows cards of faces.

    Attributes:
        record: measurements of the model, shown with its answers; None to show none.
        analyzer: computes class activation maps.
    """

    record: TrackRecord | None
    analyzer: Analyzer

    def show(self, view: PhotoView, face: int) -> None:
        """Show the card of a face, in its full width."""
        verdict = text.verdicts(view.faces)[face]
        with st.container(border=True, width=CARD_WIDTH, key=card_key(view, face)):
            _verdict(view.drawn.portraits[face], verdict, face + 1)
            _bars(view, face)
            measured = self.record.describe(verdict) if self.record else ""
            if measured:
                st.caption(measured)
            if self.analyzer.has_class_activation(view.head):
                _offer_activation(view, face, self.analyzer)


def _bars(view: PhotoView, face: int) -> None:
    faces = view.faces
    probabilities, labels = faces.probabilities[face], faces.labels
    st.plotly_chart(
        charts.probability_bars(probabilities, labels, chart_ink()),
        config=charts.CONFIG,
        alt=text.describe_probabilities(f"face {face + 1}", probabilities, labels),
        key=f"photo_bars_{view.photo.number}_{face}_{faces.head}",
    )


def _verdict(portrait: bytes, verdict: text.Verdict, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.image(portrait, width=88, alt=f"Face {number}: {verdict.sentence}")
        with st.container(gap="xxsmall"):
            st.caption(f"Face {number}")
            st.markdown(_headline(verdict), anchors=False)
            st.markdown(_detail(verdict))
            if verdict.flaws:
                st.markdown(_badges(verdict))


def _headline(verdict: text.Verdict) -> str:
    icon, name = text.icon_of(verdict.answer), verdict.answer.capitalize()
    if not verdict.sure:
        return f"#### {icon} {name}"
    return f'#### :color[{icon}]{{foreground="{colour_of(verdict.answer)}"}} {name}'


def _detail(verdict: text.Verdict) -> str:
    if verdict.sure:
        # Markdown takes a line that begins with ">" as a quotation.
        return f"{chance(verdict.confidence).replace('>', 'Over ')} confident"
    return verdict.alternatives.capitalize()


def _badges(verdict: text.Verdict) -> str:
    """Return the flaws of the image of a face as small badges, in Markdown."""
    pairs = zip(verdict.flaws, verdict.reasons, strict=True)
    return " ".join(f":gray-badge[{text.FLAW_ICONS[flaw]} {reason}]" for flaw, reason in pairs)


@st.fragment
def _offer_activation(view: PhotoView, face: int, analyzer: Analyzer) -> None:
    """Offer the class activation map of one face.

    It is a fragment, so opening it does not rerun the rest of the page.
    """
    key = f"{view.photo.number}_{face}_{view.head}"
    section = st.expander(
        "Which parts of the face counted?",
        icon=":material/center_focus_weak:",
        type="compact",
        key=f"activation_{key}",
        on_change="rerun",
    )
    if section.open:  # computed only on request, because decoding the photo takes time
        with section:
            _show_activation(view, face, analyzer, key)


def _show_activation(view: PhotoView, face: int, analyzer: Analyzer, key: str) -> None:
    probabilities, labels = view.faces.probabilities[face], view.faces.labels
    likeliest = [labels[i] for i in (-probabilities).argsort(kind="stable")[:_CHOICES]]
    expression = st.segmented_control(
        "Expression of the map",
        likeliest,
        default=likeliest[0],
        required=True,
        key=f"activation_of_{key}",
        label_visibility="collapsed",
    )
    st.image(
        view.activation_png(face, expression, analyzer),
        width=_WIDTH,
        alt=text.describe_activation(f"face {face + 1}", expression),
    )
    with st.container(width=_WIDTH, gap="xsmall"):
        ink = "#ECEAE4" if st.context.theme.type == "dark" else "#24232A"
        st.image(activation_legend(ink), width=_WIDTH, alt=LEGEND_ALT)
        st.caption(_HOW_TO_READ.format(expression=expression))
