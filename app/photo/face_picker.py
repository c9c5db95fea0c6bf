"""Choosing a face in a picture, or in the strip of faces cut out of it."""

from __future__ import annotations

import base64
from typing import Any

import streamlit as st

from app.common import text
from app.common.components import mount
from app.photo.store import AnalysedPhoto
from fer.labels import colour_of

#: Selected face by key of the photo; a photo without a selection is not in it.
Selection = dict[str, int]


def picture_key(analysed: AnalysedPhoto) -> str:
    """Return the key of the container that must hold the picture and the picker."""
    return f"photo_picture_{analysed.photo.key}"


def card_key(analysed: AnalysedPhoto, face: int) -> str:
    """Return the key of the container of a face's card, which is outlined when it is selected."""
    return f"{_cards(analysed)}_{face}"


def pick_face(analysed: AnalysedPhoto, selection: Selection, *, strip: bool) -> None:
    """Make the faces of the picture above choosable, and show a strip of them.

    Args:
        analysed: the photograph.
        selection: gets what the visitor selects.
        strip: whether to show the strip.
    """
    key = f"photo_faces_{analysed.photo.key}"

    def store_choice() -> None:
        face = int(st.session_state[key].face)
        if 0 <= face < len(analysed.faces):
            selection[analysed.photo.key] = face
        else:
            selection.pop(analysed.photo.key, None)

    mount("photo/faces", _data(analysed, selection, strip), key, on_face_change=store_choice)


def _data(analysed: AnalysedPhoto, selection: Selection, strip: bool) -> dict[str, Any]:
    return {
        "picture": picture_key(analysed),
        "card": _cards(analysed),
        "selected": selection.get(analysed.photo.key, -1),
        "strip": strip,
        "faces": [
            _face(analysed, index, verdict) | (_tile(analysed, index) if strip else {})
            for index, verdict in enumerate(text.verdicts(analysed.faces))
        ],
    }


def _face(analysed: AnalysedPhoto, index: int, verdict: text.Verdict) -> dict[str, Any]:
    width, height = analysed.result.width, analysed.result.height
    left, top, right, bottom = analysed.faces.xyxy[index].tolist()
    return {
        "index": index,
        "label": f"Face {index + 1}: {verdict.sentence}",
        "answer": verdict.answer,
        "colour": colour_of(verdict.answer) if verdict.sure else "",
        "box": [
            round(share, 4)
            for share in (
                left / width,
                top / height,
                (right - left) / width,
                (bottom - top) / height,
            )
        ],
    }


def _tile(analysed: AnalysedPhoto, index: int) -> dict[str, Any]:
    return {"tile": base64.b64encode(analysed.tiles[index]).decode()}


def _cards(analysed: AnalysedPhoto) -> str:
    return f"photo_card_{analysed.photo.key}"
