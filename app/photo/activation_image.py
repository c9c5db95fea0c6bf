"""A class activation map drawn over its face. Does not use Streamlit.

The map uses two hues of equal lightness and chroma, orange and blue, which people with any kind of
colour-vision deficiency can tell apart. Their opacity over the grey face grows with the activation.
Outlines mark strong activation, solid for and dashed against the expression, so that the map is
readable without any hues.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.types import Floats, Image

#: Side of the picture in pixels: twice the displayed side, for high-density phone screens.
ACTIVATION_SIDE = 480

#: Colours of evidence for and against an expression, as ``#RRGGBB``: lightness 0.70 and chroma
#: 0.15 in OKLCH, at hues 55° and 250°.
FOR, AGAINST = "#E48233", "#4BA3F7"

#: Opacity of the colour where the activation is strongest, 0…1.
_MAX_OPACITY = 0.78

#: Activation, as a share of the strongest, above which an outline is drawn.
_STRONG = 0.5


def activation_image(face: Image, heatmap: Floats) -> bytes:
    """Return a PNG of a face with its class activation map.

    Args:
        face: aligned face, ``(side, side, 3)`` RGB uint8.
        heatmap: activation, ``(side, side)``, -1…1.

    Raises:
        RuntimeError: OpenCV cannot write PNG.
    """
    grey = cv2.cvtColor(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    hue = np.where(heatmap[..., None] > 0, _rgb(FOR), _rgb(AGAINST))
    opacity = (_MAX_OPACITY * np.abs(heatmap))[..., None]
    picture = np.round(grey * (1 - opacity) + hue * opacity).astype(np.uint8)
    _outline(picture, heatmap > _STRONG, dashed=False)
    _outline(picture, heatmap < -_STRONG, dashed=True)
    success, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not success:
        raise RuntimeError("OpenCV cannot write .png")
    return data.tobytes()


def _outline(picture: Image, area: NDArray[np.bool_], *, dashed: bool) -> None:
    """Draw a white outline with a dark edge around an area."""
    width = max(1, len(picture) // 160)
    contours, _ = cv2.findContours(area.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        dash = max(8, len(picture) // 24) if dashed else len(contour)
        for start in range(0, len(contour), 2 * dash if dashed else dash):
            part = contour[start : start + dash]
            cv2.polylines(picture, [part], not dashed, (25, 25, 30), width + 2, cv2.LINE_AA)
            cv2.polylines(picture, [part], not dashed, (255, 255, 255), width, cv2.LINE_AA)


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float64)
