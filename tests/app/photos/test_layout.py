"""Cards have their full width, beside a picture or below it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.layout import CARD_WIDTH, CONTENT_WIDTH
from app.core.pictures import fitted
from app.photos.layout import GAP, Layout, layout

SIZES = {"4:3": (1600, 1200), "5:4": (1500, 1200), "16:9": (1920, 1080), "9:16": (1080, 1920)}


def layout_of(size: tuple[int, int], faces: int) -> Layout:
    return layout(size, faces, content_width=CONTENT_WIDTH, card_width=CARD_WIDTH)


@pytest.mark.parametrize(
    ("ratio", "faces", "columns"),
    [
        ("4:3", 0, 1),
        ("4:3", 1, 1),
        ("4:3", 2, 1),
        ("4:3", 3, 0),
        ("5:4", 3, 0),
        ("16:9", 6, 0),
        ("9:16", 3, 2),
        ("9:16", 4, 2),
        ("9:16", 5, 0),
        ("9:16", 25, 0),
    ],
)
def test_few_cards_stand_beside_the_picture_and_others_below(
    ratio: str, faces: int, columns: int
) -> None:
    assert layout_of(SIZES[ratio], faces).card_columns == columns


@given(st.integers(16, 8000), st.integers(16, 8000), st.integers(0, 100))
def test_picture_and_cards_fit_beside_each_other(width: int, height: int, faces: int) -> None:
    found = layout_of((width, height), faces)
    cards = found.card_columns * (CARD_WIDTH + GAP)
    assert found.picture_width >= 1
    assert found.picture_width + cards <= CONTENT_WIDTH


@pytest.mark.parametrize(
    ("size", "width"), [((100, 100), 50), ((200, 100), 80), ((10, 4000), 1), ((1, 1), 50)]
)
def test_a_picture_is_within_both_limits(size: tuple[int, int], width: int) -> None:
    assert fitted(size, 80, 50) == width
