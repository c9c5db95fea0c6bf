"""One photograph: its summary, the picture, cards of faces, the table and the downloads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from app.common import charts, running_model, text
from app.common.page_layout import CARD_WIDTH, CONTENT_WIDTH
from app.photo.cards import Cards
from app.photo.downloads import csv_of, file_name, json_of
from app.photo.face_picker import Selection, pick_face, picture_key
from app.photo.layout import GAP, MAX_CARDS, fitted, layout
from app.photo.mesh import HELP, describe_meshes, missing_note
from app.photo.store import AnalysedPhoto, png_of, with_mesh
from app.photo.table import table_columns, table_rows
from fer import Faces, ModelError

#: Largest width and height in pixels of a picture without a face, of which there is less to see.
_PLAIN_PICTURE = (556, 420)

#: Width in pixels of the switch for the face meshes, also below a narrower picture.
_SWITCH_WIDTH = 160


def show_photo(
    analysed: AnalysedPhoto, cards: Cards, selection: Selection, width: int = CONTENT_WIDTH
) -> None:
    """Show one photo and all that was found in it.

    Args:
        analysed: a photograph that could be read.
        cards: shows cards of faces.
        selection: the visitor's choice of a face, which is shown and updated.
        width: width of the container in pixels, where the screen has room.
    """
    if analysed.animated:
        st.caption("An animation: its first picture was read.")
    if not len(analysed.faces):
        _no_face(analysed)
        return
    if len(analysed.faces) <= MAX_CARDS:
        _with_cards(analysed, cards, selection, width)
    else:
        _with_strip(analysed, cards, selection, width)
    if len(analysed.faces) > 1:  # of one, its card says all
        _table(analysed.faces)
    _downloads(analysed)


def show_mix(results: list[Faces], key: str) -> None:
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


def download(
    label: str, make: Callable[[], str | bytes], file_name: str, mime: str, key: str
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


def _with_cards(analysed: AnalysedPhoto, cards: Cards, selection: Selection, width: int) -> None:
    """Show the picture, and a card of every face beside or below it."""
    size, count = (analysed.result.width, analysed.result.height), len(analysed.faces)
    plan = layout(size, count, content_width=width, card_width=CARD_WIDTH)
    # Cards have a fixed width; where they do not fit beside the picture, they wrap below it.
    columns = plan.card_columns or width // CARD_WIDTH
    room = columns * CARD_WIDTH + (columns - 1) * GAP
    side: Literal["left", "center"] = "left" if plan.card_columns else "center"
    with st.container(horizontal=True, horizontal_alignment=side, gap=GAP):
        beside = max(plan.picture_width, _SWITCH_WIDTH)
        with st.container(width=beside if plan.card_columns else "stretch"):
            shown = _picture(analysed, plan.picture_width, selection)
        with st.container(horizontal=True, horizontal_alignment=side, gap=GAP, width=room):
            for face in range(count):
                cards.show(shown, face)


def _with_strip(analysed: AnalysedPhoto, cards: Cards, selection: Selection, width: int) -> None:
    """Show the mix of answers, the picture, a strip of all faces, and the card of one."""
    size = (analysed.result.width, analysed.result.height)
    plan = layout(size, len(analysed.faces), content_width=width, card_width=CARD_WIDTH)
    show_mix([analysed.faces], key=f"photo_mix_{analysed.photo.key}_{analysed.faces.head}")
    st.caption("Choose a face in the picture, or below it, for its probabilities.")
    shown = _picture(analysed, plan.picture_width, selection)
    selected = selection.get(analysed.photo.key)
    if selected is not None:
        cards.show(shown, selected)


def _picture(analysed: AnalysedPhoto, width: int, selection: Selection) -> AnalysedPhoto:
    """Show the marked picture with its faces to choose from, and a strip if there are many.

    Returns:
        The photograph as it is shown: with the face meshes, if the visitor wants them.
    """
    faces = analysed.faces
    kept = bool(analysed.photo.data)  # or it was let go, and there is only what was made of it
    with st.container(key=picture_key(analysed), gap="xsmall", horizontal_alignment="center"):
        place = st.container(horizontal_alignment="center")
        shown = _offer_mesh(analysed, max(width, _SWITCH_WIDTH)) if kept else analysed
        said = text.describe_picture(analysed.result.name, faces)
        mesh = describe_meshes(analysed.mesh.drawn, len(faces))
        place.image(shown.marked, width=width, alt=f"{said} {mesh}".strip())
        pick_face(analysed, selection, strip=len(faces) > MAX_CARDS)
    return shown


def _offer_mesh(analysed: AnalysedPhoto, width: int) -> AnalysedPhoto:
    """Show the switch for the face meshes; return the photo with them if it is on."""
    mesh, shown = analysed.mesh, analysed
    row = st.container(horizontal=True, vertical_alignment="center", gap="small", width=width)
    with row:
        key = f"photo_mesh_{analysed.photo.key}"
        mesh.shown = st.toggle("Face mesh", mesh.shown, key=key, help=HELP, width="content")
        if not mesh.shown:
            return analysed
        try:
            with st.spinner("Finding the points …"):
                shown = with_mesh(analysed, running_model.face_landmark())
            note = missing_note(mesh.drawn, len(analysed.faces))
        except ModelError as error:
            note = running_model.operator_message(error)
        if note:
            st.caption(note)
    return shown


def _no_face(analysed: AnalysedPhoto) -> None:
    result = analysed.result
    st.info(
        "**No face found.** It helps when the face is larger, well lit, turned to the camera and "
        "not covered.",
        icon=":material/face_retouching_off:",
    )
    width = fitted((result.width, result.height), *_PLAIN_PICTURE)
    st.image(analysed.marked, width=width, alt=text.describe_picture(result.name, result.faces))


def _table(faces: Faces) -> None:
    st.dataframe(
        table_rows(faces),
        hide_index=True,
        column_config=table_columns(faces.labels),
        alt=f"Table of {text.counted(len(faces), 'face')} with all probabilities",
    )


def _downloads(analysed: AnalysedPhoto) -> None:
    one, key = [analysed], analysed.photo.key
    spec = analysed.spec or running_model.model_spec()
    name = partial(file_name, analysed.result.name, analysed.faces.head)
    with st.container(horizontal=True):
        download("CSV", partial(csv_of, one, spec), name("csv"), "text/csv", key)
        download("JSON", partial(json_of, one, spec), name("json"), "application/json", key)
        if analysed.photo.data:
            picture = partial(png_of, analysed)
            download("Marked picture (PNG)", picture, name("png"), "image/png", key)
        else:
            small = partial(bytes, analysed.marked)
            download("Marked picture (JPEG)", small, name("jpg"), "image/jpeg", key)
