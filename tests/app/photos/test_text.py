"""Texts on the results of photographs."""

import base64
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest

from app.core.models.head_text import TrackRecord
from app.core.photo import Missing
from app.core.text import verdicts
from app.photos.results import NO_FACE, card_text, crowd_note, facts, marks, pill, summary, tile
from fer.evaluation.measurements import Selective
from fer.types import UNCERTAIN, Faces
from tests.app.photos.samples import item, unread
from tests.app.samples import faces_of
from tests.samples import make_detections


@pytest.mark.parametrize(
    ("files", "system", "said"),
    [
        (1, 0, "1 file"),
        (1200, 0, "1,200 files"),
        (2, 1, "2 files · 1 hidden or system file left out"),
    ],
)
def test_what_there_is(files: int, system: int, said: str) -> None:
    assert facts(files, system) == said


def test_filters_have_a_mark_a_name_and_a_count() -> None:
    counts = Counter({"happy": 3, UNCERTAIN: 2, NO_FACE: 1})
    assert pill("happy", counts) == ':color[●]{foreground="#E69F00"} Happy 3'
    assert pill(UNCERTAIN, counts) == "▨ Uncertain 2"
    assert pill(NO_FACE, counts).endswith(" No face 1")
    assert pill(Missing.NOT_READ, counts).endswith(" Not read 0")
    assert pill("dark", counts) == ":material/dark_mode: Dark 0"


def test_a_tile_can_be_seen_and_heard() -> None:
    said = tile(item("day/a.png", faces=2, thumbnail=b"jpeg"))  # type: ignore[arg-type]
    assert base64.b64decode(said["picture"]) == b"jpeg"
    assert said["label"] == "day/a.png: 2 faces, from left to right: happy 90%; happy 90%."
    assert said["marks"] == [{"text": "2 happy", "colour": "#E69F00"}]
    assert tile(item("w.png", faces=0))["label"] == "w.png: no face."
    assert tile(unread("b.png")) == {"number": 0, "name": "b.png", "error": "is damaged."}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], ["no face"]),
        ([(0.9, 0.1, 0)], ["happy 90%"]),
        ([(0.4, 0.3, 0.3)], ["uncertain"]),
        ([(0.9, 0.1, 0), (0.4, 0.3, 0.3), (0.8, 0.1, 0.1)], ["2 happy", "1 uncertain"]),
        (
            [(0.9, 0.1, 0), (0.1, 0.9, 0), (0.1, 0, 0.9), (0.4, 0.3, 0.3)],
            ["1 happy", "1 neutral", "1 sad", "…"],
        ),
    ],
)
def test_a_tile_says_the_most_frequent_answers(
    rows: list[tuple[float, float, float]], said: list[str]
) -> None:
    assert [mark["text"] for mark in marks(faces_of(*rows))] == said


HAPPY, SAD, TORN = (0.9, 0.06, 0.04), (0.1, 0.8, 0.1), (0.4, 0.35, 0.25)


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ([], {}, "No face"),
        ([HAPPY], {}, "1 face: ● happy"),
        ([TORN], {}, "1 face: ▨ you should look yourself"),
        ([SAD, HAPPY, HAPPY], {}, "3 faces: ● 2 happy, ● 1 sad"),
        ([TORN, TORN, SAD], {}, "3 faces: ● 1 sad, ▨ 2 you should look at yourself"),
        ([], {"photos": 2}, "2 photos, no face"),
        ([HAPPY, HAPPY], {"photos": 20}, "20 photos, 2 faces: ● 2 happy"),
        ([], {"photos": 0, "missing": Counter({"not read": 1200})},
         "No photos, no face; 1,200 not read"),
    ],
)  # fmt: skip
def test_a_sentence_says_the_whole(rows: list, options: dict[str, Any], said: str) -> None:
    faces = [faces_of(row) for row in rows]
    line = re.sub(r":color\[●\]\S+?}", "●", summary(faces, **options)).replace("\u00a0", " ")
    assert line == said


NEVER = TrackRecord(*(Selective.model_construct(predicted=(), corruptions=()),) * 2)


@pytest.mark.parametrize(
    ("row", "flaws", "answer", "worth"),
    [
        (HAPPY, (), "Happy", "90% confident."),
        ((0.999, 0.001, 0), (), "Happy", "Over 99% confident."),
        (HAPPY, ("blurred",), "Happy", "90% confident. The face is blurred."),
        (TORN, (), "Happy or sad", "You should look yourself. No expression stands out."),
        (TORN, ("small", "turned"), "Happy or sad",
         "You should look yourself. The face is small and turned away."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("record", [None, NEVER], ids=["no record", "empty record"])
def test_a_card_says_the_answer_and_why_there_is_none(
    row: tuple[float, float, float], flaws: tuple[str, ...], answer: str, worth: str,
    record: TrackRecord | None,
) -> None:  # fmt: skip
    (verdict,) = verdicts(faces_of(row, flaws=flaws))
    assert card_text(verdict, record) == (answer, worth)


@pytest.mark.parametrize(
    ("count", "width", "told"),
    [(0, 0, False), (2, 20, False), (3, 20, True), (9, 60, False), (10, 60, True)],
)
def test_a_crowd_may_have_more_faces_than_were_found(count: int, width: int, told: bool) -> None:
    boxes = [(70 * i, 0, 70 * i + width, width) for i in range(count)]
    shares = np.full((count, 2), 0.5, np.float32)
    note = crowd_note(Faces.of(make_detections(*boxes), shares, ("happy", "sad")))
    assert bool(note) is told
    assert note.startswith(f"{count} faces were found; there may be more." if told else "")


@pytest.mark.parametrize(("count", "told"), [(0, False), (1, False), (2, True), (3, True)])
def test_where_faces_were_left_out_it_is_told(
    monkeypatch: pytest.MonkeyPatch, count: int, told: bool
) -> None:
    monkeypatch.setenv("FER_MAX_FACES", "2")
    assert crowd_note(faces_of(*[HAPPY] * count)).startswith("This server reads the 2") is told
