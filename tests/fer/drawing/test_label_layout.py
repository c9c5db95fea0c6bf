import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.drawing.label_layout import Rectangle, around, first_free, inside, overlap

lengths = st.integers(1, 300)
places = st.integers(-500, 800)


@pytest.mark.parametrize(
    ("other", "area"),
    [((10, 0, 20, 10), 0), ((5, 5, 20, 20), 25), ((-5, -5, 50, 50), 100), ((3, 3, 3, 9), 0)],
    ids=["neighbour", "corner", "all", "empty"],
)
def test_overlap_is_the_common_area(other: tuple, area: int) -> None:
    assert overlap(Rectangle(0, 0, 10, 10), Rectangle(*other)) == area


@given(x=places, y=places, size=st.tuples(lengths, lengths), room=st.tuples(lengths, lengths))
def test_what_fits_is_moved_inside_and_keeps_its_size(
    x: int, y: int, size: tuple[int, int], room: tuple[int, int]
) -> None:
    picture = (size[0] + room[0], size[1] + room[1])
    spot = inside(x, y, size, picture)
    assert (spot.right - spot.left, spot.bottom - spot.top) == size
    assert spot.left >= 0
    assert spot.top >= 0
    assert spot.right <= picture[0]
    assert spot.bottom <= picture[1]


def test_a_panel_larger_than_the_picture_has_no_place() -> None:
    assert around(Rectangle(0, 0, 9, 9), (50, 20), (40, 40), gap=2, headroom=5) == []


def test_the_right_of_a_face_comes_first_then_what_is_free() -> None:
    face = Rectangle(50, 50, 100, 100)
    spots = around(face, (40, 60), (300, 300), gap=4, headroom=10)
    assert first_free(spots, [face]) == Rectangle(104, 50, 144, 110)
    neighbour = Rectangle(120, 50, 170, 100)
    assert first_free(spots, [face, neighbour]) == Rectangle(6, 50, 46, 110)
    assert first_free(spots, [Rectangle(0, 0, 300, 300)]) is None
    assert first_free([], []) is None
