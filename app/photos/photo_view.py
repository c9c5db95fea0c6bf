"""One photograph: its summary, the picture, cards of faces, the table and the downloads."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import streamlit as st

from app.core import charts, text
from app.core.components import download, mount
from app.core.layout import CARD_WIDTH, CONTENT_WIDTH
from app.core.models import running_model
from app.core.photo import Photo
from app.core.pictures import fitted
from app.photos.cards import Cards, cards_key
from app.photos.downloads import csv_of, file_name, json_of
from app.photos.layout import GAP, MAX_CARDS, layout
from app.photos.pictures import PhotoView, describe_meshes, missing_note
from app.photos.text import crowd_note
from fer.errors import ModelError
from fer.export.table import face_records
from fer.labels import colour_of
from fer.text import one_of
from fer.types import Faces

#: Largest width and height in pixels of a picture without a face, of which there is less to see.
_PLAIN_PICTURE = (556, 420)

#: Least width in pixels of what is said below a picture.
_NOTES_WIDTH = 200

#: Selected face by number of the photo; a photo without a selection is not in it.
Selection = dict[int, int]


def show_photo(
    view: PhotoView, cards: Cards, selection: Selection, width: int = CONTENT_WIDTH
) -> None:
    """Show one photo and all that was found in it.

    Args:
        view: a photograph that could be read.
        cards: shows cards of faces.
        selection: the visitor's choice of a face, which is shown and updated.
        width: width of the container in pixels, where the screen has room.
    """
    if not len(view.faces):
        _no_face(view)
        return
    if len(view.faces) <= MAX_CARDS:
        _with_cards(view, cards, selection, width)
    else:
        _with_strip(view, cards, selection, width)
    if len(view.faces) > 1:  # of one, its card says all
        show_table([view], f"photo_table_{view.photo.number}")
    _downloads(view)


def show_mix(results: Sequence[Faces], key: str) -> None:
    """Show a strip with the share of each answer.

    Args:
        results: the faces of one or several photographs, with one at least.
        key: key of the chart.
    """
    counts = text.answer_counts(results)
    st.plotly_chart(
        charts.answer_mix(counts),
        config=charts.CONFIG,
        alt=text.describe_mix(counts),
        key=key,
    )


def _with_cards(view: PhotoView, cards: Cards, selection: Selection, width: int) -> None:
    """Show the picture, and a card of every face beside or below it."""
    size, count = (view.photo.width, view.photo.height), len(view.faces)
    plan = layout(size, count, content_width=width, card_width=CARD_WIDTH)
    # Cards have a fixed width; where they do not fit beside the picture, they wrap below it.
    columns = plan.card_columns or width // CARD_WIDTH
    room = columns * CARD_WIDTH + (columns - 1) * GAP
    side: Literal["left", "center"] = "left" if plan.card_columns else "center"
    with st.container(horizontal=True, horizontal_alignment=side, gap=GAP):
        beside = max(plan.picture_width, _NOTES_WIDTH)
        with st.container(width=beside if plan.card_columns else "stretch"):
            _picture(view, plan.picture_width, selection)
        with st.container(horizontal=True, horizontal_alignment=side, gap=GAP, width=room):
            for face in range(count):
                cards.show(view, face)


def _with_strip(view: PhotoView, cards: Cards, selection: Selection, width: int) -> None:
    """Show the picture, a strip of all faces, and the card of the one that is chosen."""
    size = (view.photo.width, view.photo.height)
    plan = layout(size, len(view.faces), content_width=width, card_width=CARD_WIDTH)
    _picture(view, plan.picture_width, selection)
    selected = selection.get(view.photo.number)
    if selected is not None:
        cards.show(view, selected)


def _picture(view: PhotoView, width: int, selection: Selection) -> None:
    """Show the marked picture with its faces to choose from, and a strip if there are many."""
    faces, key = view.faces, f"photo_picture_{view.photo.number}"
    with st.container(key=key, gap="xsmall", horizontal_alignment="center"):
        notes = _notes(view)
        said = text.describe_picture(view.photo.name, faces)
        mesh = describe_meshes(view.drawings.meshes, len(faces))
        st.image(view.drawn.marked, width=width, alt=f"{said} {mesh}".strip())
        with st.container(width=max(width, _NOTES_WIDTH), gap="xxsmall"):
            for note in notes:
                st.caption(note)
        _pick_face(view, selection, strip=len(faces) > MAX_CARDS)


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


def _pick_face(view: PhotoView, selection: Selection, *, strip: bool) -> None:
    """Make the faces of the picture above choosable, and show a strip of them.

    Args:
        view: the photograph.
        selection: gets what the visitor selects.
        strip: whether to show the strip.
    """
    key = f"photo_faces_{view.photo.number}"

    def store_choice() -> None:
        face = int(st.session_state[key].face)
        if 0 <= face < len(view.faces):
            selection[view.photo.number] = face
        else:
            selection.pop(view.photo.number, None)

    mount("photos/faces", _picker_data(view, selection, strip), key, on_face_change=store_choice)


def _picker_data(view: PhotoView, selection: Selection, strip: bool) -> dict[str, Any]:
    return {
        "picture": f"photo_picture_{view.photo.number}",
        "card": cards_key(view),
        "selected": selection.get(view.photo.number, -1),
        "strip": strip,
        "faces": [
            _face(view, index, verdict)
            | ({"tile": base64.b64encode(view.drawn.tiles[index]).decode()} if strip else {})
            for index, verdict in enumerate(text.verdicts(view.faces))
        ],
    }


def _face(view: PhotoView, index: int, verdict: text.Verdict) -> dict[str, Any]:
    size = np.tile((view.photo.width, view.photo.height), 2)
    left, top, right, bottom = (view.faces.xyxy[index] / size).tolist()
    return {
        "index": index,
        "label": f"Face {index + 1}: {verdict.sentence}",
        "answer": verdict.answer,
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


def _downloads(view: PhotoView) -> None:
    key, name = f"photo_{view.photo.number}", partial(file_name, view.photo.name, view.head)
    with st.container(horizontal=True):
        download("CSV", partial(csv_of, [view]), name("csv"), "text/csv", key)
        download("JSON", partial(json_of, [view]), name("json"), "application/json", key)
        download("Marked picture (PNG)", view.png, name("png"), "image/png", key)


def _table_columns(labels: Sequence[str]) -> dict[str, Any]:
    """Return Streamlit's configuration of the columns of `_table_rows`."""
    return {
        "file": st.column_config.TextColumn("Photo"),
        "face": st.column_config.NumberColumn("Face", width=56),
        "answer": st.column_config.TextColumn("Answer"),
        "confidence": st.column_config.ProgressColumn(
            "Confidence", min_value=0, max_value=100, format="%.1f%%"
        ),
        "quality": st.column_config.TextColumn(
            "Picture", help="What is wrong with the picture of the face; empty if nothing is"
        ),
        "size": st.column_config.TextColumn("Size", help="Width × height of the face in pixels"),
    } | {label: st.column_config.NumberColumn(label, format="%.1f%%") for label in labels}


def _table_rows(faces: Faces) -> list[dict[str, Any]]:
    """Return one row per face: number, answer, all probabilities in %, flaws, size in pixels."""
    return [
        {
            "face": number,
            "answer": f"uncertain: {one_of(said)}" if face["uncertain"] else face["answer"],
            "confidence": _per_cent(face["confidence"]),
            **{label: _per_cent(share) for label, share in face["probabilities"].items()},
            "quality": "; ".join(face["quality"]),
            "size": f"{_side(face['box'], 0)} × {_side(face['box'], 1)}",
        }
        for number, (face, said) in enumerate(
            zip(face_records(faces), faces.candidates, strict=True), start=1
        )
    ]


def _per_cent(probability: float) -> float:
    # No network is certain, so rounding must not show 100%; see `fer.text.chance`.
    return min(100 * probability, 99.9)


def _side(box: Sequence[float], axis: int) -> int:
    return round(box[axis + 2] - box[axis])
