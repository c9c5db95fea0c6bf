from fractions import Fraction

import av
import numpy as np
import pytest

from app.live.streaming.frames import camera_is_off, working_size
from fer.types import Image


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ((640, 480), (640, 480)),
        ((320, 240), (640, 480)),
        ((1280, 720), (640, 360)),
        ((480, 640), (480, 640)),
        ((333, 250), (640, 480)),
        ((4000, 1), (640, 2)),
    ],
)
def test_every_frame_has_the_same_size_whatever_the_browser_sends(
    given: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert working_size(np.zeros((given[1], given[0], 3), np.uint8)).shape[1::-1] == shown


def sent(base: float, noise: float) -> list[Image]:
    """Return frames of a sensor that sees nothing, as they come out of a browser's encoder.

    Their luma is about a base, their colours about grey; VP8 at a browser's bit rate.
    """
    rng, frames = np.random.default_rng(0), []
    for _ in range(12):
        y = np.clip(np.round(base + noise * rng.standard_normal((240, 320))), 16, 235)
        chroma = np.round(128 + noise / 2 * rng.standard_normal((120, 320)))
        planes = np.concatenate([y, chroma]).astype(np.uint8)
        frames.append(av.VideoFrame.from_ndarray(planes, format="yuv420p"))
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 320, 240, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.bit_rate = Fraction(1, 15), Fraction(15), 500_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8"}
    decoder = av.CodecContext.create("vp8", "r")
    packets = []
    for number, frame in enumerate(frames):
        frame.pts, frame.time_base = number, Fraction(1, 15)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return [f.to_ndarray(format="rgb24") for packet in packets for f in decoder.decode(packet)]


@pytest.mark.parametrize(
    ("base", "noise"), [(16, 0), (16, 2), (16, 4), (18, 1), (18, 2), (20, 1), (24, 3)]
)
def test_a_camera_that_is_off_is_no_covered_lens_or_dark_room_after_encoding_too(
    base: float, noise: float
) -> None:
    assert {camera_is_off(image) for image in sent(base, noise)} == {not noise}


@pytest.mark.parametrize(
    ("level", "pixel", "off"),
    [(0, 0, True), (0, 1, True), (0, 2, False), (0, 255, False), (1, 1, False), (16, 16, False)],
)
def test_only_black_is_black_but_a_pixel_may_be_rounded(level: int, pixel: int, off: bool) -> None:
    image = np.full((4, 6, 3), level, np.uint8)
    image[3, 5, 2] = pixel
    assert camera_is_off(image) is off
