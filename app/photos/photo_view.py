"""One photograph: its picture, the cards of its faces, the table and the downloads."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import streamlit as st

from app.core import charts, text
from app.core.components import WholeNumber, component_value, download, mount
from app.core.layout import CARD_WIDTH, CONTENT_WIDTH, chart_ink
from app.core.models import running_model
from app.core.models.head_text import TrackRecord
from app.core.photo import Photo
from app.core.pictures import fitted
from app.photos.activation_image import LEGEND_ALT, activation_legend
from app.photos.pictures import MAX_CARDS, PhotoView, describe_meshes, missing_note
from app.photos.results import card_text, crowd_note, csv_of, file_name, json_of
from fer.analyzer import FaceAnalyzer
from fer.errors import ModelError
from fer.export.table import face_records
from fer.labels import colour_of
from fer.text import chance, one_of
from fer.types import Faces

#: Pixels between a picture and its cards, and between cards.
GAP = 16

#: Largest height of a picture in pixels. Where cards follow, it is lower, so that the first answers
#: are on the same screen.
_MAX_HEIGHT, _MAX_HEIGHT_BESIDE, _MAX_HEIGHT_ABOVE = 720, 560, 480

#: Rows of cards beside a picture, which together are about as high as it is.
_ROWS_BESIDE = 2

#: Largest width and height in pixels of a picture without a face, of which there is less to see.
_PLAIN_PICTURE = (556, 420)

#: Least width in pixels of what is said below a picture.
_NOTES_WIDTH = 200

#: Number of expressions to choose a map from, the most probable ones; its width in pixels.
_CHOICES, _MAP_WIDTH = 3, 280

_HOW_TO_READ = (
    "What made *{expression}* likelier, and what less likely: where the network looked, not why."
)

#: Selected face by number of the photo; a photo without a selection is not in it.
Selection = dict[int, int]


@dataclass(frozen=True)
class Cards:
    """Shows cards of faces: a sentence and bars; all else that is known of a face folds.

    Attributes:
        record: measurements of the model, shown with its answers; None to show none.
    """

    record: TrackRecord | None
    analyzer: FaceAnalyzer

    def show(self, view: PhotoView, face: int, width: int = CARD_WIDTH) -> None:
        """Show the card of a face, `width` pixels wide, outlined when the face is selected."""
        faces, verdict = view.faces, text.verdicts(view.faces)[face]
        with st.container(border=True, width=width, key=f"{_cards_key(view)}_{face}"):
            with st.container(
                horizontal=True, vertical_alignment="center", gap="small", wrap=False
            ):
                alt = f"Face {face + 1}: {verdict.sentence}"
                st.image(view.drawn.portraits[face], width=72, alt=alt)
                with st.container(gap="xxsmall"):
                    answer, worth = card_text(verdict, self.record)
                    number = f":gray-badge[{face + 1}] " if len(faces) > 1 else ""
                    icon = text.icon_of(verdict.answer)
                    if verdict.sure:
                        icon = f':color[{icon}]{{foreground="{colour_of(verdict.answer)}"}}'
                    st.markdown(f"#### {number}{icon} {answer}", anchors=False)
                    st.markdown(worth)
            probabilities = faces.probabilities[face]
            st.plotly_chart(
                charts.probability_bars(probabilities, faces.labels, chart_ink()),
                config=charts.CONFIG,
                alt=text.describe_probabilities(f"face {face + 1}", probabilities, faces.labels),
                key=f"photo_bars_{view.photo.number}_{face}_{faces.head}",
            )
            self._offer_more(view, face, verdict)

    @st.fragment
    def _offer_more(self, view: PhotoView, face: int, verdict: text.Verdict) -> None:
        """Offer all else that is known of one face, without a rerun of the rest of the page."""
        key = f"{view.photo.number}_{face}_{view.head}"
        section = st.expander("More", type="compact", key=f"photo_more_{key}", on_change="rerun")
        if not section.open:  # a map takes time, because the photo is decoded for it
            return
        with section:
            sure = "; ".join([chance(verdict.confidence).replace(">", "over "), *verdict.reasons])
            st.caption(f"Confidence: {sure}.")
            if measured := self.record.describe(verdict) if self.record else "":
                st.caption(measured)
            if view.spec.has_activation_map(view.head):
                self._show_activation(view, face, key)

    def _show_activation(self, view: PhotoView, face: int, key: str) -> None:
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
            view.activation_png(face, expression, self.analyzer),
            width=_MAP_WIDTH,
            alt=text.describe_activation(f"face {face + 1}", expression),
        )
        with st.container(width=_MAP_WIDTH, gap="xsmall"):
            ink = "#ECEAE4" if st.context.theme.type == "dark" else "#24232A"
            st.image(activation_legend(ink), width=_MAP_WIDTH, alt=LEGEND_ALT)
            st.caption(_HOW_TO_READ.format(expression=expression))


def show_photo(
    view: PhotoView, cards: Cards, selection: Selection, width: int = CONTENT_WIDTH
) -> None:
    """Show one photo that could be read, and all that was found in it.

    The visitor's choice of a face is shown and updated. `width` is that of the container in pixels,
    where the screen has room.
    """
    photo, count = view.photo, len(view.faces)
    if not count:
        _no_face(view)
        return
    picture_width, columns = layout((photo.width, photo.height), count, width)
    if count > MAX_CARDS:
        _picture(view, picture_width, selection)
        selected = selection.get(photo.number)
        if selected is not None:
            cards.show(view, selected)
    else:
        # Cards wrap below the picture where they do not fit beside it, and then fill the width.
        card_width = CARD_WIDTH
        room = columns * (CARD_WIDTH + GAP) - GAP
        if not columns:
            card_width = (width + GAP) // (width // CARD_WIDTH) - GAP
            room = width
        side: Literal["left", "center"] = "left" if columns else "center"
        with st.container(horizontal=True, horizontal_alignment=side, gap=GAP):
            beside = max(picture_width, _NOTES_WIDTH)
            with st.container(width=beside if columns else "stretch"):
                _picture(view, picture_width, selection)
            with st.container(horizontal=True, horizontal_alignment=side, gap=GAP, width=room):
                for face in range(count):
                    cards.show(view, face, card_width)
    if count > 1:  # of one, its card says all
        show_table([view], f"photo_table_{photo.number}")
    key, name = f"photo_{photo.number}", partial(file_name, photo.name, view.head)
    with st.container(horizontal=True):
        download("CSV", partial(csv_of, [view]), name("csv"), "text/csv", key)
        download("JSON", partial(json_of, [view]), name("json"), "application/json", key)
        download("Marked picture (PNG)", view.png, name("png"), "image/png", key)


def layout(size: tuple[int, int], faces: int, width: int) -> tuple[int, int]:
    """Return the width of a picture of some size, and the columns of cards beside it, if any.

    Cards stand beside it only where they have their full width, and else below it. All widths are
    in pixels; `width` is that of the page's content.
    """
    beside = fitted(size, width - CARD_WIDTH - GAP, _MAX_HEIGHT_BESIDE)
    columns = (width - beside) // (CARD_WIDTH + GAP)
    if faces <= min(MAX_CARDS, columns * _ROWS_BESIDE):
        return beside, min(columns, max(1, faces))
    return fitted(size, width, _MAX_HEIGHT_ABOVE if faces <= MAX_CARDS else _MAX_HEIGHT), 0


def _picture(view: PhotoView, width: int, selection: Selection) -> None:
    faces = view.faces
    with st.container(key=_picture_key(view), gap="xsmall", horizontal_alignment="center"):
        notes = _notes(view)
        said = text.describe_picture(view.photo.name, faces)
        mesh = describe_meshes(view.drawings.meshes, len(faces))
        st.image(view.drawn.marked, width=width, alt=f"{said} {mesh}".strip())
        with st.container(width=max(width, _NOTES_WIDTH), gap="xxsmall"):
            for note in notes:
                st.caption(note)
        _pick_face(view, selection)


def _notes(view: PhotoView) -> list[str]:
    """Return what is said below a picture, in Markdown, once its meshes are found if wanted."""
    photo, mesh = view.photo, ""
    if view.drawings.mesh:
        try:
            with st.spinner("Finding the points …"):
                view.drawings.find_meshes(photo, view.faces, running_model.face_landmark())
            mesh = missing_note(view.drawings.meshes, len(view.faces))
        except ModelError as error:
            mesh = running_model.operator_message(error)
    animated = "An animation: its first picture was read." if photo.animated else ""
    return [note for note in (_about(photo), crowd_note(view.faces), animated, mesh) if note]


def _about(photo: Photo) -> str:
    return f"{text.escape_markdown(photo.name)} · {photo.width} × {photo.height} pixels"


def _pick_face(view: PhotoView, selection: Selection) -> None:
    number, strip = view.photo.number, len(view.faces) > MAX_CARDS
    key = f"photo_faces_{number}"

    def store_choice() -> None:
        face = component_value(key, "face", WholeNumber)
        if face is None:
            return
        if 0 <= face < len(view.faces):
            selection[number] = face
        else:
            selection.pop(number, None)

    data = {
        "picture": _picture_key(view),
        "card": _cards_key(view),
        "selected": selection.get(number, -1),
        "strip": strip,
        "faces": [
            _face(view, index, verdict)
            | ({"tile": base64.b64encode(view.drawn.tiles[index]).decode()} if strip else {})
            for index, verdict in enumerate(text.verdicts(view.faces))
        ],
    }
    mount("photos/faces", data, key, on_face_change=store_choice)


def _picture_key(view: PhotoView) -> str:
    return f"photo_picture_{view.photo.number}"


def _cards_key(view: PhotoView) -> str:
    return f"photo_card_{view.photo.number}"


def _face(view: PhotoView, index: int, verdict: text.Verdict) -> dict[str, Any]:
    share = f" {chance(verdict.confidence)}" if verdict.sure else ""
    size = np.tile((view.photo.width, view.photo.height), 2)
    left, top, right, bottom = (view.faces.xyxy[index] / size).tolist()
    return {
        "index": index,
        "label": f"Face {index + 1}: {verdict.sentence}",
        "answer": verdict.answer,
        "tag": f"{verdict.answer}{share}",
        "colour": colour_of(verdict.answer) if verdict.sure else "",
        "box": [round(share, 4) for share in (left, top, right - left, bottom - top)],
    }


def _no_face(view: PhotoView) -> None:
    photo = view.photo
    st.info(
        "**No face found.** It helps when the face is larger, well lit, turned to the camera and "
        "not covered.",
        icon=":material/face_retouching_off:",
    )
    width = fitted((photo.width, photo.height), *_PLAIN_PICTURE)
    st.image(view.drawn.marked, width=width, alt=text.describe_picture(photo.name, view.faces))
    st.caption(_about(photo))


def show_table(views: Sequence[PhotoView], key: str) -> None:
    """Offer a table of the faces of photographs, which is made when it is opened."""
    table = st.expander("Table of all faces", icon=":material/table:", key=key, on_change="rerun")
    if table.open:
        rows = [{"file": v.photo.name, **row} for v in views for row in _table_rows(v.faces)]
        with table:
            st.dataframe(
                rows,
                hide_index=True,
                column_config=_table_columns(next(v.faces.labels for v in views if len(v.faces))),
                alt=f"Table of {text.counted(len(rows), 'face')} with all probabilities",
            )


def _table_columns(labels: Sequence[str]) -> dict[str, Any]:
    return {
        "file": st.column_config.TextColumn("Photo"),
        "face": st.column_config.NumberColumn("Face", width=56),
        "answer": st.column_config.TextColumn("Answer", width=220),
        "confidence": st.column_config.ProgressColumn(
            "Confidence", min_value=0, max_value=100, format="%.1f%%", width=130
        ),
        "quality": st.column_config.TextColumn(
            "Hard to read",
            help="What makes the face hard to read: small, blurred, dark or turned away; empty if "
            "nothing does",
        ),
        "size": st.column_config.TextColumn("Size", help="Width × height of the face in pixels"),
    } | {label: st.column_config.NumberColumn(label, format="%.1f%%") for label in labels}


def _table_rows(faces: Faces) -> list[dict[str, Any]]:
    """Return one row per face: number, answer, all probabilities in %, issues, size in pixels."""
    rows: list[dict[str, Any]] = []
    for face, said in zip(face_records(faces), faces.candidates, strict=True):
        left, top, right, bottom = face["box"]
        rows.append(
            {
                "face": len(rows) + 1,
                "answer": f"uncertain: {one_of(said)}" if face["uncertain"] else face["answer"],
                "confidence": _per_cent(face["confidence"]),
                **{label: _per_cent(share) for label, share in face["probabilities"].items()},
                "quality": "; ".join(face["quality"]),
                "size": f"{round(right - left)} × {round(bottom - top)}",
            }
        )
    return rows


def _per_cent(probability: float) -> float:
    # No network is certain, so rounding must not show 100%; see `fer.text.chance`.
    return min(100 * probability, 99.9)
