"""The visitor's faces and their labels, as the browser gives them, whatever happens meanwhile."""

import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.own_data.labelling import carry_out, labeller_data
from app.own_data.own_set import Label, OwnSet
from fer.labelled.table import SKIPPED, LabelRow
from tests.app.own_data.samples import (
    EXPRESSIONS,
    HEAD,
    add,
    answerer,
    entry,
    own_set,
    read_photo,
    small,
)
from tests.app.samples import png

SAD = Label("sad")
NAMES = {entry().key: "fake"}


def test_a_label_goes_on_to_the_next_face_without_one() -> None:
    own = own_set()
    own.label(0, SAD)
    own.undo()
    own.go(3)
    assert (own.faces, own.labels, own.unlabelled, own.answers(NAMES)) == ([], {}, 0, [])
    assert own.models == frozenset()
    own = own_set(("a.png", 2), ("b.png", 2))
    own.label(1, SAD)
    assert own.at == 2
    own.label(2, Label(SKIPPED))
    own.label(3, SAD)
    assert own.at == 0, "the only one that is left"
    own.label(0, Label("happy", answer_seen=True))
    assert own.at == 1, "all are labelled: the neighbour"
    assert own.counts == {"sad": 2, SKIPPED: 1, "happy": 1}
    assert own.unlabelled == 0


@given(st.lists(st.tuples(st.integers(-1, 4), st.sampled_from([*EXPRESSIONS, SKIPPED]))))
def test_taking_everything_back_leaves_no_label(given_labels: list[tuple[int, str]]) -> None:
    own = own_set(("a.png", 3))
    before = []
    for index, expression in given_labels:
        if 0 <= index < 3:
            before.append((own.labels, index))
        own.label(index, Label(expression))
        assert 0 <= own.at < 3
    for labels, index in reversed(before):
        own.undo()
        assert (own.labels, own.at) == (labels, index)
    own.undo()
    assert own.labels == {}


def test_answers_name_faces_and_photos_are_told_apart() -> None:
    own = own_set(("party.png", 2), ("one.png", 1))
    own.label(0, SAD)
    own.label(1, Label(SKIPPED))
    own.label(2, Label("contempt"))
    add(own, "miss.png", png(0), "happy")
    answers = own.answers(NAMES)
    assert [(one.name, one.truth, one.found) for one in answers] == [
        ("party.png, face 1", "sad", True),
        ("one.png", "contempt", True),
        ("miss.png", "happy", False),
    ]
    assert answers[0].probabilities.keys() == {("fake", "expression")}
    assert answers[0].crop_jpeg.startswith(b"\xff\xd8")
    assert own.models == {entry().key}
    own = own_set(("a.png", 1), ("A.png", 1), ("a (2).png", 1), ("x/a.png", 1), ("x_a.png", 1))
    names = [name for name, _ in own.faces]
    assert names == ["a.png", "A (2).png", "a (2) (2).png", "x_a.png", "x_a (2).png"]
    assert own.photos.keys() == set(names)


def rows_of(own: OwnSet) -> list[LabelRow]:
    return [LabelRow(name, own.labels[i].expression, face.box) for i, (name, face)
            in enumerate(own.faces) if i in own.labels]  # fmt: skip


@pytest.mark.parametrize("before", [True, False], ids=["labels first", "photos first"])
def test_labels_of_a_table_find_their_faces(before: bool) -> None:
    labelled = own_set(("party.png", 3), ("b.png", 1))
    for index, expression in ((0, "sad"), (2, SKIPPED), (3, "happy")):
        labelled.label(index, Label(expression))
    rows = [
        *rows_of(labelled),
        LabelRow("gone.png", "sad", (0, 0, 9, 9)),
        LabelRow("b.png", "bored"),
    ]
    own = own_set()
    if before:
        own.give(rows)
        assert len(own.waiting) == 4
    add(own, "b.png", png(1))
    add(own, "PARTY.png", png(3))
    if not before:
        own.give(rows)
    own.give([LabelRow("b.png", "sad", (200, 100, 240, 140))])
    assert own.labels == {0: Label("happy"), 1: SAD, 3: Label(SKIPPED)}, "of another place, none"
    assert [row.photo for row in own.waiting] == ["gone.png"]


def test_more_answers_change_no_label() -> None:
    own = own_set()
    first, second = (add(own, name, png(faces)) for name, faces in (("a.png", 1), ("b.png", 2)))
    own.label(1, SAD)
    late, both = [answerer("late")], [answerer(), answerer("late")]
    own.put(read_photo("b.png", png(2), both, number=second.number))
    assert own.labels == {1: SAD}
    assert [(name, len(face.photo.answers)) for name, face in own.faces] == [
        ("a.png", 1), ("b.png", 2), ("b.png", 2),
    ]  # fmt: skip
    assert own.models == {entry().key}
    own.put(read_photo("a.png", png(1), late, number=first.number))
    assert own.models == {entry("late").key}


def test_labels_are_given_while_faces_come() -> None:
    own = own_set(("first.png", 1))
    photo = read_photo("more.png", png(1))

    def come() -> None:
        for number in range(1000, 1200):
            own.put(replace(photo, number=number))

    coming = threading.Thread(target=come)
    coming.start()
    for _ in range(200):
        own.label(0, SAD)
    coming.join()
    assert (len(own.faces), own.labels) == (201, {0: SAD})


def data_of(own: OwnSet, have: tuple[int, ...] = (), model: str = "fake") -> dict[str, Any]:
    data = labeller_data(own, entry(model).key, HEAD, token="t", done=3, have=have)
    json.dumps(data)
    return data


def test_the_browser_gets_labels_and_only_the_pictures_that_it_lacks() -> None:
    own = own_set(*[(f"{n}.png", 2) for n in range(20)])
    own.label(0, Label("sad"))
    own.label(1, Label(SKIPPED))
    data = data_of(own)
    assert data["labels"][:3] == [2, 0, -1]
    assert (data["at"], data["history"]) == (2, [[0, -1], [1, -1]])
    assert [one["index"] for one in data["faces"]] == list(range(17))
    assert [one["index"] for one in data_of(own, tuple(range(16)))["faces"]] == [16]
    assert [one["name"] for one in data["expressions"]] == ["happy", "sad", "neutral", "contempt"]


def test_a_face_has_its_answer_with_the_heads_own_thresholds() -> None:
    own = own_set()
    for name, happy, seed in (("sure", 90, 0), ("unsure", 40, 0), ("dark", 60, 200)):
        add(own, f"{name}.png", png(1, happy, seed))
    add(own, "cut.png", small(80))
    faces = data_of(own)["faces"]
    assert [(one["answer"], one["sure"], one["issues"]) for one in faces] == [
        ("happy", True, []),
        ("happy", False, []),
        ("happy", False, ["small", "dark"]),
        ("happy", True, []),
    ]
    assert faces[0]["confidence"] == "90%"
    assert [round(one["share"], 2) for one in faces[0]["shares"]] == [0.9, 0.06, 0.04]
    assert [one["picture"].split(";")[0] for one in faces[2:]] == [
        "data:image/jpeg", "data:image/png"
    ]  # fmt: skip
    assert "answer" not in data_of(own, model="late")["faces"][0], "until it has answered"


def test_labels_offered_and_pictures_sent_anew() -> None:
    own = own_set(("a.png", 2))

    def offered() -> list[bool]:
        return [one["offered"] for one in data_of(own)["expressions"]]

    assert offered() == [True, True, True, False]
    own.label(1, Label("contempt"))
    assert offered() == [True] * 4
    own = own_set()
    photo = add(own, "a.png", png(1))
    before = data_of(own, model="late")["answerer"]
    both = [answerer(), answerer("late")]
    own.put(read_photo("a.png", png(1), both, number=photo.number))
    assert before != data_of(own, model="late")["answerer"] != data_of(own)["answerer"]


def test_changes_are_carried_out_once_each() -> None:
    own = own_set(("a.png", 3))
    changes = [[1, "label", 0, 2, True], [2, "label", 1, 0, False]]
    assert carry_out(own, changes, 0) == 2
    assert own.labels == {0: Label("sad", True), 1: Label(SKIPPED, False)}
    # The browser tells all that it does not know to be here.
    assert carry_out(own, [*changes, [3, "undo"], [4, "go", 0]], 2) == 4
    assert (own.labels, own.at) == ({0: Label("sad", True)}, 0)


@pytest.mark.parametrize(
    "changes",
    [
        None,
        "label",
        {},
        [None, 1, "x", [], {}],
        [["1", "undo"], [1.5, "undo"]],
        [[1], [2, "label"], [3, "label", 0], [4, "label", 0, 9, True], [5, "label", 0, -1, True]],
        [[1, "label", "0", 1, True], [2, "label", 99, 1, True], [3, "label", -1, 1, True]],
        [[1, "label", 0, 1, "yes"], [2, "go", None], [3, "delete", 0]],
    ],
)
def test_what_no_browser_of_ours_says_changes_nothing(changes: object) -> None:
    own = own_set(("a.png", 1))
    carry_out(own, changes, 0)
    assert (own.labels, own.at) == ({}, 0)
