"""Marked pictures, and where a process may have left them: memory, files, logs."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import PAGESIZE
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from fer.types import Image

#: Bytes of a mark. By chance, none is anywhere.
_LENGTH = 48

#: Bytes of memory that are read at a time.
_PART = 16 * 2**20


@dataclass(frozen=True)
class Marked:
    """A picture with two marks that nothing else has.

    Attributes:
        file: the picture as PNG.
        in_file: bytes of the file itself.
        in_pixels: bytes of the decoded picture, RGB, a few pixels of a row.
    """

    file: bytes
    in_file: bytes
    in_pixels: bytes

    @property
    def marks(self) -> dict[str, bytes]:
        """The marks by their names."""
        return {"file": self.in_file, "pixels": self.in_pixels}


def marked(photo: Image) -> Marked:
    """Return a photograph with marks, which stands in no file and no other process."""
    pixels, length = photo.copy(), _LENGTH // 3
    mark = np.frombuffer(os.urandom(3 * length), np.uint8).reshape(1, length, 3)
    pixels[40:41, 30 : 30 + length] = mark
    in_file, out = os.urandom(_LENGTH), io.BytesIO()
    PillowImage.fromarray(pixels).save(out, "PNG")
    data = out.getvalue()
    end = data.rindex(b"IEND") - 4
    # A chunk that programs leave out.
    text = len(in_file).to_bytes(4, "big") + b"maRk" + in_file + bytes(4)
    return Marked(data[:end] + text + data[end:], in_file, mark.tobytes())


def found_in_memory(pid: int, marks: Mapping[str, bytes]) -> dict[str, int]:
    """Return how often each mark is in the memory of a process; those that are not are left out."""
    counts = dict.fromkeys(marks, 0)
    for part in _memory(pid):
        for name, mark in marks.items():
            counts[name] += part.count(mark)
    return {name: count for name, count in counts.items() if count}


def _memory(pid: int) -> Iterator[bytes]:
    with Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if not span:
                continue
            start, end = (int(side, 16) for side in span.groups())
            while start < end:
                try:
                    memory.seek(start)
                    part = memory.read(min(_PART, end - start))
                except (OSError, ValueError):
                    part = b""
                yield part
                reached = start + len(part)
                if reached >= end:
                    break
                if len(part) > _LENGTH:  # a mark may lie across two parts
                    start = reached - _LENGTH
                else:  # the process gave the next page back meanwhile
                    start = (reached // PAGESIZE + 1) * PAGESIZE


def found_in_files(folders: list[Path], marks: Mapping[str, bytes]) -> list[str]:
    """Return the files below folders that hold a mark, each with the mark's name."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return [
        f"{file.name}: {name}"
        for file in files
        for name, mark in marks.items()
        if mark in file.read_bytes()
    ]


def open_files(pid: int) -> list[Path]:
    """Return the files that a process has open, those that were deleted too, as it sees them."""
    links = [Path(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
    return [link for link in links if link.is_file()]
