"""Names of files, as anybody may have made them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.labelled.names import (
    MAX_LENGTH,
    Kind,
    LabelledFile,
    flat_name,
    kind_of,
    labelled_files,
    leads_out,
    natural_order,
    portable_name,
    shown_name,
)

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
    assert [(file.class_name, file.split) for file in found] == files
    assert all(isinstance(file, LabelledFile) and file.name in names for file in found)
