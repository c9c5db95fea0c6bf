"""The card of one face: a sentence and bars; all else that is known of it folds."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.core import charts, text
from app.core.layout import CARD_WIDTH, chart_ink
from app.core.models.head_text import TrackRecord
from app.photos.activation_image import LEGEND_ALT, activation_legend
from app.photos.pictures import PhotoView
from app.photos.text import card_text
from fer.analyzer import FaceAnalyzer
from fer.labels import colour_of
from fer.text import chance

#: Number of expressions to choose from, the most probable ones.
_CHOICES = 3

#: Displayed width in pixels.
_WIDTH = 280

_HOW_TO_READ = (
    "What made *{expression}* likelier, and what less likely: where the network looked, not why."
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
    analyzer: FaceAnalyzer

    def show(self, view: PhotoView, face: int) -> None:
        """Show the card of a face, in its full width."""
        verdict = text.verdicts(view.faces)[face]
        with st.container(border=True, width=CARD_WIDTH, key=card_key(view, face)):
            with st.container(
                horizontal=True, vertical_alignment="center", gap="small", wrap=False
            ):
                alt = f"Face {face + 1}: {verdict.sentence}"
                st.image(view.drawn.portraits[face], width=72, alt=alt)
                with st.container(gap="xxsmall"):
                    answer, worth = card_text(verdict, self.record)
                    number = f":gray-badge[{face + 1}] " if len(view.faces) > 1 else ""
                    st.markdown(f"#### {number}{_icon(verdict)} {answer}", anchors=False)
                    st.markdown(worth)
            _bars(view, face)
            self._offer_more(view, face, verdict)

    @st.fragment
    def _offer_more(self, view: PhotoView, face: int, verdict: text.Verdict) -> None:
        """Offer all else that is known of one face.

        It is a fragment, so opening it does not rerun the rest of the page.
        """
        key = f"{view.photo.number}_{face}_{view.head}"
        section = st.expander("More", type="compact", key=f"photo_more_{key}", on_change="rerun")
        if not section.open:  # a map takes time, because the photo is decoded for it
            return
        with section:
            sure = "; ".join([chance(verdict.confidence).replace(">", "over "), *verdict.reasons])
            st.caption(f"Confidence: {sure}.")
            if measured := self.record.describe(verdict) if self.record else "":
                st.caption(measured)
            if self.analyzer.has_class_activation(view.head):
                _show_activation(view, face, self.analyzer, key)


def _bars(view: PhotoView, face: int) -> None:
    faces = view.faces
    probabilities, labels = faces.probabilities[face], faces.labels
    st.plotly_chart(
        charts.probability_bars(probabilities, labels, chart_ink()),
        config=charts.CONFIG,
        alt=text.describe_probabilities(f"face {face + 1}", probabilities, labels),
        key=f"photo_bars_{view.photo.number}_{face}_{faces.head}",
    )


def _icon(verdict: text.Verdict) -> str:
    icon = text.icon_of(verdict.answer)
    return f':color[{icon}]{{foreground="{colour_of(verdict.answer)}"}}' if verdict.sure else icon


def _show_activation(view: PhotoView, face: int, analyzer: FaceAnalyzer, key: str) -> None:
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
