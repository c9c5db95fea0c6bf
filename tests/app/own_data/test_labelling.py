"""What the browser is told to label faces, and what it tells."""

import json
from typing import Any

import pytest

from app.own_data.labelling import carry_out, labeller_data
from app.own_data.own_set import Label, OwnSet
from fer.labelled.table import SKIPPED
from tests.app.own_data.samples import HEAD, add, answerer, entry, own_set, read_photo, small
from tests.app.samples import png


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


def test_what_the_head_cannot_answer_is_offered_only_where_it_is_a_label_already() -> None:
    own = own_set(("a.png", 2))

    def offered() -> list[bool]:
        return [one["offered"] for one in data_of(own)["expressions"]]

    assert offered() == [True, True, True, False]
    own.label(1, Label("contempt"))
    assert offered() == [True] * 4


def test_pictures_are_sent_anew_once_another_model_has_answered() -> None:
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
