"""What folders say about the images in them."""

import pytest

from fer.labelled.folders import LabelledFile, labelled_files

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
