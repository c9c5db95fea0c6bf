"""What the folders of a data set say about the images in them: class and split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath

from fer.labels import canonical

#: Common names of split folders.
SPLIT_OF_FOLDER = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "val", "valid", "dev", "publictest"), "validation"),
    **dict.fromkeys(("test", "testing", "privatetest"), "test"),
}

#: FER2013's split names → this project's. PrivateTest is the test set used in the literature.
SPLIT_OF_USAGE = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}

#: Greatest number of folders around class folders, as in ``dataset/photos/test/happy``.
_DEPTH = 3


@dataclass(frozen=True)
class LabelledFile:
    """The name of a file below a folder, and the class and split (or ``""``) that it says."""

    name: str
    class_name: str
    split: str


def labelled_files(names: Iterable[str], labels: Sequence[str]) -> list[LabelledFile]:
    """Return the files of class folders; no image is opened.

    Class folders stand as high as the first folder that is called like one of the labels; folders
    beside it are classes too. Splits are the folders around them, as for training. Names are paths
    relative to the data set, with slashes.
    """
    paths = [PurePosixPath(name) for name in names]
    folders = [path.parts[:-1][: _DEPTH + 1] for path in paths]
    levels = [i for parts in folders for i, part in enumerate(parts) if canonical(part) in labels]
    if not levels:
        return []
    level = min(levels)
    return [
        LabelledFile(
            str(path),
            canonical(path.parts[level]),
            split_of(path, SPLIT_OF_FOLDER.get(path.parts[level - 1].lower() if level else "", "")),
        )
        for path in paths
        if len(path.parts) > level + 1
    ]


def split_of(path: PurePath, folder_split: str) -> str:
    """Return the split of an image.

    FER2013 as folders keeps both of its held-out splits in ``test``; file name prefixes distinguish
    them.
    """
    if folder_split != "test":
        return folder_split
    return SPLIT_OF_USAGE.get(path.name.partition("_")[0], "test")
