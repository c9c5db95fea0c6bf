"""All targets; those here are what visitors send: pictures, recordings, ZIPs and messages."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from app.core.photo import Photo, RefusedError, Upload
from app.core.uploads import files_of
from app.live.device.protocol import DeviceFeed, Report
from app.live.streaming.stream_limit import StreamLimit
from app.own_data.files import labelled_files_of
from app.own_data.labelling import carry_out
from app.own_data.own_set import OwnSet
from fer.errors import ImageError, VideoError
from fer.export.sessions import WRITERS, file_bytes
from fer.export.stream import StreamResult
from fer.images import MAX_PIXELS, MIN_SIDE, decode, is_animated
from fer.labelled.names import flat_name, natural_order, portable_name
from fer.labelled.table import LabelledFace, LabelRow, write_archive
from fer.labels import FER2013_LABELS
from fer.ondevice.wire import HEADER, face_type
from fer.video.annotated import write_annotated
from fer.video.reading import VideoReader
from fer.video.recording import VideoOptions, analyse
from tests.app.live.device.samples import Browser, no_detector, seen
from tests.app.live.samples import session_of
from tests.app.samples import Clock
from tests.fer.video.samples import beacon, even, red_stream, write_clip
from tests.fuzz.mutations import (
    NASTY_NUMBERS,
    NASTY_TEXTS,
    Files,
    Rng,
    changed,
    changed_files,
    changed_value,
    changed_zip,
    one,
    zipped,
)
from tests.fuzz.runner import Target, refused
from tests.fuzz.trainings import DATA_SETS, MODEL_DIRECTORIES
from tests.samples import fake_spec, make_detections


def _drawing(seed: int, mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(seed)
    across, down = np.meshgrid(np.arange(48), np.arange(32))
    pixels = np.stack([5 * across, 7 * down, 3 * (across + down)], axis=-1) + rng.integers(0, 20)
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def picture_seeds(folder: Path) -> list[bytes]:
    """Return a small picture of every kind."""
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "drawn"
    exif.get_ifd(0x8769)[0x9003] = "2026:01:01 00:00:00"
    frames = [_drawing(seed) for seed in range(3)]
    moving: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": 50}
    deep = Image.fromarray(np.arange(32 * 48, dtype=np.uint16).reshape(32, 48) * 40)
    return [
        _saved(frames[0], "JPEG", exif=exif),
        _saved(frames[0], "JPEG", progressive=True),
        _saved(_drawing(0, "CMYK"), "JPEG"),
        _saved(frames[0], "MPO", save_all=True, append_images=frames[1:]),
        _saved(frames[0], "PNG", exif=exif),
        _saved(_drawing(0, "P"), "PNG", transparency=3),
        _saved(_drawing(0, "RGBA"), "PNG"),
        _saved(_drawing(0, "1"), "PNG"),
        _saved(deep, "PNG"),
        _saved(frames[0], "PNG", **moving),
        _saved(frames[0], "WEBP", exif=exif),
        _saved(_drawing(0, "RGBA"), "WEBP", lossless=True),
        _saved(frames[0], "WEBP", **moving),
        _saved(frames[0], "BMP"),
        _saved(_drawing(0, "P"), "BMP"),
        _saved(frames[0], "HEIF", exif=exif),
        _saved(frames[0], "AVIF", exif=exif),
        _saved(frames[0], "TIFF", exif=exif),
        _saved(deep, "TIFF", compression="tiff_lzw"),
        _saved(frames[0], "GIF"),
        _saved(frames[0], "GIF", **moving),
    ]


def picture_change(rng: Rng, pictures: list[bytes]) -> bytes:
    """Change a picture; sums of PNG are often made right again, so that what is inside is read."""
    data = changed(rng, one(rng, pictures), pictures)
    return _with_sums(data) if rng.random() < 0.7 else data


def _with_sums(data: bytes) -> bytes:
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    out, at = bytearray(data), 8
    while at + 12 <= len(out):
        (size,) = struct.unpack_from(">I", out, at)
        end = at + 8 + size
        if end + 4 > len(out):
            break
        out[end : end + 4] = zlib.crc32(out[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(out)


def picture_run(data: bytes, folder: Path) -> None:
    with refused(ImageError):
        image = decode(data)
        assert (image.dtype, image.ndim, image.shape[2]) == (np.uint8, 3, 3)
        assert min(image.shape[:2]) >= MIN_SIDE
        assert image.shape[0] * image.shape[1] <= MAX_PIXELS
        is_animated(data)


#: A picture takes at most `fer.decoding.MAX_MEMORY`.
PICTURES = Target("pictures", picture_seeds, picture_change, picture_run)


_SPEC = fake_spec()

_KINDS: dict[str, dict[str, object]] = {
    "end.mp4": {"sound": "aac"},
    "front.mp4": {"sound": "aac", "fast_start": True},
    "turned.mov": {"rotation": 90},
    "a.mkv": {"sound": "aac"},
    "a.webm": {"codec": "libvpx", "sound": "libopus"},
    "a.avi": {"codec": "mpeg4", "sound": "pcm_s16le"},
    "a.gif": {"codec": "gif", "pix_fmt": "rgb8"},
    "a.ts": {},
}


def recording_seeds(folder: Path) -> list[bytes]:
    """Return a recording of eight frames of every kind."""
    draw = beacon(lambda seconds: 100 * seconds, size=(96, 64), side=24)
    return [
        write_clip(folder / name, even(8), draw, **options).read_bytes()  # type: ignore[arg-type]
        for name, options in _KINDS.items()
    ]


def recording_change(rng: Rng, recordings: list[bytes]) -> tuple[bytes, float]:
    """Change a recording, and choose a second to look for."""
    return changed(rng, one(rng, recordings), recordings), float(rng.random())


def recording_run(case: tuple[bytes, float], folder: Path) -> None:
    data, seconds = case
    file, out = folder / "recording", folder / "marked.mp4"
    file.write_bytes(data)
    with refused(VideoError):
        found = analyse(file, red_stream(_SPEC), VideoOptions(rate=10))
        assert (np.diff(found.rows.seconds) >= 0).all()
        assert np.isfinite(found.end)
        with VideoReader(file) as reader:
            frame = reader.seek(seconds)
            assert frame is None or np.isfinite(frame.seconds)
        write_annotated(file, found, out, _SPEC)
        assert out.exists()
        out.unlink()
    assert {*folder.iterdir()} == {file}  # of what cannot be marked nothing is left


#: A frame may have 36 million pixels, and a decoder holds several.
RECORDINGS = Target(
    "recordings", recording_seeds, recording_change, recording_run, memory=6 * 2**30, seconds=120
)


_PHOTO = b"\x89PNG\r\n\x1a\n" + bytes(200)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def archive_seeds(folder: Path) -> list[Files]:
    """Return the files of archives: photographs, an archive in one, and a labelled set."""
    rows = [
        LabelRow(f"{i}.jpg", label, (1, 2, 30, 40), answer=label, confidence=0.5, model="m")
        for i, label in enumerate(FER2013_LABELS[:3])
    ]
    saved = io.BytesIO()
    faces = [LabelledFace(row, crop=lambda: _PHOTO) for row in rows]
    write_archive(saved, faces, {"0.jpg": lambda: _PHOTO})
    with zipfile.ZipFile(saved) as archive:
        labelled = {name: archive.read(name) for name in archive.namelist()}
    names = ("happy/1.png", "sad/2.jpg", "test/fear/3.heic", "__MACOSX/._x", "a/labels.csv")
    photos = dict.fromkeys(names, _PHOTO)
    return [photos, {"in.zip": zipped(photos), "1.jpg": _PHOTO}, labelled, labelled]


def archive_change(rng: Rng, archives: list[Files]) -> list[Upload]:
    """Return some uploads: archives of changed files, changed archives, and other files."""
    uploads = []
    for _ in range(1 + int(rng.integers(3))):
        files = one(rng, archives)
        if rng.random() < 0.7:
            files = changed_files(rng, files)
        data = zipped(files, one(rng, _METHODS))
        match int(rng.integers(4)):
            case 0:
                data = changed_zip(rng, data)
            case 1:
                data = changed(rng, data)
            case 2:
                data = one(rng, [*files.values()])
        name = one(rng, ("a.zip", "A.CBZ", "labels.csv", "f/labels.csv", one(rng, NASTY_TEXTS)))
        uploads.append(Upload(name, data))
    return uploads


def archive_run(uploads: list[Upload], folder: Path) -> None:
    _read(files_of(uploads).photos)
    for by_hand in (False, True):
        taken = labelled_files_of(uploads, FER2013_LABELS, by_hand=by_hand)
        _read(taken.photos)
        assert {photo.label for photo in taken.photos} <= {"", *FER2013_LABELS}


def _read(photos: Sequence[Photo]) -> None:
    for photo in photos:
        assert 0 < len(photo.name) <= 160
        assert photo.name.isprintable() or not photo.name.isascii()
        natural_order(photo.name)
        for safe in (portable_name(photo.name), flat_name(photo.name)):
            assert safe
            assert not safe.startswith("/")
            assert ".." not in safe.split("/")
        if not photo.error:
            with refused(RefusedError):
                photo.read()


ARCHIVES = Target("archives", archive_seeds, archive_change, archive_run, memory=512 * 2**20)


Messages = list[dict[str, Any]]

_TOLD: list[Any] = [
    {"phase": "running", "code": "camera", "detail": "x"},
    [[1, "label", 0, 1, True], [2, "undo"], [3, "go", 1], [4, "label", 1, 0, False]],
]


def browser_seeds(folder: Path) -> list[Messages]:
    """Return the messages of runs: nobody, one face, two faces."""
    runs = []
    for boxes in ((), ((40, 40, 140, 140),), ((40, 40, 140, 140), (400, 60, 500, 160))):
        clock = Clock()
        browser, messages = Browser(clock), list[dict[str, Any]]()
        for number in range(1, 13):
            clock.seconds += 0.1
            browser.look(seen(make_detections(*boxes)), number=number)
            if number % 4 == 0:
                messages.append(browser.message())
        runs.append(messages)
    return runs


def browser_change(rng: Rng, runs: list[Messages]) -> tuple[Messages, Any]:
    """Change the bytes of observations, or the messages around them; and what else is told."""
    messages = [*one(rng, runs)]
    for _ in range(1 + int(rng.integers(3))):
        at = int(rng.integers(len(messages)))
        match messages[at]:
            case {"batches": [{"observations": str(text)} as batch, *others]} if rng.random() < 0.6:
                data = base64.b64decode(text + "==")
                data = changed(rng, data) if rng.random() < 0.5 else _with_numbers(rng, data)
                batch = batch | {"observations": base64.b64encode(data).decode()}
                messages[at] = messages[at] | {"batches": [batch, *others]}
            case message:
                messages[at] = changed_value(rng, message)
    return messages, changed_value(rng, one(rng, _TOLD))


def _with_numbers(rng: Rng, data: bytes) -> bytes:
    """Put odd numbers into the fields of an observation and its first face."""
    out = bytearray(data)
    kinds = [(HEADER, 0), (face_type(3), HEADER.itemsize)]
    for _ in range(1 + int(rng.integers(3))):
        kind, start = one(rng, kinds)
        fields: Any = kind.fields
        inner, offset, *_ = fields[one(rng, [*fields])]
        with np.errstate(all="ignore"):
            number = np.float64(one(rng, NASTY_NUMBERS))
            integer = inner.base.kind in "ui"
            value = np.int64(0 if not np.isfinite(number) or abs(number) > 2**62 else number)
            packed = np.array(value if integer else number).astype(inner.base).tobytes()
        if start + offset + len(packed) <= len(out):
            out[start + offset : start + offset + len(packed)] = packed
    return bytes(out)


def browser_run(case: tuple[Messages, Any], folder: Path) -> None:
    messages, told = case
    clock = Clock()
    session = session_of(_SPEC, StreamLimit(0, clock), clock, no_detector)
    feed = DeviceFeed(session)
    for message in messages:
        clock.seconds += 0.5
        reply = feed.take(message)
        assert set(reply.data()) == set(reply.__dict__)
        feed.hear(message)
    rows = session.record.rows()
    assert np.isfinite(rows.seconds).all()
    assert (np.diff(rows.seconds) >= 0).all()
    result = StreamResult(rows, session.record.info)
    for ending in WRITERS:
        file_bytes(result, ending)
    Report.of(told)
    own = OwnSet(_SPEC.labels)
    assert carry_out(own, told, 0) >= 0


BROWSERS = Target("browsers", browser_seeds, browser_change, browser_run, memory=512 * 2**20)


TARGETS: list[Target] = [PICTURES, RECORDINGS, ARCHIVES, DATA_SETS, MODEL_DIRECTORIES, BROWSERS]
