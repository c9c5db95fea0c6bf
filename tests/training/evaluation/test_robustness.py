"""Versions of a face that a network is asked about too."""

import numpy as np
import pytest

from tests.training.samples import bars
from training.evaluation.robustness import CORRUPTIONS, DEGRADATIONS, Corruption, ten_views


@pytest.mark.parametrize("count", [0, 3])
def test_ten_views_are_a_face_moved_and_mirrored(count: int) -> None:
    seen = []

    def classifier(images: np.ndarray) -> np.ndarray:
        seen.append(images)
        return np.full((len(images), 2), len(seen), np.float32)

    faces = bars(count, 1).images
    assert ten_views(classifier, faces) == pytest.approx(np.full((count, 2), 5.5))
    assert [view.shape for view in seen] == [faces.shape] * 10
    assert (seen[0] == faces).all()
    assert (seen[5] == faces[:, :, ::-1]).all()
    if count:
        assert (seen[1][:, 3:, 3:] == faces[:, :-3, :-3]).all()


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize("corrupt", [*CORRUPTIONS, *DEGRADATIONS], ids=lambda one: one.name)
def test_a_corruption_is_another_picture_and_the_same_each_time(
    corrupt: Corruption, count: int
) -> None:
    faces = bars(count, 1).images
    changed = corrupt(faces)
    assert (changed.shape, changed.dtype) == (faces.shape, np.uint8)
    assert (corrupt(faces) == changed).all()
    assert not count or not (changed == faces).all()


def test_a_face_is_turned_about_its_middle() -> None:
    y, x = np.mgrid[:48, :48] - 23.5
    disc = np.where(np.hypot(x, y) < 15, 200, 40).astype(np.uint8)[None, ..., None]
    turned = next(one for one in CORRUPTIONS if one.name == "rotated")(disc)
    assert np.abs(turned.astype(int) - disc).mean() < 3
