import io
import itertools
import pickle
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import pack

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageOps

from fer import decoding
from fer.errors import ImageError
from fer.images import MAX_BYTES, as_channels, decode, is_animated, is_cut_out, read, square

SHAPE = (40, 60)  # height, width


def gradient() -> np.ndarray:
    ramp = np.linspace(0, 255, SHAPE[1]).astype(np.uint8)
    return np.repeat(np.tile(ramp, (SHAPE[0], 1))[..., None], 3, axis=2)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def heic(image: Image.Image) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=90)
    return out.getvalue()


def deep_grey(image: Image.Image) -> Image.Image:
    """Return the picture in 16-bit greyscale."""
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has no pixels."""
    header = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@pytest.mark.parametrize(
    "encode",
    [
        lambda im: encoded(im, "PNG"),
        lambda im: encoded(im, "JPEG", quality=95),
        lambda im: encoded(im, "WEBP", quality=95),
        lambda im: encoded(im, "BMP"),
        lambda im: encoded(im.convert("L"), "GIF"),
        heic,
        lambda im: encoded(im.convert("CMYK"), "JPEG", quality=95),
        lambda im: encoded(im.convert("L"), "PNG"),
        lambda im: encoded(im.quantize(128), "PNG"),
        lambda im: encoded(im.convert("RGBA"), "PNG"),
        lambda im: encoded(im, "AVIF", quality=95),
        lambda im: encoded(im, "TIFF"),
        lambda im: encoded(im, "TIFF", compression="tiff_lzw"),
        lambda im: encoded(im.quantize(128), "TIFF"),
        lambda im: encoded(im.convert("L"), "TIFF"),
        lambda im: encoded(im.convert("RGBA"), "TIFF"),
        lambda im: encoded(deep_grey(im), "TIFF"),
    ],
    ids=[
        *("png", "jpeg", "webp", "bmp", "gif", "heic", "cmyk jpeg", "grey", "palette", "alpha"),
        *("avif", "tiff", "lzw tiff", "palette tiff", "grey tiff", "alpha tiff", "16-bit tiff"),
    ],
)
def test_every_kind_of_file_gives_the_same_pixels(encode: Callable) -> None:
    pixels = decode(encode(Image.fromarray(gradient())))
    assert (pixels.shape, pixels.dtype) == ((*SHAPE, 3), np.uint8)
    assert np.abs(pixels.astype(int) - gradient()).mean() < 4


def test_deep_grey_keeps_its_gradation_and_transparency_is_laid_on_white() -> None:
    deep = deep_grey(Image.fromarray(gradient()))
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    for form in ("PNG", "TIFF"):
        assert (decode(encoded(deep, form)) == gradient()).all()
        assert (decode(encoded(clear, form)) == 255).all()


@pytest.mark.parametrize("form", ["JPEG", "TIFF", "AVIF"])
def test_exif_orientation_is_applied(form: str) -> None:
    picture = gradient()
    picture[:10, :20] = 128  # so that all eight look different
    for orientation in range(10):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encoded(Image.fromarray(picture), form, quality=95, exif=exif)
        expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
        pixels = decode(data)
        assert pixels.shape == expected.shape
        assert np.abs(pixels.astype(int) - expected).mean() < 1, orientation


@pytest.mark.parametrize(
    ("form", "frames", "animated"),
    [
        *((form, count, count > 1) for form in ("GIF", "WEBP", "PNG", "AVIF") for count in (1, 2)),
        ("JPEG", 1, False),
        ("MPO", 2, False),
        ("TIFF", 2, False),
    ],
)
def test_the_first_picture_of_an_animation_is_read(form: str, frames: int, animated: bool) -> None:
    grey, *others = (Image.new("RGB", (32, 24), (shade,) * 3) for shade in (100, 240)[:frames])
    options = {"append_images": others, "save_all": True} if others else {}
    data = encoded(grey, form, **options)
    assert is_animated(data) is animated
    assert abs(decode(data).mean() - 100) < 2


@pytest.mark.parametrize("exif", [b"Exif\x00\x00", b"Exif\x00\x00II*\x00", b"Exif\x00\x00no TIFF"])
def test_broken_exif_costs_no_picture(exif: bytes) -> None:
    for form in ("JPEG", "PNG", "WEBP"):
        data = encoded(Image.fromarray(gradient()), form, exif=exif)
        assert decode(data).shape == gradient().shape


@pytest.mark.parametrize(
    ("data", "message", "reason"),
    [
        (b"", "empty", "empty"),
        (b"this is a text", "not an image", "format"),
        (encoded(Image.fromarray(gradient()), "JPEG")[:300], "damaged or cut off", "damaged"),
        (encoded(Image.fromarray(gradient()), "PNG")[:90], "damaged or cut off", "damaged"),
        (encoded(Image.new("RGB", (1, 1)), "PNG"), "1 × 1 pixels, too small", "small"),
        (png_header(9000, 9000), "9000 × 9000", "pixels"),
        (png_header(20000, 20000), "more pixels than can be read; at most 52 million", "pixels"),
        (encoded(Image.new("RGB", (30, 30)), "PPM"), "expected JPEG, PNG.*AVIF, TIFF", "format"),
        (b"II, not a TIFF", "not an image", "format"),
        (encoded(Image.new("RGB", (30, 30)), "TIFF")[:-99], "damaged or cut off", "damaged"),
        (encoded(Image.new("F", (30, 30)), "TIFF"), "floating-point", "damaged"),
        (encoded(Image.new("1", (9000, 9000)), "TIFF", compression="group4"), "9000", "pixels"),
    ],
    ids=[
        *("empty", "text", "cut jpeg", "cut png", "1x1", "81 MP", "400 MP", "another format"),
        *("no tiff", "cut tiff", "decimal numbers", "81 MP tiff"),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_cannot_be_analysed_says_why(data: bytes, message: str, reason: str) -> None:
    with pytest.raises(ImageError, match=message) as said:
        decode(data)
    assert said.value.reason == pickle.loads(pickle.dumps(said.value)).reason == reason


@pytest.mark.parametrize("brand", [b"mif1", b"heic", b"heix", b"msf1"])
def test_avif_that_calls_itself_heif_is_refused_in_words(brand: bytes) -> None:
    data = encoded(Image.new("RGB", (64, 64)), "AVIF")
    with pytest.raises(ImageError, match="cannot be read"):
        decode(data[:8] + brand + data[12:])


@pytest.mark.parametrize("error", [RuntimeError("a plugin"), MemoryError(), RecursionError()])
def test_whatever_the_library_raises_is_the_project_s_own_error(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(image: Image.Image) -> None:
        raise error

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(ImageError, match="damaged") as said:
        decode(encoded(Image.fromarray(gradient()), "PNG"))
    assert said.value.reason == "damaged"


def with_scans(image: Image.Image, count: int) -> bytes:
    """Return a progressive JPEG whose last scan is repeated until there are so many."""
    data = encoded(image, "JPEG", progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last_scan * (count - data.count(b"\xff\xda")) + data[-2:]


def test_a_jpeg_with_too_many_scans_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = Image.new("L", (64, 64), 90)
    most = with_scans(picture, 100)
    # What looks like a scan inside of another segment, or behind the end, is none.
    comment = b"\xff\xfe" + pack(">H", 602) + 300 * b"\xff\xda"
    for data in (most, most[:2] + comment + most[2:], most + comment, most + most):
        assert decode(data).shape == (64, 64, 3)
    one_more = with_scans(picture, 101)
    many_segments = most[:2] + 10_000 * b"\xff\xfe\0\2" + most[2:]
    monkeypatch.setattr("PIL.Image.open", lambda *_, **__: 1 / 0)
    for data in (one_more, one_more[:2] + comment + one_more[2:], many_segments):
        with pytest.raises(ImageError, match="more than 100 scans") as said:
            decode(data)
        assert said.value.reason == "work"
        assert not is_animated(data)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF"])
def test_decoding_ends_when_its_time_is_over(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (600, 600, 3), np.uint8)
    data = encoded(Image.fromarray(noise), form)
    seconds = itertools.count()
    monkeypatch.setattr("time.thread_time", lambda: next(seconds))
    monkeypatch.setattr(decoding, "MAX_SECONDS", 10**6)
    decoding.open_image(data)
    monkeypatch.setattr(decoding, "MAX_SECONDS", next(seconds) + 5)
    with pytest.raises(ImageError, match="takes more than 20 seconds") as said:
        decode(data)
    assert said.value.reason == "work"


@pytest.mark.parametrize(
    ("data", "needed"),
    [
        (encoded(Image.new("RGB", (64, 64)), "JPEG"), 7),
        (encoded(Image.new("RGB", (64, 64)), "JPEG", progressive=True), 7),
        (encoded(Image.new("RGB", (64, 64)), "JPEG", progressive=True, subsampling=1), 8),
        (encoded(Image.new("RGB", (64, 64)), "JPEG", progressive=True, subsampling=0), 10),
        (encoded(Image.new("CMYK", (64, 64)), "JPEG", progressive=True), 12),
        (encoded(Image.new("L", (64, 64)), "JPEG", progressive=True), 4),
        (encoded(Image.new("1", (64, 64)), "PNG", transparency=0), 4),
        (encoded(Image.new("I;16", (64, 64)), "PNG"), 5),
        (encoded(Image.new("RGBA", (64, 64)), "PNG"), 7),
        (encoded(Image.new("RGB", (64, 64)), "WEBP"), 16),
    ],
    ids=[
        *("jpeg", "4:2:0", "4:2:2", "4:4:4", "cmyk", "grey", "1-bit png", "16-bit png"),
        *("rgba png", "webp"),
    ],
)
def test_the_memory_of_a_picture_is_bounded_by_its_kind(
    data: bytes, needed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MAX_MEMORY", len(data) + needed * 64 * 64)
    assert decode(data).shape == (64, 64, 3)
    monkeypatch.setattr(decoding, "MAX_MEMORY", len(data) + needed * 64 * 64 - 1)
    with pytest.raises(ImageError, match=r"64 × 64 pixels; at most .* of such a ") as said:
        decode(data)
    assert said.value.reason == "pixels"


#: Decodes files one after the other, and says by how many bytes the peak of memory rose.
_PEAK = """
import sys
from pathlib import Path
from fer.images import decode
def memory(kind):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(kind))
files = [Path(name).read_bytes() for name in sys.argv[1:]]
decode(Path(sys.argv[1]).with_name("small.png").read_bytes())
before = memory("VmRSS")
for data in files:
    decode(data)
print(memory("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_full_size_copies_are_made(tmp_path: Path) -> None:
    side = 3000
    exif = Image.Exif()
    exif[0x0112] = 6
    encoded_files = {
        "a.jpg": encoded(Image.new("RGB", (side, side)), "JPEG", exif=exif),
        "b.png": encoded(Image.new("1", (side, side)), "PNG", transparency=0),
        "c.png": encoded(Image.new("RGBA", (side, side)), "PNG", compress_level=1),
        "small.png": encoded(Image.new("RGB", (64, 64)), "PNG"),
    }
    for name, data in encoded_files.items():
        (tmp_path / name).write_bytes(data)
    names = [str(tmp_path / name) for name in encoded_files]
    run = subprocess.run(
        [sys.executable, "-c", _PEAK, *names], capture_output=True, text=True, check=True
    )
    # Seven bytes a pixel, and strips; copies would take 18.
    assert int(run.stdout) < 10 * side * side


def heic_of_tiles(side: int) -> bytes:
    """Return an HEIC of 900 tiles that all show the same item, as large as the picture."""

    def box(kind: bytes, *content: bytes) -> bytes:
        body = b"".join(content)
        return pack(">I", len(body) + 8) + kind + body

    def versioned(kind: bytes, version: int, *content: bytes) -> bytes:
        return box(kind, pack(">I", version << 24), *content)

    def inside(data: bytes) -> dict[bytes, bytes]:
        boxes: dict[bytes, bytes] = {}
        while data:
            size = int.from_bytes(data[:4], "big")
            boxes[data[4:8]] = data[8:size]
            data = data[size:]
        return boxes

    plain = inside(heic(Image.new("RGB", (side, side), (90, 80, 70))))
    properties = inside(inside(inside(plain[b"meta"][4:])[b"iprp"])[b"ipco"])
    coded = plain[b"mdat"]
    grid = pack(">BBBBHH", 0, 0, 29, 29, side, side)
    tiles = 30 * 30

    def file(offset: int) -> bytes:
        places = ((1, offset, len(coded)), (2, offset + len(coded), len(grid)))
        extents = b"".join(pack(">HHHII", item, 0, 1, at, size) for item, at, size in places)
        meta = versioned(
            b"meta",
            0,
            versioned(b"hdlr", 0, bytes(4), b"pict", bytes(13)),
            versioned(b"pitm", 0, pack(">H", 2)),
            versioned(b"iloc", 0, pack(">BBH", 0x44, 0, 2), extents),
            versioned(
                b"iinf",
                0,
                pack(">H", 2),
                versioned(b"infe", 2, pack(">HH4s", 1, 0, b"hvc1"), b"\0"),
                versioned(b"infe", 2, pack(">HH4s", 2, 0, b"grid"), b"\0"),
            ),
            versioned(b"iref", 0, box(b"dimg", pack(">HH", 2, tiles), pack(">H", 1) * tiles)),
            box(
                b"iprp",
                box(
                    b"ipco",
                    box(b"hvcC", properties[b"hvcC"]),
                    box(b"ispe", properties[b"ispe"]),
                    box(b"pixi", properties[b"pixi"]),
                ),
                versioned(
                    b"ipma",
                    0,
                    pack(">I", 2),
                    pack(">HBBBB", 1, 3, 0x81, 2, 3),
                    pack(">HBBB", 2, 2, 2, 3),
                ),
            ),
        )
        return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta + box(b"mdat", coded, grid)

    return file(len(file(0)) - len(coded) - len(grid))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of processor time")
def test_a_library_that_works_for_minutes_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_SECONDS", 1)
    with pytest.raises(ImageError, match="takes more than") as said:
        decode(heic_of_tiles(4096))
    assert said.value.reason == "work"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory")
@pytest.mark.parametrize("form", ["TIFF", "AVIF", "HEIF"])
def test_a_library_gets_no_more_memory_than_the_limit(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = Image.new("L", (3000, 3000))
    data = heic(picture) if form == "HEIF" else encoded(picture, form)
    monkeypatch.setattr(decoding, "_CHILD_MEMORY", 5_000_000)
    with pytest.raises(ImageError, match="MB of memory"):
        decode(data)


def test_too_many_bytes_are_not_even_looked_at(tmp_path: Path) -> None:
    big = tmp_path / "big.jpg"
    with big.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match="64 MB large") as said:
            read(big)
        _, most_memory = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most_memory < MAX_BYTES / 10
    assert said.value.reason == "bytes"


@pytest.mark.parametrize("name", ["missing.jpg", "."])
def test_what_cannot_be_opened_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImageError, match="cannot be opened"):
        read(tmp_path / name)
    smallest = encoded(Image.new("RGB", (16, 16)), "PNG")
    assert decode(smallest, max_bytes=len(smallest), max_pixels=256).shape == (16, 16, 3)


def test_a_square_is_cut_from_the_middle_and_known_for_a_face_cut_out() -> None:
    image = gradient()
    assert (square(image, 40) == image[:, 10:50]).all()
    assert square(image, 20).shape == (20, 20, 3)
    assert [is_cut_out(square(image, side)) for side in (112, 113)] == [True, False]
    assert not is_cut_out(image)
    grey = as_channels(image, 1)
    assert (grey.shape, as_channels(grey, 3).shape) == ((40, 60, 1), image.shape)
