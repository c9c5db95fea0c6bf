"""Pictures without faces have none, and are pictures."""

import numpy as np
import pytest

from benchmarks.detection.material import Scene, astronaut
from benchmarks.detection.negatives import drawn, objects, textures, without_faces
from benchmarks.drawings import drawings


@pytest.mark.parametrize("kind", [objects, drawn, textures])
def test_nobody_is_in_them(kind: object) -> None:
    assert callable(kind)
    names = []
    for scene in kind():
        assert scene.count == 0
        assert (scene.image.dtype, scene.image.ndim, scene.image.shape[2]) == (np.uint8, 3, 3)
        names.append((scene.group, scene.name))
    assert len(names) == len(set(names)) > 10


def test_every_drawing_is_shown_and_no_two_are_the_same() -> None:
    pictures = drawings(40)
    assert {picture.shape for picture in pictures.values()} == {(40, 40, 3)}
    assert len({picture.tobytes() for picture in pictures.values()}) == len(pictures)
    names = " ".join(scene.name for scene in drawn())
    assert all(f"{name} at" in names for name in pictures)


def test_faces_are_painted_over() -> None:
    whole = astronaut()
    nobody = Scene.of("photographs", "sky", whole.image)
    unknown = Scene("photographs", "unknown", whole.image, None, 1)
    assert list(without_faces([])) == list(without_faces([nobody, unknown])) == []
    (scene,) = without_faces([whole])
    assert scene.count == 0
    assert scene.image[71:177, 172:278].std(axis=(0, 1)).max() == 0
    assert (scene.image[300:] == whole.image[300:]).all()
