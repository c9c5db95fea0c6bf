"""Proposals: what several views show of a face is one of them, wherever and however large it is."""

import numpy as np
import pytest

from fer.detection.pyramid import MISSED_LOGIT, Pyramid
from fer.types import Detections, Image
from tests.fer.detection.samples import PATCH, Patches, pattern


def test_a_plain_picture_is_looked_at_only_as_a_whole() -> None:
    detector = Patches()
    assert len(Pyramid(detector)(np.full((900, 1200, 3), 200, np.uint8))) == 0
    plain = len(detector.views)
    detector.views.clear()
    Pyramid(detector)(pattern(1200, 900))
    assert plain < 8 < len(detector.views)


@pytest.mark.parametrize("side", [28, 60, 150, 400])
@pytest.mark.parametrize("corner", [(0, 0), (1, 1), (0.5, 0.5), (0.33, 0.71)])
def test_faces_of_all_sizes_are_proposed_anywhere(side: int, corner: tuple[float, float]) -> None:
    left, top = round(corner[0] * (1200 - side)), round(corner[1] * (900 - side))
    box = (left, top, left + side, top + side)
    found = Pyramid(Patches())(pattern(1200, 900, box))
    assert len(found) == 1
    assert found.detections.xyxy[0] == pytest.approx(box, abs=4)


def test_what_fills_the_photograph_is_seen_with_a_border_around_it() -> None:
    class Inside(Patches):
        """Sees nothing that touches the border."""

        def __call__(self, image: Image) -> Detections:
            seen = super().__call__(image)
            edge = np.array([0, 0, -image.shape[1], -image.shape[0]], np.float32)
            return seen.take((np.abs(seen.xyxy + edge) > 2).all(axis=1))

    found = Pyramid(Inside())(np.full((160, 160, 3), PATCH, np.uint8))
    assert found.detections.xyxy[0] == pytest.approx((0, 0, 160, 160), abs=4)


def test_proposals_are_largest_first() -> None:
    boxes = ((40, 40, 80, 80), (400, 300, 700, 600), (900, 100, 1000, 200))
    found = Pyramid(Patches())(pattern(1200, 900, *boxes))
    sides = found.detections.xyxy[:, 2] - found.detections.xyxy[:, 0]
    assert sides.tolist() == pytest.approx([300, 100, 40], abs=4)


def test_a_close_up_is_not_searched_for_the_smallest_faces() -> None:
    pyramid = Pyramid(Patches())
    small = (20, 20, 60, 60)
    with_others = pyramid(pattern(1600, 1200, small))
    close = pyramid(pattern(1600, 1200, small, (600, 300, 1150, 850)))
    assert len(with_others) == 1
    assert len(close) == 1


@pytest.mark.parametrize(("seen", "logit"), [(0.9, np.log(9)), (0.5, 0.0)])
def test_a_logit_is_the_mean_of_the_views_that_should_show_the_face(
    seen: float, logit: float
) -> None:
    everywhere = Pyramid(Patches(seen))(pattern(640, 480, (200, 200, 300, 300)))
    assert everywhere.logit == pytest.approx([logit], abs=0.01)

    class Once(Patches):
        """Sees the face only in the first view."""

        def __call__(self, image: Image) -> Detections:
            first = not self.views
            found = super().__call__(image)
            return found if first else Detections.empty()

    once = Pyramid(Once(seen))(pattern(640, 480, (200, 200, 300, 300)))
    assert MISSED_LOGIT < once.logit[0] < logit
