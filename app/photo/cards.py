"""The card of one face: its portrait, the answer, all probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.common import charts, text
from app.common.page_layout import CARD_WIDTH, chart_ink
from app.common.track_record import TrackRecord
from app.photo.activation_view import offer_activation
from app.photo.face_picker import card_key
from app.photo.store import AnalysedPhoto, Analyzer
from fer.labels import colour_of
from fer.text import chance


@dataclass(frozen=True)
class Cards:
    """Shows cards of faces.

    Attributes:
        record: measurements of the model, shown with its answers; None to show none.
        analyzer: computes class activation maps; None to offer none.
    """

    record: TrackRecord | None
    analyzer: Analyzer | None

    def show(self, analysed: AnalysedPhoto, face: int) -> None:
        """Show the card of a face, in its full width."""
        verdict = text.verdicts(analysed.faces)[face]
        with st.container(border=True, width=CARD_WIDTH, key=card_key(analysed, face)):
            _verdict(analysed.portraits[face], verdict, face + 1)
            _bars(analysed, face)
            measured = self.record.describe(verdict) if self.record else ""
            if measured:
                st.caption(measured)
            if self.analyzer and self.analyzer.has_class_activation(analysed.faces.head):
                key = f"{analysed.photo.key}_{face}"
                offer_activation(analysed, face, self.analyzer, key=key)


def _bars(analysed: AnalysedPhoto, face: int) -> None:
    faces = analysed.faces
    probabilities, labels = faces.probabilities[face], faces.labels
    st.plotly_chart(
        charts.probability_bars(probabilities, labels, chart_ink()),
        config=charts.CONFIG,
        alt=text.describe_probabilities(f"face {face + 1}", probabilities, labels),
        key=f"photo_bars_{analysed.photo.key}_{face}_{faces.head}",
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
