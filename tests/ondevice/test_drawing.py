"""The marks that the browser draws stand where those of `fer.drawing` do, and say the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.live.device.component import IN_BROWSER
from fer.drawing.annotate import Rectangle, around, first_free, ink_on, inside, overlap, padding
from fer.labels import COLOURS, PERSON_COLOURS, UNCERTAIN_COLOUR
from fer.text import chance, one_of
from tests.ondevice.node import Node, constants


def rectangle(rng: np.random.Generator) -> Rectangle:
    left, top = rng.integers(-40, 620, 2).tolist()
    width, height = rng.integers(1, 200, 2).tolist()
    return Rectangle(left, top, left + width, top + height)


@pytest.mark.parametrize("seed", range(40))
def test_panels_stand_where_there_is_room(js: Node, seed: int) -> None:
    rng = np.random.default_rng(seed)
    box, size, picture = rectangle(rng), tuple(rng.integers(20, 200, 2).tolist()), (640, 480)
    there = around(box, size, picture, gap=6, headroom=19)
    here = js("page/scene.js:around", box._asdict(), size, picture, 6, 19)
    assert here == [place._asdict() for place in there]
    taken = [rectangle(rng) for _ in range(seed % 5)]
    free = first_free(there, taken)
    found = js("page/scene.js:firstFree", here, [other._asdict() for other in taken])
    assert found == (free._asdict() if free else None)
    for other in taken:
        shared = js("page/scene.js:overlap", box._asdict(), other._asdict())
        assert shared == overlap(box, other)
    assert js("page/scene.js:around", box._asdict(), (700, 10), picture) == [], "too large"


@pytest.mark.parametrize("corner", [(0, 0), (-20, -5), (630, 470), (100, 100)])
def test_a_tag_is_inside_the_picture(js: Node, corner: tuple[int, int]) -> None:
    there = inside(*corner, (60, 20), (640, 480))
    assert js("page/scene.js:inside", *corner, (60, 20), (640, 480)) == there._asdict()


#: What a script says, what Python does, and of what.
SAME = (
    ("page/ink.js:inkOn", ink_on, [*COLOURS.values(), *PERSON_COLOURS, UNCERTAIN_COLOUR]),
    ("page/ink.js:padding", padding, [10, 11, 13, 17, 64]),
    ("page/words.js:chance", chance, [0, 0.0049, 0.005, 0.42, 0.994, 0.995, 1]),
)


@pytest.mark.parametrize(("script", "function", "values"), SAME)
def test_ink_padding_and_percentages_are_those_of_everywhere(
    js: Node, script: str, function: Callable, values: list
) -> None:
    assert [js(script, value) for value in values] == [function(value) for value in values]


@pytest.mark.parametrize("names", [[], ["sad"], ["sad", "fear"], ["sad", "fear", "neutral"]])
def test_alternatives_are_named_as_everywhere(js: Node, names: list[str]) -> None:
    assert js("page/words.js:oneOf", names, "or") == (one_of(names) if names else "")


@pytest.mark.parametrize("mirror", [None, 640])
def test_boxes_move_on_with_the_people(js: Node, mirror: int | None) -> None:
    face = {"box": [100, 50, 200, 170], "velocity": [60, -20]}
    box = js("page/scene.js:movedBox", face, 0.25, mirror)
    left, right = (115, 215) if mirror is None else (640 - 215, 640 - 115)
    assert box == {"left": left, "top": 45, "right": right, "bottom": 165}


@pytest.mark.parametrize(
    ("picture", "scale", "text"),
    [((640, 480), 1.0, 13), ((1920, 1080), 1.0, 28), ((640, 480), 0.55, 20)],
    ids=["usual", "large", "on a phone"],
)
def test_text_can_be_read_at_every_size(
    js: Node, picture: tuple[int, int], scale: float, text: int
) -> None:
    assert js("page/scene.js:sizes", *picture, scale)["text"] == text


def test_who_hears_the_page_is_told_what_the_marks_show(js: Node) -> None:
    limits = {"thresholds": [[0.7, 0.7], [0.9, 0.9]], "margin": 0}
    head = {"name": "a", "labels": ["happy", "sad"], **limits}
    setup = {"model": {"heads": [head]}, "constants": constants(), "texts": IN_BROWSER}
    face = {"id": 4, "isFace": True, "issues": [False] * 4, "probabilities": [0.8, 0.2]}
    dark = {"id": 5, "isFace": True, "issues": [False, False, True, False]}
    dark["probabilities"] = [0.25, 0.75]
    hidden = {**face, "isFace": False}
    seen = {"faces": [face, dark, hidden]}
    told = js("page/overlay.js:described", seen, {"4": 1}, setup, {"head": "a"})
    assert told == (
        "Your camera's picture with marked faces: Person 1: happy 80%; "
        "uncertain: sad 75% or happy 25% (dark)."
    )
    nobody = js("page/overlay.js:described", None, {}, setup, {"head": "a"})
    assert nobody == IN_BROWSER["pictureWithoutFace"]
