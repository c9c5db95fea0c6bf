"""The results of photographs, as the page shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath

import streamlit as st

from app.common import charts, text
from app.common.legend import legend
from app.common.page_layout import CARD_WIDTH, CONTENT_WIDTH, chart_ink
from app.common.track_record import TrackRecord
from app.photo.activation_view import offer_activation
from app.photo.store import AnalysedPhoto, Analyzer, csv_of, json_of, png_of
from app.photo.table import table_columns, table_rows
from fer import Faces
from fer.labels import colour_of
from fer.text import chance
from fer.types import UNCERTAIN

#: Maximum number of faces whose cards are beside the picture; more are in a grid below it.
_MAX_CARDS_BESIDE = 2

#: Pixels: gap between picture and cards, and maximum height of a picture. A picture beside its
#: cards is lower, so that the table fits on the same screen.
_GAP = 16
_PICTURE_HEIGHT = 720
_PICTURE_HEIGHT_BESIDE = 560


def show_results(
    photos: Sequence[AnalysedPhoto], record: TrackRecord | None, analyzer: Analyzer | None = None
) -> None:
    """Show the results: one section per photo, and a summary if there are several.

    Args:
        photos: the analysed photographs.
        record: measurements of the model, shown with its answers; None to show none.
        analyzer: computes class activation maps; None to offer none.
    """
    for analysed in photos:
        if analysed.result.error:
            reason = f"{analysed.result.name} {analysed.result.error}"
            st.error(text.escape_markdown(reason), icon=":material/error:")
    readable = [analysed for analysed in photos if analysed.readable]
    view = _View(record, analyzer)
    if len(readable) == 1:
        _title(readable[0])
        view.section(readable[0], key="0")
    elif readable:
        _summary(readable)
        for number, analysed in enumerate(readable):
            _collapsible(analysed, view, number)


def _summary(photos: Sequence[AnalysedPhoto]) -> None:
    """Show the counts over all photos, and the downloads for all."""
    faces = [analysed.faces for analysed in photos]
    counts = text.answer_counts(faces)
    st.subheader("All photos", anchor=False)
    with st.container(horizontal=True, vertical_alignment="distribute"):
        st.metric("Photos", len(photos), border=True, width=120)
        st.metric("Faces", sum(map(len, faces)), border=True, width=120)
        if counts:
            with st.container(border=True, width="stretch", gap="xxsmall"):
                st.caption("Faces by answer")
                st.plotly_chart(
                    charts.answer_mix(counts, faces[0].labels),
                    config=charts.CONFIG,
                    alt=text.describe_mix(counts),
                    key="photo_mix",
                )
                given = [a for a in (*faces[0].labels, UNCERTAIN) if counts.get(a)]
                st.markdown(legend(given, {a: str(counts[a]) for a in given}))
    with st.container(horizontal=True):
        _download("CSV of all", partial(csv_of, photos), "expressions.csv", "text/csv")
        _download("JSON of all", partial(json_of, photos), "expressions.json", "application/json")


def _collapsible(analysed: AnalysedPhoto, view: _View, number: int) -> None:
    name = text.escape_markdown(analysed.result.name)
    label = f"**{name}** · {text.counted(len(analysed.faces), 'face')}"
    section = st.expander(
        label,
        expanded=number == 0,
        icon=":material/image:",
        key=f"photo_section_{analysed.photo.digest}_{number}",
        on_change="rerun",
    )
    if section.open:  # closed sections are not sent to the browser, so 100 photos stay fast
        with section:
            view.section(analysed, key=str(number))


def _title(analysed: AnalysedPhoto) -> None:
    result = analysed.result
    faces = text.counted(len(result.faces), "face")
    with st.container(gap=None):
        st.subheader(text.escape_markdown(result.name), anchor=False)
        st.caption(f"{faces} · {result.width} × {result.height} pixels")


@dataclass(frozen=True)
class _View:
    """Shows single photos; for its attributes see `show_results`."""

    record: TrackRecord | None
    analyzer: Analyzer | None

    def section(self, analysed: AnalysedPhoto, *, key: str) -> None:
        """Show the picture, faces, table and downloads of a photo."""
        if not len(analysed.faces):
            _no_face()
            _picture(analysed, CONTENT_WIDTH // 2, _PICTURE_HEIGHT_BESIDE)
            return
        beside = len(analysed.faces) <= _MAX_CARDS_BESIDE
        with st.container(horizontal=True, horizontal_alignment="center", gap=_GAP):
            width = CONTENT_WIDTH - CARD_WIDTH - _GAP if beside else CONTENT_WIDTH
            _picture(analysed, width, _PICTURE_HEIGHT_BESIDE if beside else _PICTURE_HEIGHT)
            with st.container(horizontal=not beside, gap=_GAP, width="stretch"):
                for face, verdict in enumerate(text.verdicts(analysed.faces)):
                    with st.container(border=True, width="stretch" if beside else CARD_WIDTH):
                        self._card(analysed, face, verdict, key=f"{key}_{face}")
        _table(analysed.faces)
        _downloads(analysed, key)

    def _card(self, analysed: AnalysedPhoto, face: int, verdict: text.Verdict, key: str) -> None:
        faces = analysed.faces
        probabilities, labels = faces.probabilities[face], faces.labels
        _verdict(analysed.portraits[face], verdict, face + 1)
        st.plotly_chart(
            charts.probability_bars(probabilities, labels, chart_ink()),
            config=charts.CONFIG,
            alt=text.describe_probabilities(f"face {face + 1}", probabilities, labels),
            key=f"photo_bars_{key}_{faces.head}",
        )
        measured = self.record.describe(verdict) if self.record else ""
        if measured:
            st.caption(measured)
        if self.analyzer and self.analyzer.has_class_activation(faces.head):
            offer_activation(analysed, face, self.analyzer, key=key)


def _picture(analysed: AnalysedPhoto, width: int, max_height: int) -> None:
    result = analysed.result
    st.image(
        analysed.marked,
        width=max(1, min(width, round(max_height * result.width / result.height))),
        alt=text.describe_picture(result.name, result.faces),
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


def _no_face() -> None:
    st.info(
        "**No face found**, so there is nothing to say about an expression. A face is found more "
        "easily when it is larger in the picture, well lit, turned to the camera, and not covered "
        "by a hand, a mask or sunglasses.",
        icon=":material/face_retouching_off:",
    )


def _table(faces: Faces) -> None:
    st.dataframe(
        table_rows(faces),
        hide_index=True,
        column_config=table_columns(faces.labels),
        alt=f"Table of {text.counted(len(faces), 'face')} with all probabilities",
    )


def _downloads(analysed: AnalysedPhoto, key: str) -> None:
    stem, one = f"{PurePath(analysed.result.name).stem}-expressions", [analysed]
    with st.container(horizontal=True):
        _download("CSV", partial(csv_of, one), f"{stem}.csv", "text/csv", key)
        _download("JSON", partial(json_of, one), f"{stem}.json", "application/json", key)
        picture = partial(png_of, analysed)
        _download("Marked picture (PNG)", picture, f"{stem}.png", "image/png", key)


def _download(
    label: str, make: Callable[[], str | bytes], file_name: str, mime: str, key: str = "all"
) -> None:
    """Offer a file that is created only when the visitor clicks."""
    st.download_button(
        label,
        make,
        file_name,
        mime,
        key=f"photo_download_{key}_{label}",
        on_click="ignore",
        icon=":material/download:",
    )
