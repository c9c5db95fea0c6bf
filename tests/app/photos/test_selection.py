"""What is shown of many photographs, and in which order."""

from dataclasses import replace

import pytest

from app.core.photo import Missing
from app.photos.pictures import PhotoView
from app.photos.results import (
    NO_FACE,
    PER_PAGE,
    Filter,
    Order,
    counts,
    offered_answers,
    pages,
    selected,
)
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from tests.app.photos.samples import MODEL, item, unread
from tests.app.samples import LABELS, faces_of

ITEMS = (
    item("10 sure.png", happy=95),
    item("2 group.png", faces=3, happy=80),
    item("sad.png", happy=10),
    item("unsure.png", happy=40),
    item("dark.png", happy=90, seed=200),
    item("wall.png", faces=0),
    unread("broken.png"),
)


def names(
    answers: tuple[str, ...] = (), flaws: tuple[str, ...] = (), order: Order = Order.NAME
) -> list[str]:
    shown = selected(ITEMS, Filter(frozenset(answers), frozenset(flaws)), order)
    return [one.photo.name.split(".")[0] for one in shown]


@pytest.mark.parametrize(
    ("answers", "flaws", "shown"),
    [
        ((), (), ["2 group", "10 sure", "broken", "dark", "sad", "unsure", "wall"]),
        (("happy",), (), ["2 group", "10 sure", "dark"]),
        (("sad",), (), ["sad"]),
        (("uncertain",), (), ["unsure"]),
        ((NO_FACE,), (), ["wall"]),
        ((Missing.NOT_READ,), (), ["broken"]),
        (("sad", Missing.NOT_READ, NO_FACE), (), ["broken", "sad", "wall"]),
        ((), ("dark",), ["dark"]),
        ((), ("dark", "small"), ["dark"]),
        (("happy",), ("dark",), ["dark"]),
        (("sad",), ("dark",), []),
        ((Missing.NOT_READ, NO_FACE), ("dark",), []),
        (("contempt",), (), []),
    ],
)
def test_filters(answers: tuple[str, ...], flaws: tuple[str, ...], shown: list[str]) -> None:
    assert names(answers, flaws) == shown


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        (Order.SUREST, ["10 sure", "dark", "2 group", "sad", "unsure", "wall", "broken"]),
        (Order.LEAST_SURE, ["unsure", "sad", "2 group", "dark", "10 sure", "wall", "broken"]),
        (Order.FACES, ["2 group", "10 sure", "dark", "sad", "unsure", "wall", "broken"]),
    ],
)
def test_files_without_a_face_and_those_not_read_come_last(order: Order, shown: list[str]) -> None:
    assert names(order=order) == shown


def answered(name: str, *rows: tuple[float, float, float]) -> PhotoView:
    view = item(name)
    answers = {MODEL: {EXPRESSION_HEAD: faces_of(*rows)}}
    return replace(view, photo=replace(view.photo, answers=answers))


def test_the_faces_that_were_asked_for_decide_the_place_of_a_photo() -> None:
    mixed = answered("mixed", (0.95, 0.05, 0), (0.2, 0.6, 0.2))
    sad = answered("sad", (0.2, 0.7, 0.1))
    for answers, first in (((), mixed), (("sad",), sad)):
        assert selected([mixed, sad], Filter(frozenset(answers)), Order.SUREST)[0] is first
    least = selected([mixed, sad], Filter(frozenset(["sad"])), Order.LEAST_SURE)
    assert least == [mixed, sad]


def test_what_is_offered_is_what_there_is_and_counts_photos() -> None:
    answers, flaws = counts(ITEMS)
    assert answers == {"happy": 3, "sad": 1, "uncertain": 1, NO_FACE: 1, Missing.NOT_READ: 1}
    assert flaws == {"small": 1, "dark": 1}
    expected = ["happy", "sad", "uncertain", NO_FACE, Missing.NOT_READ]
    assert offered_answers(answers, LABELS) == expected
    assert offered_answers([], LABELS) == []


def test_another_head_answers_otherwise() -> None:
    answers, _ = counts([replace(one, head=FERPLUS_HEAD) for one in ITEMS])
    assert answers["happy"] < 3
    assert answers[Missing.NOT_READ] == answers[NO_FACE] == 1


def test_pages() -> None:
    assert [pages(count) for count in (0, 1, PER_PAGE, PER_PAGE + 1, 500)] == [1, 1, 1, 2, 21]
