import io
import pickle
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import pack

import numpy as np
import pillow_heif
import pytest
from PIL import Image

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
    ],
    ids=["png", "jpeg", "webp", "bmp", "gif", "heic", "cmyk jpeg", "grey", "palette", "alpha"],
)
def test_every_kind_of_file_gives_the_same_pixels(encode: Callable) -> None:
    pixels = decode(encode(Image.fromarray(gradient())))
    assert (pixels.shape, pixels.dtype) == ((*SHAPE, 3), np.uint8)
    assert np.abs(pixels.astype(int) - gradient()).mean() < 4


def test_deep_grey_keeps_its_gradation_and_transparency_is_laid_on_white() -> None:
    deep = (gradient()[..., 0].astype(np.uint16) * 257).astype(np.uint16)
    assert (decode(encoded(Image.fromarray(deep), "PNG")) == gradient()).all()
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    assert (decode(encoded(clear, "PNG")) == 255).all()


@pytest.mark.parametrize(("orientation", "turned"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_exif_rotation_is_applied(orientation: int, turned: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = decode(encoded(Image.fromarray(gradient()), "JPEG", quality=95, exif=exif))
    assert np.abs(pixels.astype(int) - np.rot90(gradient(), turned)).mean() < 4


@pytest.mark.parametrize(
    ("form", "frames", "animated"),
    [
        *((form, count, count > 1) for form in ("GIF", "WEBP", "PNG") for count in (1, 2)),
        ("JPEG", 1, False),
        ("MPO", 2, False),
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
        (encoded(Image.new("RGB", (30, 30)), "PPM"), "expected JPEG, PNG", "format"),
    ],
    ids=["empty", "text", "cut jpeg", "cut png", "1x1", "81 MP", "400 MP", "another format"],
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
