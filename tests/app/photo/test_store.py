"""What a session keeps of its photographs, and what it offers for download."""

import csv
import io
import json
import logging

import cv2
import numpy as np
import pytest

from app.photo.activation_image import EVIDENCE_SIDE
from app.photo.store import (
    Failure,
    Photo,
    PhotoStore,
    Reading,
    csv_of,
    evidence_png,
    json_of,
    png_of,
    read_photo,
)
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.app.conftest import BROKEN, LABELS, FakeAnalyzer, png


def test_a_store_starts_empty() -> None:
    store = PhotoStore()
    assert len(store) == 0
    assert store.unread([]) == []


def test_the_same_content_is_read_once_whatever_its_name() -> None:
    store, analyze = PhotoStore(), FakeAnalyzer()
    first, copy, other = Photo("a", png(1)), Photo("b", png(1)), Photo("c", png(2))
    assert store.unread([first, copy, other]) == [first, other]
    assert store.read(first, analyze) is store.read(copy, analyze)
    assert analyze.calls == 1
    assert store.unread([first, copy, other]) == [other]


def test_another_reading_is_kept_beside_the_first_and_looks_for_no_face_again() -> None:
    store, analyze = PhotoStore(), FakeAnalyzer()
    photo, bad = Photo("a", png(2)), Photo("b", b"")
    first = store.read(photo, analyze)
    assert store.unread([photo], FERPLUS_HEAD) == [photo]
    second = store.read(photo, analyze, FERPLUS_HEAD)
    assert isinstance(first, Reading)
    assert isinstance(second, Reading)
    assert (first.head, second.head) == (EXPRESSION_HEAD, FERPLUS_HEAD)
    assert (analyze.calls, analyze.searches, len(store)) == (2, 1, 1)
    assert store.read(photo, analyze) is first
    assert isinstance(store.read(bad, analyze, FERPLUS_HEAD), Failure)
    assert json.loads(json_of([("a", second)]))[0]["reading"] == FERPLUS_HEAD


def test_evidence_is_drawn_from_the_file_when_it_is_asked_for(
    reading: Reading, two_readings: ModelSpec
) -> None:
    photo, explain = Photo("two.png", png(faces=2)), FakeAnalyzer(two_readings)
    happy, sad, neutral = (
        cv2.imdecode(
            np.frombuffer(evidence_png(photo, reading, 1, label, explain), np.uint8),
            cv2.IMREAD_COLOR,
        )
        for label in LABELS
    )
    assert happy.shape == (EVIDENCE_SIDE, EVIDENCE_SIDE, 3)
    row, column = int(2.5 / 6 * EVIDENCE_SIDE), int(3.5 / 6 * EVIDENCE_SIDE)
    orange, blue = happy[row, column].astype(int), sad[row, column].astype(int)
    assert orange[2] > orange[0] + 50
    assert blue[0] > blue[2] + 50
    assert (neutral == neutral[..., :1]).all()


def test_a_store_forgets_what_is_not_shown_any_more() -> None:
    store, analyze = PhotoStore(), FakeAnalyzer()
    photos = [Photo("a", png(1)), Photo("b", png(2))]
    for photo in photos:
        store.read(photo, analyze)
    store.keep_only(photos[:1])
    assert store.unread(photos) == photos[1:]
    store.keep_only([])
    assert len(store) == 0


def test_a_reading_keeps_no_pixels_of_its_own(reading: Reading) -> None:
    assert not any(isinstance(value, np.ndarray) for value in vars(reading).values())
    assert (reading.width, reading.height) == (320, 200)
    assert len(reading.portraits) == len(reading.faces) == 2


def test_what_is_wrong_with_a_file_ends_a_sentence_that_starts_with_its_name() -> None:
    outcome = read_photo(Photo("a.png", b""), FakeAnalyzer())
    assert outcome == Failure("is empty (0 bytes).")


def test_a_fault_is_logged_without_the_name_of_the_file(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        outcome = read_photo(Photo("private.png", png(BROKEN)), FakeAnalyzer())
    assert isinstance(outcome, Failure)
    assert "a fault that nobody thought of" in caplog.text
    assert "private" not in caplog.text


def test_names_and_contents_stay_out_of_what_is_printed() -> None:
    assert "data" not in repr(Photo("a.png", b"secret"))


def test_downloads_agree_with_each_other(reading: Reading) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_of([("a.png", reading), ("b.png", reading)]))))
    (first, second) = json.loads(json_of([("a.png", reading), ("b.png", reading)]))
    assert [row["file"] for row in rows] == ["a.png", "a.png", "b.png", "b.png"]
    assert (first["width"], first["height"], second["file"]) == (320, 200, "b.png")
    assert [float(rows[0][label]) for label in LABELS] == list(
        first["faces"][0]["probabilities"].values()
    )


def test_downloads_of_nothing_are_valid() -> None:
    assert csv_of([]).startswith("file,")
    assert json.loads(json_of([])) == []


def test_the_marked_picture_has_the_full_size() -> None:
    photo = Photo("a.png", png(faces=1))
    outcome = read_photo(photo, FakeAnalyzer())
    assert isinstance(outcome, Reading)
    full = cv2.imdecode(np.frombuffer(png_of(photo, outcome), np.uint8), cv2.IMREAD_COLOR)
    assert full.shape == (200, 320, 3)
