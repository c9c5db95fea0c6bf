"""Parameters of persons and expressions, from which `training.demo.painter` draws faces.

The parameters imitate real expressions: raised inner brows in sadness, a lifted upper lip in
disgust, wide eyes in fear and surprise. Drawn faces show no real person and need no licence. They
let everything run without FER2013, but do not replace it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

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

    Attributes:
        length: half the length of the face.
        jaw: half the width of the jaw.
        eye_apart: distance of an eye from the middle.
        eye_size: half the width of an eye.
        brow_thick: thickness of the brows.
        nose: length of the nose.
        mouth: half the width of the mouth at rest.
        hairline: distance of the hairline from the top of the head.
        long_hair: whether hair falls beside the face.
        glasses: whether the person wears glasses.
        skin: colour of the skin.
        hair: colour of hair and brows.
        backdrop: colour behind the head.
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
