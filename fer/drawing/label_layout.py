"""Where to put a panel beside a face: inside the picture, and off the faces if there is room.

Rectangles are ``(left, top, right, bottom)`` in whole pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Rectangle(NamedTuple):
    """Part of a picture, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def grown(self, margin: int) -> Rectangle:
        """Return the rectangle with a margin around it."""
        return Rectangle(
            self.left - margin, self.top - margin, self.right + margin, self.bottom + margin
        )


def overlap(a: Rectangle, b: Rectangle) -> int:
    """Return the area that two rectangles have in common, in pixels."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    return max(0, width) * max(0, height)


def inside(left: int, top: int, size_wh: tuple[int, int], picture_wh: tuple[int, int]) -> Rectangle:
    """Return a rectangle as near to a place as the picture allows; it must fit into the picture."""
    width, height = size_wh
    left = min(max(left, 0), picture_wh[0] - width)
    top = min(max(top, 0), picture_wh[1] - height)
    return Rectangle(left, top, left + width, top + height)


def around(
    box: Rectangle,
    size_wh: tuple[int, int],
    picture_wh: tuple[int, int],
    *,
    gap: int,
    headroom: int,
) -> list[Rectangle]:
    """Return the places for a panel around a face, the best first; none if it is too large.

    Args:
        box: of the face; may reach past the border.
        size_wh: width and height of the panel.
        picture_wh: width and height of the picture.
        gap: pixels between the face and the panel.
        headroom: pixels above the box that are taken by its tag.
    """
    (width, height), (left, top, right, bottom) = size_wh, box
    if width > picture_wh[0] or height > picture_wh[1]:
        return []
    corners = [
        (right + gap, top),
        (left - gap - width, top),
        (left, bottom + gap),
        (left, top - headroom - gap - height),
    ]
    return [inside(x, y, size_wh, picture_wh) for x, y in corners]


def least_covering(
    places: Sequence[Rectangle], faces: Sequence[Rectangle], others: Sequence[Rectangle]
) -> tuple[Rectangle, int]:
    """Return the first of the places that cover least, and what it covers: 0 if it is free.

    Args:
        places: one or more.
        faces: what should be covered last.
        others: what may be covered rather than a face: tags, and panels placed before.
    """
    covered = [
        4 * sum(overlap(p, f) for f in faces) + sum(overlap(p, o) for o in others) for p in places
    ]
    best = covered.index(min(covered))
    return places[best], covered[best]
