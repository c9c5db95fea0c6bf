"""What the browser gets to label faces, and what it tells. Does not use Streamlit.

The browser shows each label at once, and tells all that it did since it last heard from here. So
nothing is lost when keys are pressed faster than the server answers. Its script is
``frontend/labeller.js``.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.core.text import ISSUE_ICONS
from app.own_data.own_set import Label, OwnFace, OwnSet
from fer.labelled.table import SKIPPED
from fer.labels import colour_of
from fer.model.spec import Head
from fer.text import chance

#: Faces before and after the current one whose pictures the browser has.
_BEHIND, _AHEAD = 6, 14

#: Last labels that the browser can take back; more than that it forgets.
_HISTORY = 100

#: Most changes in a report of the browser, and most faces whose pictures it has.
_MOST_CHANGES, _MOST_FACES = 10_000, 100_000


class LabellerReport(BaseModel):
    """What the browser says: changes, and the faces whose pictures it has."""

    model_config = ConfigDict(strict=True)

    set: Annotated[str, Field(max_length=100)]
    #: See `carry_out`, which leaves out what is no change.
    changes: Annotated[list[Any], Field(max_length=_MOST_CHANGES)]
    have: Annotated[list[int], Field(max_length=_MOST_FACES)] = []


Report = TypeAdapter(LabellerReport)

#: A label is a number for the browser: its place among the expressions from 1, or one of these.
_NONE, _SKIPPED = -1, 0


def labeller_data(
    own: OwnSet, model: str, head: Head, *, token: str, done: int, have: Iterable[int]
) -> dict[str, Any]:
    """Return what the browser shows: faces, labels, and what a head of the model of a key answers.

    The token tells the set from others, `done` is the number of the last change by the browser that
    was carried out, and it has the pictures of the faces in `have`.
    """
    faces, labels, known = own.faces, own.labels, set(have)
    at = min(own.at, len(faces) - 1)
    near = range(max(0, at - _BEHIND), min(len(faces), at + _AHEAD + 1))
    return {
        "set": token,
        # What the browser has of a face holds as long as this stays.
        "answerer": f"{model}/{head.name}/{model in own.models}",
        "done": done,
        "at": at,
        "labels": [_code(own, labels.get(index)) for index in range(len(faces))],
        "history": [[index, _code(own, label)] for index, label in own.history[-_HISTORY:]],
        # What the head cannot answer has no button, unless it is a label already.
        "expressions": [
            {
                "name": name,
                "colour": colour_of(name),
                "offered": name in head.labels or bool(own.counts[name]),
            }
            for name in own.expressions
        ],
        "faces": [
            {"index": index, **_face(faces[index][1], model, head)}
            for index in near
            if index not in known
        ],
    }


def carry_out(own: OwnSet, changes: object, done: int) -> int:
    """Carry out what the browser tells, each change after `done` once; return the last's number.

    Changes are lists of a number, and what was done: ``[4, "label", face, label, seen]``,
    ``[5, "undo"]``, ``[6, "go", face]``. Whatever is nothing of that is left out.
    """
    for change in changes if isinstance(changes, list) else ():
        match change:
            case [int(number), *what] if number > done:
                done = number
                _carry_out(own, what)
    return done


def _carry_out(own: OwnSet, what: Sequence[object]) -> None:
    match what:
        case ["undo"]:
            own.undo()
        case ["go", int(index)]:
            own.go(index)
        case ["label", int(index), int(code), bool(seen)] if 0 <= code <= len(own.expressions):
            expression = own.expressions[code - 1] if code else SKIPPED
            own.label(index, Label(expression, seen))


def _code(own: OwnSet, label: Label | None) -> int:
    if label is None:
        return _NONE
    return own.expressions.index(label.expression) + 1 if label.counts else _SKIPPED


def _face(one: OwnFace, model: str, head: Head) -> dict[str, Any]:
    picture, count = one.crop.picture, one.photo.face_count
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    said: dict[str, Any] = {
        "picture": f"data:image/{kind};base64,{base64.b64encode(picture).decode()}",
        "frame": one.crop.frame,
        "name": one.photo.name,
        "place": f"face {one.index + 1} of {count}" if count > 1 else "",
    }
    answered = one.answered(model, head.name)
    if answered is None:
        return said
    return said | {
        "answer": answered.expressions[0],
        "sure": not bool(answered.uncertain[0]),
        "confidence": chance(float(answered.confidence[0])),
        "issues": [issue for issue in ISSUE_ICONS if issue in one.issues],
        "shares": [
            {"name": label, "colour": colour_of(label), "share": round(float(share), 4)}
            for label, share in zip(head.labels, answered.probabilities[0], strict=True)
        ],
    }
