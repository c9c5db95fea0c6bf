"""What a file's name and folders say of it in a collection or data set, and how it is shown.

Names come from a visitor's browser or from inside an archive, so they may be anything. No file is
ever written under one of them on this server.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from pathlib import PurePath, PurePosixPath

from fer.images import SUFFIXES
from fer.labels import canonical

#: Most characters of a name that is shown or exported.
MAX_LENGTH = 160

_PHOTOS = frozenset({*SUFFIXES, "jpe", "jfif"})

_ARCHIVES = frozenset(
    {"zip", "cbz", "rar", "7z", "tar", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst", "lzma"}
)

#: Folders and files that systems put beside photographs.
_SYSTEM = frozenset({"__macosx", "@eadir", "$recycle.bin", "thumbs.db", "desktop.ini", "icon\r"})

#: Unicode's categories of characters that are not seen: controls, halves of characters, and marks,
#: some of which turn the direction of writing, so that an ending seems to be another one.
_UNSEEN = frozenset({"Cc", "Cs", "Cf"})

#: What Windows does not allow in a file's name.
_NOT_PORTABLE = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r" *(?:con|prn|aux|nul|com\d|lpt\d) *", re.IGNORECASE)


class Kind(Enum):
    """What a file is by its name."""

    PHOTO = auto()
    ARCHIVE = auto()
    SYSTEM = auto()
    OTHER = auto()


def kind_of(name: str) -> Kind:
    """Return what a file is by its name. One without an ending may be a photograph."""
    if is_system(name):
        return Kind.SYSTEM
    suffix = PurePosixPath(name.replace("\\", "/").lower()).suffix.lstrip(".")
    if suffix in _ARCHIVES:
        return Kind.ARCHIVE
    return Kind.PHOTO if suffix in _PHOTOS or not suffix else Kind.OTHER


def is_system(name: str) -> bool:
    """Return whether a file is hidden or made by an operating system, or is in such a folder."""
    parts = [part.lower() for part in _parts(name)]
    return any(p in _SYSTEM or (p.startswith(".") and p.strip(".")) for p in parts)


def leads_out(name: str) -> bool:
    """Return whether a path is absolute, or leads out of its folder on any system."""
    path = name.replace("\\", "/")
    return path.startswith("/") or ".." in path.split("/") or bool(re.match("[a-zA-Z]:", path))


def shown_name(name: str) -> str:
    """Return a name without what could mislead: control characters, ``..``, excessive length."""
    composed = unicodedata.normalize("NFC", name)  # Apple's systems write accents apart
    seen = "".join(sign for sign in composed if unicodedata.category(sign) not in _UNSEEN)
    parts = (part for part in _parts(seen) if part.strip() not in ("", ".", ".."))
    clean = "/".join(parts).strip()
    if len(clean) > MAX_LENGTH:
        clean = f"…{clean[1 - MAX_LENGTH :]}"
    return clean or "unnamed"


def portable_name(name: str) -> str:
    """Return a name that every system can unpack below a folder; see `shown_name`."""
    parts = (_NOT_PORTABLE.sub("_", part).rstrip(". ") for part in shown_name(name).split("/"))
    return "/".join(part for part in parts if part) or "unnamed"


def flat_name(name: str) -> str:
    """Return a name without folders that every system can give to a file; see `portable_name`."""
    flat = portable_name(name).replace("/", "_")
    # What begins with a dot is hidden; Windows keeps some names for devices, whatever their ending.
    return f"_{flat}" if flat[0] == "." or _DEVICES.fullmatch(flat.split(".")[0]) else flat


def natural_order(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a key that sorts ``2.jpg`` before ``10.jpg``."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return tuple((0, int(part)) if part[0] in "0123456789" else (1, part) for part in parts)


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part]


#: Common names of splits in lower case, of folders and of the column ``Usage``.
SPLIT_OF_FOLDER = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "val", "valid", "dev", "publictest"), "validation"),
    **dict.fromkeys(("test", "testing", "privatetest"), "test"),
}

#: FER2013's split names, also as prefixes of file names → this project's. PrivateTest is the test
#: set used in the literature.
SPLIT_OF_USAGE = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}

#: Greatest number of folders around class folders, as in ``dataset/photos/test/happy``.
_DEPTH = 3


def labelled_files(names: Iterable[str], labels: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return class and split, or ``""``, of the files of class folders; no image is opened.

    Class folders stand as high as the first folder that is called like one of the labels; folders
    beside it are classes too. Splits are the folders around them, as for training. Names are paths
    relative to the data set, with slashes.
    """
    paths = [PurePosixPath(name) for name in names]
    folders = [path.parts[:-1][: _DEPTH + 1] for path in paths]
    levels = [i for parts in folders for i, part in enumerate(parts) if canonical(part) in labels]
    if not levels:
        return {}
    level = min(levels)
    return {
        str(path): (
            canonical(path.parts[level]),
            split_of(path, SPLIT_OF_FOLDER.get(path.parts[level - 1].lower() if level else "", "")),
        )
        for path in paths
        if len(path.parts) > level + 1
    }


def split_of(path: PurePath, folder_split: str) -> str:
    """Return the split of an image; FER2013's two held-out splits may be in one folder ``test``."""
    if folder_split != "test":
        return folder_split
    return SPLIT_OF_USAGE.get(path.name.partition("_")[0], "test")
