"""How the results of photographs look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath

import streamlit as st

from app.common import charts, text
from app.common.page_layout import CARD_WIDTH, CONTENT_WIDTH, chart_ink
from app.common.track_record import Evidence
from app.photo.activation_view import offer_evidence
from app.photo.store import Explain, Failure, Outcome, Photo, Reading, csv_of, json_of, png_of
from app.photo.table import face_columns, face_rows
from fer.text import chance
from fer.labels import colour_of
from fer.types import UNCERTAIN

Entry = tuple[Photo, Outcome]

#: Up to this many faces, cards stand beside the picture; more go below it, in a grid.
_BESIDE = 2

#: Pixels: gap between picture and cards, and the highest that a picture is shown. Beside its cards
#: it leaves room for the table on the same screen.
_GAP = 16
_PICTURE_HEIGHT = 720
_PICTURE_HEIGHT_BESIDE = 560


@dataclass(frozen=True)
class Backing:
    """What stands behind the answers.

    Attributes:
        evidence: what was measured about the model, to stand beside its answers.
        explain: shows where in a face an expression is found; None to offer none of it.
    """

    evidence: Evidence | None = None
    explain: Explain | None = None


def show_results(
    entries: Sequence[Entry],
    evidence: Evidence | None,
    explain: Explain | None = None,
) -> None:
    """Show everything that was found: one section per photo, with a summary if they are many.

    Args:
        entries: photographs and what was made of them.
        evidence: what was measured about the model, to stand beside its answers.
        explain: shows where in a face an expression is found; None to offer none of it.
    """
    backing = Backing(evidence, explain)
    for photo, outcome in entries:
        if isinstance(outcome, Failure):
            st.error(f"{text.plain(f'{photo.name} {outcome.reason}')}", icon=":material/error:")
    read = [(photo, outcome) for photo, outcome in entries if isinstance(outcome, Reading)]
    if len(read) == 1:
        _title(*read[0])
        _section(*read[0], backing, key="0")
    elif read:
        _summary(read)
        for number, (photo, reading) in enumerate(read):
            _collapsible(photo, reading, backing, number)


def _summary(read: Sequence[tuple[Photo, Reading]]) -> None:
    """Show what all photos have in common, and the downloads for all."""
    faces = [reading.faces for _, reading in read]
    counts = text.answer_counts(faces)
    st.subheader("All photos", anchor=False)
    with st.container(horizontal=True, vertical_alignment="distribute"):
        st.metric("Photos", len(read), border=True, width=120)
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
                st.markdown(_legend(counts, faces[0].labels))
    named = [(photo.name, reading) for photo, reading in read]
    with st.container(horizontal=True):
        _download("CSV of all", partial(csv_of, named), "expressions.csv", "text/csv")
        _download("JSON of all", partial(json_of, named), "expressions.json", "application/json")


def _legend(counts: Mapping[str, int], labels: Sequence[str]) -> str:
    """Return the key to the strip; as text it wraps on a phone, which a chart's own does not."""
    return "\u2002 ".join(
        f"{_dot(answer)} {answer} **{counts[answer]}**"
        for answer in (*labels, UNCERTAIN)
        if counts.get(answer)
    )


def _dot(answer: str) -> str:
    if answer == UNCERTAIN:
        return "▨"
    return f':color[●]{{foreground="{colour_of(answer)}"}}'


def _collapsible(photo: Photo, reading: Reading, backing: Backing, number: int) -> None:
    label = f"**{text.plain(photo.name)}** · {text.counted(len(reading.faces), 'face')}"
    section = st.expander(
        label,
        expanded=number == 0,
        icon=":material/image:",
        key=f"photo_section_{photo.digest}_{number}",
        on_change="rerun",
    )
    if section.open:  # a closed one is not sent to the browser: a hundred photos stay quick
        with section:
            _section(photo, reading, backing, key=str(number))


def _title(photo: Photo, reading: Reading) -> None:
    size = f"{reading.width} × {reading.height} pixels"
    found = text.counted(len(reading.faces), "face")
    with st.container(gap=None):
        st.subheader(text.plain(photo.name), anchor=False)
        st.caption(f"{found} · {size}")


def _section(photo: Photo, reading: Reading, backing: Backing, *, key: str) -> None:
    """Show one photo: picture, faces, table, downloads."""
    if not len(reading.faces):
        _no_face()
        _picture(photo, reading, CONTENT_WIDTH // 2, _PICTURE_HEIGHT_BESIDE)
        return
    beside = len(reading.faces) <= _BESIDE
    with st.container(horizontal=True, horizontal_alignment="center", gap=_GAP):
        width = CONTENT_WIDTH - CARD_WIDTH - _GAP if beside else CONTENT_WIDTH
        _picture(photo, reading, width, _PICTURE_HEIGHT_BESIDE if beside else _PICTURE_HEIGHT)
        with st.container(horizontal=not beside, gap=_GAP, width="stretch"):
            for face, verdict in enumerate(text.verdicts(reading.faces)):
                with st.container(border=True, width="stretch" if beside else CARD_WIDTH):
                    _card(reading, face, verdict, backing, key=f"{key}_{face}")
                    if backing.explain and backing.explain.explains(reading.head):
                        offer_evidence(photo, reading, face, backing.explain, key=f"{key}_{face}")
    _table(reading)
    _downloads(photo, reading, key)


def _picture(photo: Photo, reading: Reading, width: int, highest: int) -> None:
    st.image(
        reading.picture,
        width=max(1, min(width, round(highest * reading.width / reading.height))),
        alt=text.describe_picture(photo.name, reading.faces),
    )


def _card(reading: Reading, face: int, verdict: text.Verdict, backing: Backing, key: str) -> None:
    probabilities, labels = reading.faces.probabilities[face], reading.faces.labels
    _verdict(reading.portraits[face], verdict, face + 1)
    st.plotly_chart(
        charts.probability_bars(probabilities, labels, chart_ink()),
        config=charts.CONFIG,
        alt=text.describe_probabilities(f"face {face + 1}", probabilities, labels),
        key=f"photo_bars_{key}_{reading.head}",
    )
    measured = backing.evidence.beside(verdict) if backing.evidence else ""
    if measured:
        st.caption(measured)


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
        # A line that begins with the sign would be a quotation.
        return f"{chance(verdict.confidence).replace('>', 'Over ')} confident"
    return verdict.alternatives.capitalize()


def _badges(verdict: text.Verdict) -> str:
    """Return what is wrong with the picture of a face, as small badges."""
    pairs = zip(verdict.flaws, verdict.reasons, strict=True)
    return " ".join(f":gray-badge[{text.FLAW_ICONS[flaw]} {why}]" for flaw, why in pairs)


def _no_face() -> None:
    st.info(
        "**No face found**, so there is nothing to say about an expression. A face is found more "
        "easily when it is larger in the picture, well lit, turned to the camera, and not covered "
        "by a hand, a mask or sunglasses.",
        icon=":material/face_retouching_off:",
    )


def _table(reading: Reading) -> None:
    st.dataframe(
        face_rows(reading.faces),
        hide_index=True,
        column_config=face_columns(reading.faces.labels),
        alt=f"Table of {text.counted(len(reading.faces), 'face')} with all probabilities",
    )


def _downloads(photo: Photo, reading: Reading, key: str) -> None:
    stem = PurePath(photo.name).stem
    named = [(photo.name, reading)]
    with st.container(horizontal=True):
        _download("CSV", partial(csv_of, named), f"{stem}-expressions.csv", "text/csv", key)
        _download(
            "JSON", partial(json_of, named), f"{stem}-expressions.json", "application/json", key
        )
        picture = partial(png_of, photo, reading)
        _download("Marked picture (PNG)", picture, f"{stem}-expressions.png", "image/png", key)


def _download(
    label: str, make: Callable[[], str | bytes], file_name: str, mime: str, key: str = "all"
) -> None:
    """Offer a file that is made when it is asked for."""
    st.download_button(
        label,
        make,
        file_name,
        mime,
        key=f"photo_download_{key}_{label}",
        on_click="ignore",
        icon=":material/download:",
    )
