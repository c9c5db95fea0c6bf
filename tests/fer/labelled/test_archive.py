"""A set of labelled faces as a ZIP: safe to unpack anywhere, and read by the training."""

import io
import zipfile
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fer.labelled.archive import LabelledFace, write_archive
from fer.labelled.names import leads_out
from fer.labelled.table import LabelRow, read_table
from training.data.load import load


def png(level: int, side: int = 144) -> bytes:
    return cv2.imencode(".png", np.full((side, side, 3), level, np.uint8))[1].tobytes()


def written(faces: list[LabelledFace], originals: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    contents = originals or {}
    write_archive(out, faces, {name: lambda n=name: contents[n] for name in contents})
    return out.getvalue()


def face(photo: str, expression: str = "happy", number: int = 1) -> LabelledFace:
    row = LabelRow(photo, expression, (1, 2, 3, 4))
    return LabelledFace(row, number, lambda: f"{photo} {number}".encode())


def test_an_empty_set_is_a_table_without_rows() -> None:
    with zipfile.ZipFile(io.BytesIO(written([]))) as archive:
        assert archive.namelist() == ["labels.csv"]
        assert read_table(archive.read("labels.csv")) == []


def test_a_photograph_without_a_face_is_in_the_table_only() -> None:
    data = written([LabelledFace(LabelRow("wall.jpg", "sad"))], {"wall.jpg": b"bytes"})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["labels.csv", "originals/wall.jpg"]
        assert read_table(archive.read("labels.csv")) == [LabelRow("wall.jpg", "sad")]
        assert archive.read("originals/wall.jpg") == b"bytes"


anything = st.text() | st.sampled_from(["../a", "a", "A", "a/b", "a_b", "/a", "C:a", "=1"])


@given(st.lists(anything, unique=True))
def test_nothing_leaves_the_folder_and_no_two_files_are_one(photos: list[str]) -> None:
    faces = [face(photo, "../happy", n) for n, photo in enumerate(photos)]
    contents = {photo: str(n).encode() for n, photo in enumerate(photos)}
    with zipfile.ZipFile(io.BytesIO(written(faces, contents))) as archive:
        files = archive.namelist()
        rows = read_table(archive.read("labels.csv"))
        assert [archive.read(row.file).decode() for row in rows] == [
            f"{photo} {n}" for n, photo in enumerate(photos)
        ]
        originals = [archive.read(f"originals/{row.photo}") for row in rows]
        assert originals == [*contents.values()]
    assert len({name.casefold() for name in files}) == len(files) == 1 + 2 * len(photos)
    assert not [name for name in files if leads_out(name)]
    folders = {str(PurePosixPath(name).parent) for name in files}
    assert folders <= {".", "crops/happy", "originals"}


def test_the_training_reads_it_unpacked(tmp_path: Path) -> None:
    faces = [
        LabelledFace(LabelRow(name, name), 1, lambda s=side: png(90, s))
        for name, side in (("happy", 144), ("sad", 48), ("contempt", 112))
    ]
    originals = ["happy/a.png", "sad/b.png", "contempt/c.png"]
    data = written(faces, {name: png(10) for name in originals})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    read = load(tmp_path, size=48)
    assert read.split("train").class_names == ("contempt", "happy", "sad")
    assert sum(map(len, read.splits.values())) == 3
