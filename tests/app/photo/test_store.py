"""What a session keeps of its photographs, and what it offers for download."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.photo.activation_image import ACTIVATION_SIDE
from app.photo.store import (
    AnalysedPhoto,
    Photo,
    PhotoStore,
    activation_png,
    analyse_photo,
    png_of,
)
from fer import Faces
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.app.samples import BROKEN, LABELS, FakeAnalyzer, png


def test_a_store_starts_empty() -> None:
    store = PhotoStore()
    assert len(store) == 0
    assert store.new([]) == []


def test_the_same_content_is_analysed_once_whatever_its_name() -> None:
    store, analyzer = PhotoStore(), FakeAnalyzer()
    first, copy, other = Photo("a", png(1)), Photo("b", png(1)), Photo("c", png(2))
    assert store.new([first, copy, other]) == [first, other]
    found = [store.analysed(photo, analyzer) for photo in (first, copy)]
    assert [a.result.name for a in found] == ["a", "b"]
    assert found[0].faces is found[1].faces
    assert analyzer.calls == 1
    assert store.new([first, copy, other]) == [other]


class SlowAnalyzer(FakeAnalyzer):
    """Waits in the middle of an analysis."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, *args: object, **options: object) -> Faces:
        self.begun.set()
        assert self.may_go_on.wait(60)
        return super().__call__(*args, **options)  # type: ignore[arg-type]


def test_a_page_that_begins_anew_waits_for_what_is_being_analysed() -> None:
    store, analyzer, photo = PhotoStore(), SlowAnalyzer(), Photo("a", png(1))
    other = Photo("b", png(2))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.analysed, photo, analyzer)
        assert analyzer.begun.wait(60)
        store.keep_only([photo])
        second = pool.submit(both, store, [other, photo], analyzer)
        wait_for(store, 2)
        analyzer.may_go_on.set()
        assert first.result(60).faces is second.result(60)[1].faces
    assert analyzer.calls == 2


@pytest.mark.parametrize("ended", ["removed", "another model"])
def test_a_page_that_waited_brings_nothing_back(ended: str) -> None:
    store, analyzer = PhotoStore(), SlowAnalyzer()
    photos = [Photo("a", png(1)), Photo("b", png(2))]
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(store.analysed, photos[0], analyzer)]
        assert analyzer.begun.wait(60)
        runs.append(pool.submit(store.analysed, photos[1], analyzer))
        wait_for(store, 2)
        if ended == "removed":
            store.keep_only([])
        else:
            store.answered_by("another")
        analyzer.may_go_on.set()
        assert [len(run.result(60).faces) for run in runs] == [1, 2]
    assert len(store) == 0
    assert store.new(photos) == photos
    assert (analyzer.calls, analyzer.searches) == (2, 2)
    both(store, photos, analyzer)
    assert (analyzer.calls, analyzer.searches) == (4, 4)


def both(store: PhotoStore, photos: list[Photo], analyzer: FakeAnalyzer) -> list[AnalysedPhoto]:
    return [store.analysed(photo, analyzer) for photo in photos]


def wait_for(store: PhotoStore, contents: int) -> None:
    """Wait until somebody has asked for so many."""
    while len(store) < contents:
        threading.Event().wait(0.001)


def test_another_head_is_kept_beside_the_first_and_looks_for_no_face_again() -> None:
    store, analyzer = PhotoStore(), FakeAnalyzer()
    photo, bad = Photo("a", png(2)), Photo("b", b"")
    first = store.analysed(photo, analyzer)
    assert store.new([photo], FERPLUS_HEAD) == [photo]
    second = store.analysed(photo, analyzer, FERPLUS_HEAD)
    assert (first.faces.head, second.faces.head) == (EXPRESSION_HEAD, FERPLUS_HEAD)
    assert (analyzer.calls, analyzer.searches, len(store)) == (2, 1, 1)
    assert store.analysed(photo, analyzer).faces is first.faces
    assert not store.analysed(bad, analyzer, FERPLUS_HEAD).readable
    assert second.faces.head == FERPLUS_HEAD


def test_a_map_is_drawn_from_the_file_when_it_is_asked_for(
    analysed: AnalysedPhoto, two_heads: ModelSpec
) -> None:
    analyzer = FakeAnalyzer(two_heads)
    happy, sad, neutral = (
        cv2.imdecode(
            np.frombuffer(activation_png(analysed, 1, label, analyzer), np.uint8),
            cv2.IMREAD_COLOR,
        )
        for label in LABELS
    )
    assert happy.shape == (ACTIVATION_SIDE, ACTIVATION_SIDE, 3)
    row, column = int(2.5 / 6 * ACTIVATION_SIDE), int(3.5 / 6 * ACTIVATION_SIDE)
    orange, blue = happy[row, column].astype(int), sad[row, column].astype(int)
    assert orange[2] > orange[0] + 50
    assert blue[0] > blue[2] + 50
    assert (neutral == neutral[..., :1]).all()


def test_a_store_forgets_what_is_not_shown_any_more() -> None:
    store, analyzer = PhotoStore(), FakeAnalyzer()
    photos = [Photo("a", png(1)), Photo("b", png(2))]
    for photo in photos:
        store.analysed(photo, analyzer)
    store.keep_only(photos[:1])
    assert store.new(photos) == photos[1:]
    store.keep_only([])
    assert len(store) == 0


def test_no_decoded_pixels_are_kept(analysed: AnalysedPhoto) -> None:
    kept = {**vars(analysed), **vars(analysed.result)}
    assert not any(isinstance(value, np.ndarray) for value in kept.values())
    assert (analysed.result.width, analysed.result.height) == (320, 200)
    assert len(analysed.portraits) == len(analysed.faces) == 2


def test_what_is_wrong_with_a_file_ends_a_sentence_that_starts_with_its_name() -> None:
    found = analyse_photo(Photo("a.png", b""), FakeAnalyzer())
    assert (found.readable, found.result.error) == (False, "is empty (0 bytes).")
    assert len(found.faces) == 0


def test_a_file_that_was_refused_is_not_analysed() -> None:
    store, analyzer = PhotoStore(), FakeAnalyzer()
    photo = Photo("big.png", b"", error="was not uploaded.")
    assert store.new([photo]) == []
    found = store.analysed(photo, analyzer)
    assert (found.readable, found.result.name) == (False, "big.png")
    assert found.result.error == "was not uploaded."
    assert analyzer.calls == 0


def test_a_photo_is_known_by_name_and_contents() -> None:
    photos = [Photo("a", b"1"), Photo("a", b"2"), Photo("b", b"1"), Photo("b" * 300, b"1")]
    assert len({photo.key for photo in photos}) == len(photos)
    assert Photo("a", b"1").key == photos[0].key
    assert replace(photos[0], data=b"").key == photos[0].key


def test_a_fault_is_logged_without_the_name_of_the_file(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = analyse_photo(Photo("holiday.png", png(BROKEN)), FakeAnalyzer())
    assert "something went wrong in FER Lens" in found.result.error
    assert "a fault that nobody thought of" in caplog.text
    assert "holiday" not in caplog.text


def test_names_and_contents_stay_out_of_what_is_printed() -> None:
    assert "data" not in repr(Photo("a.png", b"secret"))


def test_the_marked_picture_has_the_full_size() -> None:
    photo = Photo("a.png", png(faces=1))
    found = analyse_photo(photo, FakeAnalyzer())
    full = cv2.imdecode(np.frombuffer(png_of(found), np.uint8), cv2.IMREAD_COLOR)
    assert full.shape == (200, 320, 3)
