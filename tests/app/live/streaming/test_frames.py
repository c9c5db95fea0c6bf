import numpy as np
import pytest

from app.live.streaming.frames import WORKING_SIDE, working_size


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
    image = working_size(np.zeros((given[1], given[0], 3), np.uint8))
    assert image.shape[1::-1] == shown
    assert max(image.shape) == WORKING_SIDE
