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

from fer.drawing.pictures import encoded
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
    """Return a PNG of an aligned face, RGB, with its activation, ``(side, side)``, -1…1."""
    grey = cv2.cvtColor(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    hue = np.where(heatmap[..., None] > 0, _rgb(FOR), _rgb(AGAINST))
    opacity = (_MAX_OPACITY * np.abs(heatmap))[..., None]
    picture = np.round(grey * (1 - opacity) + hue * opacity).astype(np.uint8)
    _outline(picture, heatmap > _STRONG, dashed=False)
    _outline(picture, heatmap < -_STRONG, dashed=True)
    return encoded(picture, ".png")


#: Size of the legend in SVG units, which are pixels of the page, and the grey below its colours.
_LEGEND_WIDTH, _LEGEND_HEIGHT, _BAR_HEIGHT = 280, 92, 14
_GREY = "#808080"

_FONT = "'Source Sans 3', 'Source Sans Pro', system-ui, Helvetica, Arial, sans-serif"

#: Alternative text of the legend.
LEGEND_ALT = (
    "Legend: from blue, against it, to orange, for it. A solid line goes round what mattered most "
    "for it, a dashed line round what mattered most against it."
)


def activation_legend(ink: str) -> str:
    """Return the legend of a map as SVG, its text in the colour `ink`, ``#RRGGBB``."""
    stops = "".join(
        f'<stop offset="{offset}" stop-color="{colour}" stop-opacity="{opacity}"/>'
        for offset, colour, opacity in (
            (0, AGAINST, _MAX_OPACITY),
            (0.5, AGAINST, 0),
            (0.5, FOR, 0),
            (1, FOR, _MAX_OPACITY),
        )
    )
    middle, right = _LEGEND_WIDTH / 2, _LEGEND_WIDTH
    bar = f'width="{right}" height="{_BAR_HEIGHT}" rx="3"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right} {_LEGEND_HEIGHT}" '
        f'width="{right}" height="{_LEGEND_HEIGHT}" font-family="{_FONT}" font-size="13" '
        f'fill="{ink}"><defs><linearGradient id="scale">{stops}</linearGradient></defs>'
        f'<rect {bar} fill="{_GREY}"/><rect {bar} fill="url(#scale)"/>'
        f'<text x="0" y="30">against it</text>'
        f'<text x="{middle}" y="30" text-anchor="middle">no effect</text>'
        f'<text x="{right}" y="30" text-anchor="end">for it</text>'
        f'{_sample_line(52, "")}<text x="40" y="56">Mattered most for it</text>'
        f'{_sample_line(78, "6 4")}<text x="40" y="82">Mattered most against it</text>'
        "</svg>"
    )


def _sample_line(y: int, dashes: str) -> str:
    """Return a line like those of `_outline`, on the grey of a face."""
    style = f'stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<rect y="{y - 9}" width="32" height="18" rx="3" fill="{_GREY}"/>'
        f'<path d="M4 {y}h24" stroke="#19191E" stroke-width="4" {style}/>'
        f'<path d="M4 {y}h24" stroke="#FFFFFF" stroke-width="2" {style}/>'
    )


def _outline(picture: Image, area: NDArray[np.bool_], *, dashed: bool) -> None:
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
