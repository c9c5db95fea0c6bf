import numpy as np
import pyarrow as pa
import pytest

from fer.collection.rows import face_cell, row_without_result, shown_path, table_schema
from fer.export.face_rows import FaceRow
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec


def a_face(*, uncertain: bool = False) -> FaceRow:
    return FaceRow.of(
        box=np.array([1, 2.25, 30, 40], np.float32),
        score=0.87654,
        head=EXPRESSION_HEAD,
        labels=("happy", "sad", "neutral"),
        probabilities=np.array([0.2, 0.7, 0.1], np.float32),
        uncertain=uncertain,
        flaws=(True, False, False, True),
    )


@pytest.mark.parametrize("faces", [[], [a_face()], [a_face(), a_face(uncertain=True)]])
def test_a_row_survives_the_table(spec: ModelSpec, faces: list[FaceRow]) -> None:
    schema = table_schema(spec.head(EXPRESSION_HEAD), {"model": "fake"})
    row = row_without_result("/a.jpg", "") | {"faces": [face_cell(face) for face in faces]}
    [back] = pa.Table.from_pylist([row], schema=schema).to_pylist()
    assert len(back["faces"]) == len(faces)
    for cell, face in zip(back["faces"], faces, strict=True):
        assert list(cell) == list(face.record())
        assert tuple(cell.pop("box").values()) == pytest.approx(face.box)
        assert cell.pop("probabilities") == pytest.approx(face.probabilities)
        numbers = {
            name: pytest.approx(face.record()[name]) for name in ("detection_score", "confidence")
        }
        assert cell == {name: face.record()[name] for name in cell} | numbers


def test_the_table_says_what_made_it(spec: ModelSpec) -> None:
    schema = table_schema(spec.head(EXPRESSION_HEAD), {"model": "fake", "head": "expression"})
    assert schema.metadata == {b"model": b"fake", b"head": b"expression"}


def test_a_photograph_without_a_result_has_only_its_path_and_the_reason(spec: ModelSpec) -> None:
    schema = table_schema(spec.head(EXPRESSION_HEAD), {})
    [row] = pa.Table.from_pylist([row_without_result("/a.jpg", "is empty.")], schema).to_pylist()
    assert {name: value for name, value in row.items() if value is not None} == {
        "path": "/a.jpg",
        "error": "is empty.",
    }


@pytest.mark.parametrize(
    ("path", "shown"), [("", ""), ("/é.jpg", "/é.jpg"), ("/\udce9.jpg", "/\\xe9.jpg")]
)
def test_a_path_is_shown_as_text_whatever_its_bytes(path: str, shown: str) -> None:
    assert shown_path(path) == shown
