"""Archives, names and tables, as anybody may have made them."""

from __future__ import annotations

import csv
import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.errors import DataError
from fer.export.table import face_columns
from fer.labelled.archives import (
    MB,
    UnpackError,
    contents,
    is_folder,
    open_tar,
    refusal,
    tar_contents,
    tar_refusal,
)
from fer.labelled.names import (
    MAX_LENGTH,
    Kind,
    flat_name,
    kind_of,
    labelled_files,
    leads_out,
    natural_order,
    portable_name,
    shown_name,
)
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


def entry(
    name: str = "happy/a.png", *, mode: int = 0, flags: int = 0, method: int = 8
) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr, made.create_system = mode << 16, 3
    made.flag_bits, made.compress_type = flags, method
    return made


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({}, ""),
        ({"method": 0, "mode": 0o100644}, ""),
        ({"name": "happy/", "mode": 0o040755}, ""),
        *(({"name": name}, "leads out") for name in ("../a.png", "a/../../b", "\\a", "C:\\a.png")),
        ({"mode": 0o120777}, "is a link"),
        ({"mode": 0o010644}, "not a usual file"),
        *(({"flags": flag}, "without a password") for flag in (0x1, 0x40)),
        ({"method": 14}, "not read (LZMA). Use the usual one, deflate"),
        ({"method": 99}, "(method 99)"),
    ],
)
def test_an_entry_that_could_do_harm_is_refused(about: dict, reason: str) -> None:
    made = entry(**about)
    said = refusal(made, made.filename)
    assert reason in said
    assert bool(said) is bool(reason)
    assert is_folder(made) is (made.filename == "happy/")


@pytest.mark.parametrize(
    ("zeros", "most", "reason"),
    [
        (0, 15_000, ""),
        (0, 14_999, "larger than 0 MB"),
        (1_000_000, 2**21, ""),  # a small drawing may be compressed a thousandfold
        (1_480_000, 2**21, ""),
        (1_800_000, 2**21, "less than 1/100 of its size"),
    ],
)
def test_bytes_are_really_counted(tmp_path: Path, zeros: int, most: int, reason: str) -> None:
    content = random.Random(2).randbytes(15_000) + bytes(zeros)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", content)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        member = archive.getinfo("a.png")
        if reason:
            with pytest.raises(UnpackError, match=reason):
                b"".join(contents(archive, member, most))
        else:
            assert b"".join(contents(archive, member, most)) == content


NAMES = {
    kind_of: {
        **dict.fromkeys(("", "a.jpg", "day 1/IMG_1.HEIC", "without_ending"), Kind.PHOTO),
        **dict.fromkeys(("a.jpg.zip", "photos.tar.gz"), Kind.ARCHIVE),
        **dict.fromkeys(("film.mp4", "notes.txt"), Kind.OTHER),
        **dict.fromkeys((".hidden.jpg", ".git/a.jpg", "__MACOSX/day/._a.jpg"), Kind.SYSTEM),
        **dict.fromkeys(("__MACOSX/a.jpg", "day\\Thumbs.db", "Desktop.ini"), Kind.SYSTEM),
    },
    leads_out: {
        **dict.fromkeys(("", "a/b.jpg", "a..b/c...jpg"), False),
        **dict.fromkeys(("../a.jpg", "a/../../b.jpg", "a\\..\\b.jpg", "c:a.jpg"), True),
        **dict.fromkeys(("/etc/passwd.jpg", "\\\\server\\share\\a.jpg", "C:\\a.jpg"), True),
    },
    shown_name: {
        "": "unnamed",
        "../..": "unnamed",
        "/etc/./a.jpg": "etc/a.jpg",
        "..\\..\\a.jpg": "a.jpg",
        "a\x00\x1b[31m.jpg": "a[31m.jpg",
        "holiday\u202egpj.exe": "holidaygpj.exe",
        "Zu\u0308rich.jpg": "Z\u00fcrich.jpg",
        "日本/写真.jpg": "日本/写真.jpg",
        "x" * 500 + ".jpg": "…" + "x" * (MAX_LENGTH - 5) + ".jpg",
        "x" * MAX_LENGTH: "x" * MAX_LENGTH,
    },
    flat_name: {
        "": "unnamed",
        "a.jpg": "a.jpg",
        "day 1/a.jpg": "day 1_a.jpg",
        "../../etc/passwd": "etc_passwd",
        "C:\\pictures\\a.jpg": "C__pictures_a.jpg",
        ".hidden.jpg": "_.hidden.jpg",
        "con.jpg": "_con.jpg",
        "LPT1": "_LPT1",
        "console.jpg": "console.jpg",
    },
}


@pytest.mark.parametrize(
    ("function", "name"), [(function, name) for function, rows in NAMES.items() for name in rows]
)
def test_what_a_name_says_and_is_shown_as(function: Callable, name: str) -> None:
    assert function(name) == NAMES[function][name]


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("./\\:\x00\u202e"), max_size=300))
def test_whatever_a_name_is_the_exported_one_stays_in_its_folder(name: str) -> None:
    for safe in (shown_name(name), portable_name(name)):
        assert 0 < len(safe) <= MAX_LENGTH
        assert ".." not in safe.split("/")
        assert not safe.startswith("/")
        assert safe.isprintable() or " " in safe or safe.encode()
    assert not set('<>:"|?*\\') & set(portable_name(name))
    assert flat_name(flat_name(name)) == flat_name(name)


def test_numbers_in_names_are_sorted_as_numbers_but_those_of_other_scripts() -> None:
    names = ["b.jpg", "a10.jpg", "A2.jpg", "10.jpg", "9.jpg", ""]
    assert sorted(names, key=natural_order) == ["", "9.jpg", "10.jpg", "A2.jpg", "a10.jpg", "b.jpg"]
    assert sorted(["10.jpg", "٣/x.png", "²", "2.jpg"], key=natural_order)[:2] == ["2.jpg", "10.jpg"]


LABELS = ("happy", "sad")


@pytest.mark.parametrize(
    ("names", "files"),
    [
        ([], []),
        (["a.jpg", "notes.txt"], []),
        (["holiday/a.jpg"], []),
        (["happy/a.jpg"], [("happy", "")]),
        (["Smiling/x/a.jpg", "Sadness/a.jpg"], [("happy", ""), ("sad", "")]),
        (["happy/a.jpg", "contempt/b.jpg", "c.jpg"], [("happy", ""), ("contempt", "")]),
        (["set/train/happy/a.jpg", "set/val/sad/b.jpg", "set/read.me"],
         [("happy", "train"), ("sad", "validation")]),
        (["test/happy/PublicTest_1.png", "test/sad/PrivateTest_1.png"],
         [("happy", "validation"), ("sad", "test")]),
        (["a/b/c/d/happy/a.jpg"], []),
    ],
)  # fmt: skip
def test_folders_say_class_and_split(names: list[str], files: list[tuple[str, str]]) -> None:
    found = labelled_files(names, LABELS)
    assert list(found.values()) == files
    assert found.keys() <= set(names)


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


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_table_that_excel_has_saved_is_read(delimiter: str) -> None:
    """With its delimiter and decimal comma in many countries."""
    cells = [
        ("photo", "expression", "left", "top", "right", "bottom", "confidence"),
        ("a, b.jpg", "Anger", "1,5", "2", "30", "40", "0,25"),
    ]
    table = "\r\n".join(delimiter.join(row) for row in cells)
    (row,) = read_table(table.encode("utf-8-sig"))
    assert (row.photo, row.expression) == ("a, b.jpg", "angry")
    assert (row.box, row.confidence) == ((1.5, 2, 30, 40), 0.25)


def write_tar(path: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    """Write a ``.tar.gz`` of headers as they are, each with what follows it."""
    with gzip.open(path, "wb") as file:
        for header, content in entries:
            file.write(header.tobuf())
            file.write(content.ljust(-len(content) // 512 * -512, b"\0"))
        file.write(bytes(1024))
    return path


def tar_entry(
    name: str = "faces.csv", size: int = 0, kind: bytes = tarfile.REGTYPE
) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.type, made.linkname = size, kind, "/etc/passwd"
    return made


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (tar_entry(), ""),
        (tar_entry("faces", kind=tarfile.DIRTYPE), ""),
        *((tar_entry(name), "leads out") for name in ("../a.csv", "/etc/a.csv", "C:\\a.csv")),
        *((tar_entry(kind=kind), "is a link") for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE)),
        *((tar_entry(kind=kind), "usual file") for kind in (tarfile.CHRTYPE, tarfile.FIFOTYPE)),
    ],
)
def test_an_entry_of_a_tar_that_could_do_harm_is_refused(
    entry: tarfile.TarInfo, reason: str
) -> None:
    said = tar_refusal(entry)
    assert reason in said
    assert bool(said) is bool(reason)


def test_the_contents_of_a_tar_are_counted(tmp_path: Path) -> None:
    file = write_tar(tmp_path / "a.tar.gz", (tar_entry(size=5), b"a,b\n1"))
    with open_tar(file, MB) as archive:
        (entry,) = archive
        assert b"".join(tar_contents(archive, entry, 5)) == b"a,b\n1"
        with pytest.raises(UnpackError, match="larger than 0 MB"):
            b"".join(tar_contents(archive, entry, 4))


@pytest.mark.parametrize(
    ("entries", "most", "reason"),
    [
        ([(tar_entry("read.me", MB), bytes(MB))], MB // 2, "larger than 0 MB"),
        ([(tar_entry("read.me", 9 * MB), bytes(9 * MB))], 2**40, "larger than 1 MB"),
        ([(tar_entry(size=2 * MB, kind=tarfile.XHDTYPE), b"")], 2**40, "header of more than 1 MB"),
        ([(tar_entry(size=2 * MB, kind=tarfile.GNUTYPE_LONGNAME), b"")], 2**40, "header of more"),
    ],
    ids=["between files", "for a small archive", "extended header", "long name"],
)
def test_a_tar_is_not_unpacked_beyond_its_bound(
    entries: list[tuple[tarfile.TarInfo, bytes]], most: int, reason: str, tmp_path: Path
) -> None:
    """Whatever an entry or header says about its size."""
    file = write_tar(tmp_path / "a.tar.gz", *entries, (tar_entry(size=3), b"a,b"))
    with pytest.raises(UnpackError, match=reason), open_tar(file, most) as archive:
        list(archive)
