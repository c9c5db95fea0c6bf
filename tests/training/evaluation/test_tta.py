import numpy as np
import pytest

from tests.training.samples import bars
from training.evaluation.tta import ten_views


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
