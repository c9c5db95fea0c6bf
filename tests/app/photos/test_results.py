"""What is shown of photographs, in which order, in words, and as files."""

import base64
import csv
import io
import json
import re
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from app.core.models.head_text import TrackRecord
from app.core.photo import Missing
from app.core.text import verdicts
from app.photos import pictures
from app.photos.pictures import PhotoView
from app.photos.results import (
    NO_FACE,
    PER_PAGE,
    Filter,
    Order,
    card_text,
    counts,
    crowd_note,
    csv_of,
    facts,
    file_name,
    json_of,
    marks,
    offered_answers,
    pages,
    picture_names,
    pill,
    selected,
    summary,
    tile,
    zip_of,
)
from fer.detection.blazeface import photo_detector
from fer.evaluation.measurements import Selective
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.types import UNCERTAIN, Faces
from tests.app.photos.samples import MODEL, SPEC, item, unread
from tests.app.samples import LABELS, faces_of, png
from tests.samples import make_detections

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
    answers: tuple[str, ...] = (), issues: tuple[str, ...] = (), order: Order = Order.NAME
) -> list[str]:
    shown = selected(ITEMS, Filter(frozenset(answers), frozenset(issues)), order)
    return [one.photo.name.split(".")[0] for one in shown]


@pytest.mark.parametrize(
    ("answers", "issues", "shown"),
    [
        ((), (), ["2 group", "10 sure", "broken", "dark", "sad", "unsure", "wall"]),
        (("happy",), (), ["2 group", "10 sure", "dark"]),
        (("sad",), (), ["sad"]),
        (("uncertain",), (), ["unsure"]),
        ((NO_FACE,), (), ["wall"]),
        ((Missing.NOT_READ,), (), ["broken"]),
        (("sad", Missing.NOT_READ, NO_FACE), (), ["broken", "sad", "wall"]),
        ((), ("dark",), ["dark"]),
        ((), ("blurred", "small"), ["dark"]),
        (("happy",), ("dark",), ["dark"]),
        ((Missing.NOT_READ, NO_FACE), ("dark",), []),
    ],
)
def test_filters(answers: tuple[str, ...], issues: tuple[str, ...], shown: list[str]) -> None:
    assert names(answers, issues) == shown


def test_files_without_a_face_and_those_not_read_come_last() -> None:
    last = ["wall", "broken"]
    assert names(order=Order.SUREST) == ["10 sure", "dark", "2 group", "sad", "unsure", *last]
    assert names(order=Order.LEAST_SURE) == ["unsure", "sad", "2 group", "dark", "10 sure", *last]
    assert names(order=Order.FACES) == ["2 group", "10 sure", "dark", "sad", "unsure", *last]


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
    answers, issues = counts(ITEMS)
    assert answers == {"happy": 3, "sad": 1, "uncertain": 1, NO_FACE: 1, Missing.NOT_READ: 1}
    assert issues == {"small": 1, "dark": 1}
    expected = ["happy", "sad", "uncertain", NO_FACE, Missing.NOT_READ]
    assert offered_answers(answers, LABELS) == expected
    assert offered_answers([], LABELS) == []
    answers, _ = counts([replace(one, head=FERPLUS_HEAD) for one in ITEMS])
    assert answers == {"uncertain": 4, "sad": 1, NO_FACE: 1, Missing.NOT_READ: 1}


def test_pages_facts_and_file_names() -> None:
    assert [pages(count) for count in (0, 1, PER_PAGE, PER_PAGE + 1, 500)] == [1, 1, 1, 2, 21]
    assert facts(1, 0) == "1 file"
    assert facts(1200, 1) == "1,200 files · 1 hidden or system file left out"
    assert file_name("../x/y.z.png", FERPLUS_HEAD, "csv") == "y.z-ferplus.csv"
    assert file_name("", FERPLUS_HEAD, "csv") == "photo-ferplus.csv"


def test_filters_have_a_mark_a_name_and_a_count() -> None:
    counts = Counter({"happy": 3, UNCERTAIN: 2, NO_FACE: 1})
    assert pill("happy", counts) == ':color[●]{foreground="#E69F00"} Happy: 3 photos'
    assert pill(UNCERTAIN, counts) == "▨ Uncertain: 2 photos"
    assert pill(NO_FACE, counts).endswith(" No face: 1 photo")
    assert pill(Missing.NOT_READ, counts).endswith(" Not read: no files")
    assert pill("dark", counts) == ":material/dark_mode: Dark: no photos"


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
def test_a_tile_says_most_frequent(rows: list[tuple[float, float, float]], said: list[str]) -> None:
    assert [mark["text"] for mark in marks(faces_of(*rows))] == said


HAPPY, SAD, TORN = (0.9, 0.06, 0.04), (0.1, 0.8, 0.1), (0.4, 0.35, 0.25)


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ([], {}, "No face"),
        ([HAPPY], {}, "1 face: ● happy"),
        ([TORN], {}, "1 face: ▨ uncertain"),
        ([SAD, HAPPY, HAPPY], {}, "3 faces: ● 2 happy, ● 1 sad"),
        ([TORN, TORN, SAD], {}, "3 faces: ● 1 sad, ▨ 2 uncertain"),
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
    ("row", "issues", "answer", "worth"),
    [
        (HAPPY, (), "Happy", "90% confident."),
        ((0.999, 0.001, 0), (), "Happy", "Over 99% confident."),
        (HAPPY, ("blurred",), "Happy", "90% confident. The face is blurred."),
        (TORN, (), "Happy or sad", "Uncertain. No expression stands out."),
        (TORN, ("small", "turned"), "Happy or sad",
         "Uncertain. The face is small and turned away."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("record", [None, NEVER], ids=["no record", "empty record"])
def test_a_card_says_the_answer_and_why_there_is_none(
    row: tuple[float, float, float], issues: tuple[str, ...], answer: str, worth: str,
    record: TrackRecord | None,
) -> None:  # fmt: skip
    (verdict,) = verdicts(faces_of(row, issues=issues))
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


def test_where_faces_were_left_out_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_MAX_FACES", "2")
    assert crowd_note(faces_of(HAPPY)) == ""
    assert crowd_note(faces_of(HAPPY, HAPPY)).startswith("This server reads the 2")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def photos(head: str = EXPRESSION_HEAD) -> list:
    found = [item("day 1/a.png", faces=2, head=head), item("wall.png", faces=0, head=head)]
    return [*found, unread("day 1/broken.png")]


def test_downloads_agree_with_each_other() -> None:
    text = csv_of(photos())
    assert text.encode().startswith(b"\xef\xbb\xbf"), "Excel needs it"
    table, record = rows(text), json.loads(json_of(photos()))
    assert [(row["file"], row["answer"], row["error"]) for row in table] == [
        ("day 1/a.png", "happy", ""),
        ("day 1/a.png", "happy", ""),
        ("wall.png", "", ""),
        ("day 1/broken.png", "", "is damaged."),
    ]
    assert [photo["file"] for photo in record["photos"]] == [v.photo.name for v in photos()]
    assert table[3]["error"] == record["photos"][2]["error"]
    assert [float(table[0][label]) for label in LABELS] == list(
        record["photos"][0]["faces"][0]["probabilities"].values()
    )
    assert {row["model"] for row in table} == {SPEC.name} == {record["model"]["name"]}
    assert {row["detector"] for row in table} == {photo_detector()} == {record["detector"]}
    assert datetime.fromisoformat(table[0]["time"]).utcoffset() is not None
    other = rows(csv_of(photos(FERPLUS_HEAD)))
    assert table[0].keys() == other[0].keys() >= {"contempt", *LABELS}, "those of all heads"


def test_everything_is_one_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_SIDE", 160)
    small = item("copied.png", picture=png(1))  # type: ignore[arg-type]
    with zipfile.ZipFile(io.BytesIO(zip_of([*photos(FERPLUS_HEAD), small]))) as archive:
        assert archive.testzip() is None
        names = ["day 1/a", "wall", "copied"]
        assert archive.namelist() == [
            "expressions-ferplus.csv",
            "expressions-ferplus.json",
            *(f"marked/{name}-marked.jpg" for name in names),
        ]
        assert len(rows(archive.read("expressions-ferplus.csv").decode())) == 5
        record = json.loads(archive.read("expressions-ferplus.json"))["photos"]
        assert record[0]["head"] == FERPLUS_HEAD
        made = [
            PillowImage.open(io.BytesIO(archive.read(f"marked/{name}-marked.jpg")))
            for name in names
        ]
    assert [picture.size for picture in made] == [(160, 100), (160, 100), (640, 400)]
    painted = np.asarray(made[0].convert("RGB")).astype(int)
    assert np.ptp(painted[:60, :60], axis=(0, 1)).max() > 100


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        (["a.jpg", "A.png"], ["marked/a-marked.jpg", "marked/A-marked (2).jpg"]),
        (["../../x.jpg", "/etc/y.jpg"], ["marked/x-marked.jpg", "marked/etc/y-marked.jpg"]),
        (["C:\\con?.jpg", "a./b .jpg"], ["marked/C_/con_-marked.jpg", "marked/a/b -marked.jpg"]),
    ],
)
def test_pictures_have_paths_that_any_system_unpacks(names: list[str], paths: list[str]) -> None:
    assert picture_names(names) == paths
