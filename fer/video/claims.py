"""How many frames and sound packets an MP4 or MOV file claims to have.

FFmpeg makes an index of them, 70 bytes for each, before it reads any. A box of twenty bytes can
claim billions, so the number is checked first.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from fer.errors import VideoError

#: Beginnings of formats whose files claim no number: Matroska, AVI, GIF.
_WITHOUT_CLAIMS = (b"\x1aE\xdf\xa3", b"RIFF", b"GIF8")

#: First byte of each packet of MPEG-TS, and the length of a packet.
_TS_SYNC, _TS_PACKET = 0x47, 188

#: Boxes that claim a number of samples, whatever box they are in: sample sizes of a track (flags,
#: size of all samples, number), a run of samples in a fragment (flags, number), and a compressed
#: header, as QuickTime wrote it until about 2000.
_CLAIM = re.compile(
    rb"stsz.{8}(?P<table>.{4})|trun.{4}(?P<run>.{4})|(?P<hidden>cmov.{4}dcom)", re.DOTALL
)

#: FFmpeg makes no index for more samples than this, so larger numbers do no harm. They are mostly
#: text: a description with the word "trunk".
_MOST_INDEXED = 2**29

#: The only entry of the times of an uncompressed sound track: each sample lasts one unit.
_EVERY_SAMPLE = re.compile(rb".{4}\0\0\0\x01.{4}\0\0\0\x01", re.DOTALL)


def claimed_samples(file: Path) -> int:
    """Return how many samples all tracks of a file claim; 0 for formats that claim none.

    Raises:
        VideoError: the header is compressed, so nobody knows.
        OSError: the file cannot be read.
    """
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        is_ts = len(data) > _TS_PACKET and data[0] == data[_TS_PACKET] == _TS_SYNC
        if is_ts or data[:4] in _WITHOUT_CLAIMS:
            return 0
        claimed = 0
        box_start = 0
        for kind, start, end in _boxes(data, 0, len(data)):
            if kind != b"mdat":
                claimed += _claims(data, box_start, end)
            if kind == b"moov":
                claimed -= _sound_not_indexed(data, start, end)
            box_start = end
        return claimed


def _claims(data: mmap.mmap, start: int, end: int) -> int:
    """Return the sum of all claims in a part of a file; VideoError if it is compressed."""
    claimed = 0
    for claim in _CLAIM.finditer(data, start, end):
        if claim["hidden"]:
            raise VideoError("has a compressed header, which is not read. Save it anew as MP4.")
        number = int.from_bytes(claim["table"] or claim["run"], "big")
        if number < _MOST_INDEXED:
            claimed += number
    return claimed


def _sound_not_indexed(data: mmap.mmap, start: int, end: int) -> int:
    """Return how many samples of a `moov` box are uncompressed sound, not indexed one by one."""
    count = 0
    for kind, *track in _boxes(data, start, end):
        if kind != b"trak":
            continue
        media = _contents(data, _contents(data, [track]).get(b"mdia", []))
        table = _contents(data, _contents(data, media.get(b"minf", [])).get(b"stbl", []))
        # Of two boxes of a kind, nobody knows which one FFmpeg takes.
        parts = media.get(b"hdlr", []), table.get(b"stsz", []), table.get(b"stts", [])
        if any(len(part) != 1 for part in parts):
            continue
        [[handler, _], [sizes, _], [times, _]] = (part[0] for part in parts)
        if data[handler + 8 : handler + 12] == b"soun" and _EVERY_SAMPLE.match(data, times):
            count += int.from_bytes(data[sizes + 8 : sizes + 12], "big")
    return count


def _contents(data: mmap.mmap, boxes: list[list[int]]) -> dict[bytes, list[list[int]]]:
    """Return start and end of the boxes inside of some boxes, by kind."""
    found: dict[bytes, list[list[int]]] = {}
    for start, end in boxes:
        for kind, *inside in _boxes(data, start, end):
            found.setdefault(kind, []).append(inside)
    return found


def _boxes(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of the contents of each box.

    What follows the last one that has a size is yielded as one of no kind.
    """
    while start < end:
        size = int.from_bytes(data[start : start + 4], "big")
        kind = data[start + 4 : start + 8]
        header = 8
        if size == 1:  # a larger number follows
            size = int.from_bytes(data[start + 8 : start + 16], "big")
            header = 16
        elif size == 0:  # the last box
            size = end - start
        if size < header:
            yield b"", start, end
            return
        yield kind, start + header, min(start + size, end)
        start += size
