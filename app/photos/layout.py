"""How large a picture is on the page, and where the cards of its faces go. No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.pictures import fitted

#: Most faces that have a card each; of more, one card at a time is shown.
MAX_CARDS = 6

#: Pixels between a picture and its cards, and between cards.
GAP = 16

#: Largest height of a picture in pixels. Where cards follow, it is lower, so that the first answers
#: are on the same screen.
_MAX_HEIGHT, _MAX_HEIGHT_BESIDE, _MAX_HEIGHT_ABOVE = 720, 560, 480

#: Rows of cards beside a picture, which together are about as high as it is.
_ROWS_BESIDE = 2


@dataclass(frozen=True)
class Layout:
    """Sizes for one photo.

    Attributes:
        picture_width: width of the picture in pixels, where the screen has room.
        card_columns: columns of cards beside the picture; 0 if the cards go below it.
    """

    picture_width: int
    card_columns: int


def layout(size: tuple[int, int], faces: int, *, content_width: int, card_width: int) -> Layout:
    """Return the layout of a photo. Cards stand beside it only where they have their full width.

    Args:
        size: width and height of the photo in pixels.
        faces: number of its faces.
        content_width: width of the page's content in pixels.
        card_width: width of a card in pixels.
    """
    room = content_width - card_width - GAP
    beside = fitted(size, room, _MAX_HEIGHT_BESIDE)
    columns = (content_width - beside) // (card_width + GAP)
    if faces <= min(MAX_CARDS, columns * _ROWS_BESIDE):
        return Layout(beside, min(columns, max(1, faces)))
    height = _MAX_HEIGHT_ABOVE if faces <= MAX_CARDS else _MAX_HEIGHT
    return Layout(fitted(size, content_width, height), 0)
