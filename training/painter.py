"""Draw faces of persons and expressions; lengths are in units of half the face's width."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Expression:
    """The moving parts of a face. Lengths are in units of half the face's width.

    A value of 0 is at rest, unless stated otherwise.

    Attributes:
        brow_inner: how far the inner ends of the brows rise; negative if they fall.
        brow_outer: the same for the outer ends.
        brow_together: how far the brows draw together.
        eye_open: relative height of the eyes; 1 is at rest.
        corners: how far the corners of the mouth rise.
        mouth_open: height of the opening between the lips.
        mouth_width: relative width of the mouth; 1 is at rest.
        lip_raise: how far the middle of the upper lip is pulled up.
        teeth: fraction of the opening that shows teeth.
        nose_wrinkle: strength of the creases beside and on the nose, 0 to 1.
        frown_lines: strength of the creases between the brows, 0 to 1.
        cheeks: how far the cheeks push up the lower lids, 0 to 1.
    """

    brow_inner: float = 0.0
    brow_outer: float = 0.0
    brow_together: float = 0.0
    eye_open: float = 1.0
    corners: float = 0.0
    mouth_open: float = 0.02
    mouth_width: float = 1.0
    lip_raise: float = 0.0
    teeth: float = 0.0
    nose_wrinkle: float = 0.0
    frown_lines: float = 0.0
    cheeks: float = 0.0

    def varied(self, rng: np.random.Generator) -> Expression:
        """Return a random variation: another overall strength, and jitter of each parameter."""
        rest = Expression()
        strength = rng.uniform(0.75, 1.2)
        changed = {}
        for field in dataclasses.fields(self):
            base, value = getattr(rest, field.name), getattr(self, field.name)
            changed[field.name] = base + (value - base) * strength * rng.uniform(0.85, 1.15)
        changed["brow_inner"] += rng.normal(0, 0.02)
        changed["brow_outer"] += rng.normal(0, 0.02)
        changed["corners"] += rng.normal(0, 0.015)
        changed["eye_open"] *= rng.uniform(0.9, 1.1)
        return Expression(**changed)


EXPRESSIONS: dict[str, Expression] = {
    "angry": Expression(
        brow_inner=-0.17,
        brow_outer=0.06,
        brow_together=0.10,
        eye_open=0.75,
        corners=-0.05,
        mouth_open=0.13,
        mouth_width=1.0,
        teeth=1.0,
        frown_lines=1.0,
    ),
    "disgust": Expression(
        brow_inner=-0.08,
        brow_outer=-0.05,
        eye_open=0.42,
        corners=-0.12,
        mouth_open=0.13,
        mouth_width=0.85,
        lip_raise=0.14,
        teeth=0.35,
        nose_wrinkle=1.0,
        cheeks=0.8,
    ),
    "fear": Expression(
        brow_inner=0.20,
        brow_outer=0.04,
        brow_together=0.08,
        eye_open=1.55,
        corners=-0.09,
        mouth_open=0.20,
        mouth_width=1.18,
        teeth=0.5,
        frown_lines=0.4,
    ),
    "happy": Expression(
        brow_outer=0.03,
        brow_inner=0.03,
        eye_open=0.62,
        corners=0.19,
        mouth_open=0.16,
        mouth_width=1.3,
        teeth=0.9,
        cheeks=1.0,
    ),
    "sad": Expression(
        brow_inner=0.15,
        brow_outer=-0.12,
        eye_open=0.66,
        corners=-0.16,
        mouth_width=0.85,
    ),
    "surprise": Expression(
        brow_inner=0.22,
        brow_outer=0.22,
        eye_open=1.6,
        mouth_open=0.46,
        mouth_width=0.68,
    ),
    "neutral": Expression(),
}


@dataclass(frozen=True)
class Person:
    """The fixed parts of a face. Lengths are in units of half the face's width, colours are RGB.

    ``jaw``, ``eye_size``, ``mouth`` and ``length`` are halves of what they name; ``eye_apart`` is
    the distance from the middle, and ``hairline`` that from the top of the head.
    """

    length: float
    jaw: float
    eye_apart: float
    eye_size: float
    brow_thick: float
    nose: float
    mouth: float
    hairline: float
    long_hair: bool
    glasses: bool
    skin: Colour
    hair: Colour
    backdrop: Colour

    @classmethod
    def random(cls, rng: np.random.Generator) -> Person:
        """Return a random person."""
        tone = rng.uniform(0, 1)
        light, dark = np.array([244, 208, 182]), np.array([118, 76, 54])
        skin = dark + (light - dark) * tone
        hairs = np.array(
            [[38, 28, 24], [84, 54, 34], [150, 110, 62], [128, 124, 122], [112, 50, 30]]
        )
        hair = hairs[rng.integers(0, len(hairs) if tone > 0.4 else 2)] * rng.uniform(0.8, 1.15)
        return cls(
            length=rng.uniform(1.22, 1.42),
            jaw=rng.uniform(0.66, 0.92),
            eye_apart=rng.uniform(0.38, 0.46),
            eye_size=rng.uniform(0.17, 0.21),
            brow_thick=rng.uniform(0.06, 0.11),
            nose=rng.uniform(0.30, 0.40),
            mouth=rng.uniform(0.34, 0.42),
            hairline=rng.uniform(0.28, 0.46),
            long_hair=bool(rng.random() < 0.4),
            glasses=bool(rng.random() < 0.12),
            skin=_colour(skin),
            hair=_colour(hair),
            backdrop=_colour(rng.uniform(40, 225) + rng.uniform(-25, 25, 3)),
        )


def _colour(rgb: NDArray[np.float64]) -> Colour:
    red, green, blue = np.clip(rgb, 0, 255)
    return float(red), float(green), float(blue)


Canvas = NDArray[np.uint8]
Points = NDArray[np.float64]

#: Width and height in pixels at which faces are drawn; they are downscaled later for smoothness.
CANVAS = 256

#: Half the width of a face, in canvas pixels.
_UNIT = 84.0

#: Fractional bits of OpenCV's fixed-point coordinates, for subpixel accuracy.
_SHIFT = 4

#: Vertical positions of brows, eyes and mouth below the centre of the face, in units.
_BROW_Y, _EYE_Y, _MOUTH_Y = -0.47, -0.17, 0.66

_WHITE: Colour = (238, 236, 232)
_DARK: Colour = (28, 20, 20)


def draw_face(person: Person, expression: Expression) -> Canvas:
    """Draw an upright face in uniform light, centred, ``(CANVAS, CANVAS, 3)`` RGB uint8."""
    canvas = np.full((CANVAS, CANVAS, 3), person.backdrop, np.uint8)
    _draw_head(canvas, person, expression)
    _draw_creases(canvas, person, expression)
    for side in (-1, 1):
        _draw_eye(canvas, person, expression, side)
        _draw_brow(canvas, person, expression, side)
    _draw_nose(canvas, person, expression)
    _draw_mouth(canvas, person, expression)
    return canvas


def _draw_head(canvas: Canvas, person: Person, expression: Expression) -> None:
    chin = person.length + 0.35 * max(0.0, expression.mouth_open - 0.1)
    turn = np.linspace(np.pi, 3 * np.pi, 73)  # ear to ear over the crown, and back below the chin
    x, y = np.cos(turn), np.sin(turn)
    narrowing = 1 - (1 - person.jaw) * np.clip(y, 0, 1) * np.abs(x)
    face = np.column_stack([x * narrowing, np.where(y > 0, y * chin, y * person.length)])
    if person.long_hair:
        _fill(canvas, face * (1.24, 1.06) + (0, 0.04), _shade(person.hair, 0.85))
    neck = np.array([(-0.5, 0.6), (0.5, 0.6), (0.6, 2.0), (-0.6, 2.0)])
    _fill(canvas, neck, _shade(person.skin, 0.72))
    if not person.long_hair:
        for side in (-1, 1):
            _fill(canvas, _ellipse((side * 0.99, 0.02), (0.13, 0.24)), _shade(person.skin, 0.86))
    _fill(canvas, face, person.skin)
    temple = -0.42 * person.length
    crown = face[face[:, 1] < temple] * (1.06, 1.06)
    line = -person.length + person.hairline
    hair = np.concatenate([crown, _curve((0.97, temple), (0.0, line), (-0.97, temple))])
    _fill(canvas, hair, person.hair)


def _draw_eye(canvas: Canvas, person: Person, expression: Expression, side: int) -> None:
    x, half = side * person.eye_apart, person.eye_size
    height = 0.105 * expression.eye_open
    rise = 0.11 * expression.cheeks
    left, right = (x - half, _EYE_Y), (x + half, _EYE_Y)
    upper = _curve(left, (x, _EYE_Y - height - 0.3 * rise), right)
    lower = _curve(right, (x, _EYE_Y + 0.8 * height - rise), left)
    shape = np.concatenate([upper, lower])
    inside = canvas.copy()
    _fill(inside, shape, _WHITE)
    _fill(inside, _ellipse((x, _EYE_Y), (0.095, 0.095)), _shade(person.hair, 0.75))
    _fill(inside, _ellipse((x, _EYE_Y), (0.05, 0.05)), _DARK)
    _paste(canvas, inside, shape)
    _stroke(canvas, upper, _DARK, 0.05)
    _stroke(canvas, lower, _shade(person.skin, 0.55), 0.025)
    if person.glasses:
        _stroke(canvas, _ellipse((x, _EYE_Y), (0.32, 0.27)), _DARK, 0.04, closed=True)
        _stroke(canvas, np.array([(0.0, _EYE_Y - 0.03), (side * 0.12, _EYE_Y - 0.03)]), _DARK, 0.04)


def _draw_brow(canvas: Canvas, person: Person, expression: Expression, side: int) -> None:
    inner_x = side * (person.eye_apart - 0.23 - 0.6 * expression.brow_together)
    outer_x = side * (person.eye_apart + 0.27)
    inner_y = _BROW_Y - expression.brow_inner
    outer_y = _BROW_Y + 0.05 - expression.brow_outer
    middle = ((inner_x + outer_x) / 2, (inner_y + outer_y) / 2 - 0.055)
    top = _curve((inner_x, inner_y - person.brow_thick / 2), middle, (outer_x, outer_y))
    thick = (middle[0], middle[1] + person.brow_thick)
    bottom = _curve((outer_x, outer_y), thick, (inner_x, inner_y + person.brow_thick / 2))
    _fill(canvas, np.concatenate([top, bottom]), _shade(person.hair, 0.7))


def _draw_nose(canvas: Canvas, person: Person, expression: Expression) -> None:
    tip = _EYE_Y + 0.1 + person.nose - 0.05 * expression.nose_wrinkle
    shadow = _shade(person.skin, 0.68)
    wing = 0.15 + 0.04 * expression.nose_wrinkle
    _stroke(
        canvas, _curve((-wing, tip - 0.02), (0.0, tip + 0.08), (wing, tip - 0.02)), shadow, 0.05
    )
    bridge = _curve((0.07, _EYE_Y - 0.08), (0.05, tip - 0.2), (0.11, tip - 0.08))
    _stroke(canvas, bridge, _shade(person.skin, 0.82), 0.04)
    for side in (-1, 1):
        _fill(canvas, _ellipse((side * 0.075, tip + 0.02), (0.035, 0.02)), _DARK)


def _draw_creases(canvas: Canvas, person: Person, expression: Expression) -> None:
    nose_y = _EYE_Y + person.nose
    for side in (-1, 1):
        fold = _shade(person.skin, 1 - 0.34 * max(expression.nose_wrinkle, 0.7 * expression.cheeks))
        start, end = (side * 0.22, nose_y + 0.02), (side * 0.5, _MOUTH_Y - 0.1)
        _stroke(canvas, _curve(start, (side * 0.4, nose_y + 0.12), end), fold, 0.045)
        frown = _shade(person.skin, 1 - 0.45 * expression.frown_lines)
        _stroke(canvas, np.array([(side * 0.06, -0.52), (side * 0.045, -0.3)]), frown, 0.04)
        wrinkle = _shade(person.skin, 1 - 0.45 * expression.nose_wrinkle)
        for y in (-0.24, -0.14):
            _stroke(canvas, np.array([(0.0, y + 0.02), (side * 0.14, y - 0.06)]), wrinkle, 0.035)


def _draw_mouth(canvas: Canvas, person: Person, expression: Expression) -> None:
    half = person.mouth * expression.mouth_width
    corner_y = _MOUTH_Y - expression.corners
    opening = max(expression.mouth_open, 0.0)
    upper_y = _MOUTH_Y + 0.25 * expression.corners - 0.35 * opening - expression.lip_raise
    lower_y = upper_y + opening + 0.4 * expression.lip_raise
    left, right = (-half, corner_y), (half, corner_y)
    upper = _curve(left, (0.0, upper_y), right)
    lower = _curve(right, (0.0, lower_y), left)
    lips = np.concatenate(
        [
            _curve((-half - 0.03, corner_y), (0.0, upper_y - 0.09), (half + 0.03, corner_y)),
            _curve((half + 0.03, corner_y), (0.0, lower_y + 0.12), (-half - 0.03, corner_y)),
        ]
    )
    red, green, blue = person.skin
    _fill(canvas, lips, (red * 0.78, green * 0.52, blue * 0.54))
    inside = canvas.copy()
    hole = np.concatenate([upper, lower])
    _fill(inside, hole, (62, 22, 26))
    if expression.teeth > 0.05:
        depth = opening * min(expression.teeth, 1.0)
        teeth = np.concatenate([upper, (upper + np.array([0, depth]))[::-1]])
        _fill(inside, teeth, _WHITE)
    _paste(canvas, inside, hole)
    _stroke(canvas, upper, _shade(person.skin, 0.38), 0.035)


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = colour
    return (red * factor, green * factor, blue * factor)


def _curve(start: Sequence[float], middle: Sequence[float], end: Sequence[float]) -> Points:
    """Return points on a parabola from `start` to `end` that passes `middle` half-way."""
    a, m, b = (np.asarray(point, float) for point in (start, middle, end))
    control = 2 * m - (a + b) / 2
    t = np.linspace(0, 1, 17)[:, None]
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * control + t**2 * b


def _ellipse(centre: tuple[float, float], radii: tuple[float, float]) -> Points:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return np.column_stack([np.cos(turn), np.sin(turn)]) * radii + centre


def _fixed_point(points: Points) -> NDArray[np.int32]:
    pixels = points * _UNIT + CANVAS / 2
    return np.round(pixels * 2**_SHIFT).astype(np.int32)


def _fill(canvas: Canvas, points: Points, colour: Colour) -> None:
    cv2.fillPoly(canvas, [_fixed_point(points)], colour, cv2.LINE_AA, _SHIFT)


def _stroke(
    canvas: Canvas, points: Points, colour: Colour, width: float, *, closed: bool = False
) -> None:
    pixels = max(1, round(width * _UNIT))
    cv2.polylines(canvas, [_fixed_point(points)], closed, colour, pixels, cv2.LINE_AA, _SHIFT)


def _paste(canvas: Canvas, layer: Canvas, shape: Points) -> None:
    """Copy the part of a layer inside a shape onto the canvas."""
    mask = np.zeros(canvas.shape[:2], np.uint8)
    cv2.fillPoly(mask, [_fixed_point(shape)], 255, cv2.LINE_AA, _SHIFT)
    canvas[mask > 127] = layer[mask > 127]
