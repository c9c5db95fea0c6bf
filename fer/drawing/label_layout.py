"""Position panels beside faces: inside the image, and not over faces.

Rectangles are ``(left, top, right, bottom)`` in whole pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Rectangle(NamedTuple):
    """A rectangle within an image, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def grown(self, margin: int) -> Rectangle:
        """Return the rectangle enlarged by a margin on every side."""
        return Rectangle(
            self.left - margin, self.top - margin, self.right + margin, self.bottom + margin
        )


def overlap(a: Rectangle, b: Rectangle) -> int:
    """Return the intersection area of two rectangles, in pixels."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    return max(0, width) * max(0, height)


def inside(left: int, top: int, size_wh: tuple[int, int], picture_wh: tuple[int, int]) -> Rectangle:
    """Return the rectangle inside the image nearest to a corner; its size must fit the image."""
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
    """Return the candidate positions of a panel around a face, best first.

    Args:
        box: box of the face; may extend past the image.
        size_wh: width and height of the panel.
        picture_wh: width and height of the image.
        gap: pixels between the face and the panel.
        headroom: pixels above the box that its tag occupies.

    Returns:
        Four rectangles; none if the panel is larger than the image.
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


def first_free(positions: Sequence[Rectangle], taken: Sequence[Rectangle]) -> Rectangle | None:
    """Return the first position that covers nothing of what is `taken`; None if there is none."""
    return next((p for p in positions if not any(overlap(p, t) for t in taken)), None)
