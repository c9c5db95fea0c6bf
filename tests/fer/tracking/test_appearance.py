import numpy as np
import pytest
from numpy.testing import assert_allclose

from fer.tracking.observation import Appearance, Light
from fer.types import Image
from tests.fer.tracking.samples import looks

BOX = np.array([[100, 90, 160, 150]], np.float32)


def person(hair: int, skin: int, clothes: tuple[int, int, int], noise: int = 0) -> Image:
    """Draw somebody around `BOX` in front of a grey wall."""
    image = np.full((300, 260, 3), 120, np.uint8)
    image[60:110, 95:165] = hair
    image[90:155, 105:155] = (skin, skin * 3 // 4, skin * 3 // 5)
    image[155:, 60:200] = clothes
    rng = np.random.default_rng(noise)
    return np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)


def described(image: Image, light: Light | None = None) -> Appearance:
    return Appearance.of(image, BOX, (light or Light())(image))


@pytest.mark.parametrize("boxes", [0, 1, 3])
def test_everybody_has_looks_even_outside_the_picture(boxes: int) -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    outside = np.array([[500, 500, 540, 540], [-90, -90, -50, -50], [80, 20, 120, 60]], np.float32)
    made = Appearance.of(image, outside[:boxes], Light()(image))
    assert len(made) == boxes
    assert np.isfinite(made.colours).all()
    assert made.distances(made).shape == (boxes, boxes)
    assert not made.visible[:2].any()


def test_the_same_person_looks_alike_and_another_does_not() -> None:
    light = Light()
    one = described(person(30, 220, (40, 50, 160)), light)
    again = described(person(30, 220, (40, 50, 160), noise=1), light)
    other = described(person(200, 200, (150, 40, 40)), light)
    assert one.distances(one)[0, 0] == pytest.approx(0, abs=1e-3)
    assert one.distances(again)[0, 0] < 0.1
    assert one.distances(other)[0, 0] > 0.3
    assert_allclose(one.distances(other), other.distances(one).T)


@pytest.mark.parametrize("gains", [(0.6, 0.6, 0.6), (0.52, 0.6, 0.72), (1.3, 1.2, 1.1)])
def test_another_light_does_not_change_who_looks_like_whom(gains: tuple) -> None:
    light, image = Light(), person(60, 190, (60, 70, 150))
    before = described(image, light)
    other = described(person(190, 190, (150, 60, 60)), light)
    dimmed = np.clip(image * np.array(gains), 0, 255).astype(np.uint8)
    after = described(dimmed, light)
    assert before.distances(after)[0, 0] < 0.15
    assert before.distances(after)[0, 0] < 0.6 * other.distances(after)[0, 0]


def test_people_who_come_and_go_are_no_other_light() -> None:
    light = Light()
    empty = person(120, 120, (120, 120, 120))
    before = light(empty)
    crowded = empty.copy()
    crowded[80:, :120] = (150, 40, 40)
    assert_allclose(light(crowded), before, atol=0.06)
    assert_allclose(light(empty), before, atol=0.06)


def test_what_is_seen_better_counts_more() -> None:
    clear, hidden = looks(1), looks(2, visible=0.0)
    assert_allclose(clear.blended(hidden, 0.9).colours, clear.colours)
    assert_allclose(hidden.blended(clear, 0.1).colours, clear.colours)
    assert clear.certainty(hidden)[0, 0] == 0
    assert clear.certainty(clear)[0, 0] == pytest.approx(1)
    assert clear.clear
    assert not clear.doubted(np.array([0.2])).clear
