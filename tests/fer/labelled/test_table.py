import csv
import io
import zipfile
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.errors import DataError
from fer.export.table import face_columns
from fer.labelled.names import leads_out
from fer.labelled.table import (
    COLUMNS,
    MAX_BYTES,
    SKIPPED,
    LabelledFace,
    LabelRow,
    read_table,
    write_archive,
    write_table,
)
from fer.types import UNCERTAIN

#: What `fer.labelled.names.flat_name` may return: no control characters, no spaces around.
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf"))).map(str.strip)

ROWS = st.builds(
    LabelRow,
    photo=texts.filter(bool),
    expression=st.sampled_from(["happy", "sad", SKIPPED]),
    box=st.none() | st.tuples(*[st.integers(-50, 9000).map(float)] * 4),
    file=texts,
    answer=texts,
    confidence=st.none() | st.sampled_from([0.0, 0.25, 1.0]),
    model=texts,
    head=texts,
    answer_seen=st.booleans(),
    detection_score=st.none() | st.sampled_from([0.0, 0.5]),
    quality=st.sampled_from([(), ("small",), ("small", "dark")]),
)


@given(st.lists(ROWS))
def test_what_is_written_is_read_again_and_nothing_is_a_formula(rows: list[LabelRow]) -> None:
    table = write_table(rows)
    assert read_table(table.encode()) == rows
    sides = {"left", "top", "right", "bottom"}
    for record in csv.DictReader(io.StringIO(table, newline="")):
        words = [text for column, text in record.items() if column not in sides]
        assert not [word for word in words if word.startswith(("=", "+", "-", "@"))]


def test_columns_of_the_answer_have_their_names_of_all_files() -> None:
    assert write_table([]) == ",".join(COLUMNS) + "\n"
    row = LabelRow("a.jpg", "sad", (1, 2, 3, 4), "", UNCERTAIN, 0.4, "compact", "balanced")
    header = write_table([row]).splitlines()[0].split(",")
    assert set(header) <= {"model", "answer_seen", "photo", *face_columns(())}
    assert "file" in write_table([replace(row, file="crops/sad/a.png")])
    assert next(csv.DictReader(io.StringIO(write_table([row]))))["uncertain"] == "true"


def test_a_table_of_somebody_else_needs_two_columns_and_may_use_other_names() -> None:
    table = (
        "\ufeffphoto,expression,left,top,right,bottom\na.jpg,Anger,x\nb.jpg,,1\n,happy,1\n"
        "c.jpg,bored,nan,1,2,3\nd.jpg,sad,1e9,1,2,3\n"
    )
    found = [("a.jpg", "angry"), ("c.jpg", "bored"), ("d.jpg", "sad")]
    assert read_table(table.encode()) == [LabelRow(*row) for row in found]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no column expression and no column photo"),
        (b"photo,label\n", "no column expression"),
        (b"\xff\xfe\x00", "not a table in UTF-8"),
        (b'photo,expression\n"a', "not a table"),
        (b" " * (MAX_BYTES + 1), "larger than 16 MB"),
    ],
)
def test_what_is_no_such_table_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_table(data)


anything = st.text() | st.sampled_from(["../a", "a", "A", "a/b", "a_b", "/a", "C:a", "=1"])


@given(st.lists(anything, unique=True))
def test_nothing_leaves_the_folder_and_no_two_files_are_one(photos: list[str]) -> None:
    faces = [
        LabelledFace(LabelRow(photo, "../happy", (1, 2, 3, 4)), n, f"{photo} {n}".encode)
        for n, photo in enumerate(photos)
    ]
    wall = LabelledFace(LabelRow("\x00wall", "sad"))  # of which there is no face
    out = io.BytesIO()
    contents = {photo: str(n).encode() for n, photo in enumerate(photos)}
    write_archive(out, [*faces, wall], {name: lambda n=name: contents[n] for name in contents})
    with zipfile.ZipFile(out) as archive:
        files = archive.namelist()
        *rows, last = read_table(archive.read("labels.csv"))
        assert [archive.read(row.file).decode() for row in rows] == [
            f"{photo} {n}" for n, photo in enumerate(photos)
        ]
        originals = [archive.read(f"originals/{row.photo}") for row in rows]
        assert originals == [*contents.values()]
    assert (last.file, last.expression) == ("", "sad")
    assert len({name.casefold() for name in files}) == len(files) == 1 + 2 * len(photos)
    assert not [name for name in files if leads_out(name)]
    folders = {str(PurePosixPath(name).parent) for name in files}
    assert folders <= {".", "crops/happy", "originals"}
