"""Rows and column configuration for the table of faces, `st.dataframe`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.photo.store import AnalysedPhoto
from fer import Faces
from fer.export.table import face_rows
from fer.text import one_of


def table_columns(labels: Sequence[str]) -> dict[str, Any]:
    """Return Streamlit's configuration of the columns of `table_rows`."""
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


def table_rows(faces: Faces) -> list[dict[str, Any]]:
    """Return one row per face: number, answer, all probabilities in %, flaws, size in pixels."""
    return [
        {
            "face": number,
            "answer": f"uncertain: {one_of(said)}" if row.uncertain else row.answer,
            "confidence": _per_cent(row.confidence),
            **{label: _per_cent(share) for label, share in row.probabilities.items()},
            "quality": "; ".join(row.quality),
            "size": f"{_side(row.box, 0)} × {_side(row.box, 1)}",
        }
        for number, (row, said) in enumerate(
            zip(face_rows(faces), faces.candidates, strict=True), start=1
        )
    ]


def all_table_rows(photos: Sequence[AnalysedPhoto]) -> list[dict[str, Any]]:
    """Return the rows of the faces of several photographs, each with the name of its file."""
    return [
        {"file": analysed.result.name, **row}
        for analysed in photos
        for row in table_rows(analysed.faces)
    ]


def _per_cent(probability: float) -> float:
    # No network is certain, so rounding must not show 100%; see `fer.text.chance`.
    return min(100 * probability, 99.9)


def _side(box: Sequence[float], axis: int) -> int:
    return round(box[axis + 2] - box[axis])
