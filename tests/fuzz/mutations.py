"""Changes to bytes, plain values and files, each a function of a random generator alone."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Rng = np.random.Generator

#: Texts that others have stumbled over.
NASTY_TEXTS = (
    "", " ", "\0", "a\0b", "\n", "\r\n", "'", '"', ",", ";", "=1+1", "@SUM(A1)", "-1", "+1", "\t=1",
    "../../etc/passwd", "..\\..\\a", "/etc/passwd", "C:\\a", "con", "nul.txt", ".", "..", "~", "%s",
    "{0}", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "$x$", "\u202egnp.exe",
    "\ud800", "e\u0301", "日本語", "😀" * 50, "x" * 10_000, "9" * 5000, "1e999", "nan", "-0", "²",
    "٣", "None", "true", "null",
)  # fmt: skip

NASTY_NUMBERS = (
    0, -1, 1, 2, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, 2**32, 2**53, 2**63, 2**64, -(2**63),
    10**30, 0.0, -0.0, 0.5, 1e-320, 1e9, 1e38, 1e308, float("inf"), float("-inf"), float("nan"),
)  # fmt: skip

NASTY_VALUES = (*NASTY_TEXTS, *NASTY_NUMBERS, None, True, False, [], {}, [[]], [None], {"": {}})

#: Bytes of numbers at the ends of their ranges.
_EDGES = [
    number.to_bytes(size, order)
    for size in (1, 2, 4, 8)
    for number in (0, 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1)
    for order in ("little", "big")
]


def one(rng: Rng, options: Sequence[Any]) -> Any:
    """Return one of the options."""
    return options[int(rng.integers(len(options)))]


def some_bytes(rng: Rng, most: int = 4096) -> bytes:
    """Return random bytes, mostly few."""
    return rng.bytes(int(rng.integers(0, 2 ** int(rng.integers(1, most.bit_length())))))


#: What is done to bytes, the likelier the more often it stands here.
_CHANGES = (*(4 * ("flip", "edge")), *(2 * ("noise", "remove", "repeat", "splice")), "cut")


def changed(rng: Rng, data: bytes, others: Sequence[bytes] = (b"",)) -> bytes:
    """Return bytes with one to eight changes, half of them near the beginning: headers."""
    if rng.random() < 0.02:
        return some_bytes(rng)
    out = bytearray(data)
    for _ in range(min(8, int(rng.geometric(0.4)))):
        end = len(out) if rng.random() < 0.5 else min(len(out), 512)
        at, few = int(rng.integers(end + 1)), int(rng.integers(64))
        match one(rng, _CHANGES):
            case "flip" if at < len(out):
                out[at] ^= 1 << few % 8
            case "edge":
                edge = one(rng, _EDGES)
                out[at : at + len(edge)] = edge
            case "noise":
                noise = some_bytes(rng, 64)
                out[at : at + len(noise)] = noise
            case "remove":
                del out[at : at + 1 + few]
            case "repeat":
                out[at:at] = out[at : at + 1 + few]
            case "splice":
                other = one(rng, others)
                begin = int(rng.integers(len(other) + 1))
                out[at:at] = other[begin : begin + 4 * few]
            case "cut":
                del out[max(at, int(rng.integers(len(out) + 1))) :]
    return bytes(out)


def changed_value(rng: Rng, value: Any, changes: int = 3) -> Any:
    """Return plain data (mappings, lists, texts, numbers) with one to so many changes."""
    holder = [copy.deepcopy(value)]
    for _ in range(1 + int(rng.integers(changes))):
        _change_one(rng, holder)
    return holder[0]


def _change_one(rng: Rng, holder: list[Any]) -> None:
    """Go down at random and change what is there."""
    inside: Any = holder
    key: Any = 0
    while isinstance(inside[key], dict | list) and inside[key] and rng.random() < 0.9:
        inside = inside[key]
        key = one(rng, [*inside] if isinstance(inside, dict) else range(len(inside)))
    match int(rng.integers(6)):
        case 0 if inside is not holder:
            del inside[key]
        case 1 if isinstance(inside, list) and inside is not holder:
            inside.insert(key, copy.deepcopy(one(rng, inside)))
        case 2 if isinstance(inside, dict):
            inside[one(rng, NASTY_TEXTS)] = inside.pop(key)
        case 3 if isinstance(inside[key], int | float) and not isinstance(inside[key], bool):
            inside[key] = inside[key] * one(rng, (-1, 0, 2, 0.5, 1e6))
        case 4 if isinstance(inside, dict) or inside is not holder:
            keys = [*inside] if isinstance(inside, dict) else range(len(inside))
            inside[key] = copy.deepcopy(inside[one(rng, keys)])
        case _:
            inside[key] = copy.deepcopy(one(rng, NASTY_VALUES))


#: A path below a folder, and what stands there.
Files = dict[str, bytes]

#: JSON that no parser of Python's can read: it is too deep.
_DEEP = b'{"version":' + b"[" * 100_000


def changed_files(rng: Rng, files: Files) -> Files:
    """Return files of which one to three were changed, renamed, removed or put in."""
    files = dict(files)
    for _ in range(1 + int(rng.integers(3))):
        name = one(rng, [*files])
        match int(rng.integers(8)):
            case 0 if len(files) > 1:
                del files[name]
            case 1:
                files[_changed_name(rng, name)] = files.pop(name)
            case 2:
                files[_changed_name(rng, name)] = one(rng, (files[name], some_bytes(rng)))
            case _:
                files[name] = _changed_content(rng, name, files[name], [*files.values()])
    return files


def _changed_name(rng: Rng, name: str) -> str:
    parts = name.split("/")
    parts[int(rng.integers(len(parts)))] = one(rng, (*NASTY_TEXTS, "train", "happy", "labels.csv"))
    ending = one(rng, ("", "", ".png", ".csv", ".npz", ".zip", "/"))
    return ("/".join(parts) + ending)[:60_000].replace("\0", "") or "x"


def _changed_content(rng: Rng, name: str, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change a file, mostly so that it stays of its kind."""
    try:
        match name.rpartition(".")[2] if rng.random() < 0.75 else "":
            case "json":
                nasty = (_DEEP, *(as_json(value) for value in NASTY_VALUES))
                plain = as_json(changed_value(rng, json.loads(data)))
                return plain if rng.random() < 0.9 else one(rng, nasty)
            case "csv":
                return _changed_table(rng, data)
            case "npz":
                return _changed_arrays(rng, data)
            case "zip":
                return changed_zip(rng, data)
    except (ValueError, RecursionError, OSError, zipfile.BadZipFile, EOFError):
        pass  # it is none of its kind any more
    return changed(rng, data, others)


def as_json(value: Any) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _changed_table(rng: Rng, data: bytes) -> bytes:
    lines = [line.split(",") for line in data.decode(errors="replace").split("\n")]
    cells = (*NASTY_TEXTS, *map(str, NASTY_NUMBERS), "happy", "fer99999999999.png")
    for _ in range(1 + int(rng.integers(4))):
        line = one(rng, lines)
        line[int(rng.integers(len(line)))] = one(rng, cells)
    end = one(rng, ("\n", "\n", "\r\n", "\r"))
    return end.join(map(",".join, lines)).encode("utf-8", "surrogatepass")


def _changed_arrays(rng: Rng, data: bytes) -> bytes:
    """Put another array in the place of one of an archive, or beside them."""
    with np.load(io.BytesIO(data)) as stored:
        arrays = {name: stored[name] for name in stored.files}
    kind = one(rng, ("u1", "i8", "f8", "f4", "?", "U9", "S3", "c16", "O", "M8[s]", "V3", "u8"))
    shape = tuple(one(rng, (0, 1, 3, 6, 48)) for _ in range(int(rng.integers(5))))
    full = one(rng, (np.zeros(shape, kind), np.full(shape, 1, "u1"), np.full(shape, -1)))
    arrays[one(rng, (*arrays, "row", "x/y_labels"))] = full
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def zipped(files: Files, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a ZIP of files, whose names may be hostile."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode(), (2026, 1, 1, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, data)
    return out.getvalue()


#: Beginnings of a local header, an entry of the table of contents, and the end of it; with the
#: places of their numbers.
_HEADERS = {b"PK\3\4": range(4, 30, 2), b"PK\1\2": range(4, 46, 2), b"PK\5\6": range(4, 22, 2)}


def changed_zip(rng: Rng, data: bytes) -> bytes:
    """Change numbers in the headers of a ZIP, such as sizes, methods and flags."""
    out = bytearray(data)
    for _ in range(1 + int(rng.integers(4))):
        mark, places = one(rng, [*_HEADERS.items()])
        found = [at for at in range(len(out) - 4) if out[at : at + 4] == mark]
        at = one(rng, found) + one(rng, places) if found else len(out)
        if at + 2 <= len(out):
            value = one(rng, (0, 1, 8, 9, 12, 14, 0x41, 0x800, 0x7FFF, 0xFFFF))
            struct.pack_into("<H", out, at, value)
    return bytes(out)


def write_files(root: Path, files: Files) -> None:
    """Write files below a folder, as far as a file system can have them."""
    for name, data in files.items():
        with contextlib.suppress(OSError, ValueError):
            path = (root / name).resolve()
            if root in path.parents:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
