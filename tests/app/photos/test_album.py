"""What a session's album takes, refuses, and remembers, and what is read when."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.core.photo import Photo
from app.core.photo_limits import PhotoLimits
from app.photos.activation_image import ACTIVATION_SIDE
from app.photos.album import Album, new_photo
from app.photos.pictures import PhotoView
from fer import Detections, Faces
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.types import Image
from tests.app.photos.samples import view_of
from tests.app.samples import LABELS, FakeAnalyzer, png


def album_of(*names: str) -> Album:
    album = Album()
    album.add([new_photo(name, name.encode()) for name in names])
    return album


def names(album: Album) -> list[str]:
    return [photo.name for photo in album.photos]


def test_an_album_starts_empty() -> None:
    album = Album()
    album.add([])
    assert (len(album), album.size, album.additions, album.notice) == (0, 0, 0, "")


def test_photos_keep_their_order_and_add_to_each_other() -> None:
    album = album_of("b", "a")
    album.add([new_photo("c", b"c")])
    assert names(album) == ["b", "a", "c"]
    assert (album.size, album.additions) == (3, 2)


@pytest.mark.parametrize(
    ("before", "added", "opened"),
    [((), ("a",), "a"), (("a",), ("b",), "b"), (("a",), ("b", "c"), ""), (("a",), ("a",), "a")],
)
def test_a_single_addition_is_opened(
    before: tuple[str, ...], added: tuple[str, ...], opened: str
) -> None:
    album = album_of(*before)
    album.add([new_photo(name, name.encode()) for name in added])
    assert album.opened == {new_photo(name, name.encode()).key for name in opened}


def test_the_same_photo_is_not_added_twice_but_a_copy_with_another_name_is() -> None:
    album = album_of("a")
    album.add([new_photo("a", b"a"), new_photo("copy of a", b"a"), new_photo("a", b"other")])
    assert names(album) == ["a", "copy of a", "a (2)"]
    assert album.notice == "a is here already."
    assert len({photo.key for photo in album.photos}) == 3


def test_there_is_room_for_so_many_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_MAX_PHOTOS", "3")
    album = album_of("a", "b", "c", "d", "e")
    assert names(album) == ["a", "b", "c"]
    assert album.notice.startswith("d and e were not added: there is room for 3 photos of 256 MB")
    album.remove(album.photos[0].key)
    assert not album.notice
    album.add([new_photo("d", b"d")])
    assert names(album) == ["b", "c", "d"]


def test_there_is_room_for_so_many_bytes_and_a_smaller_photo_still_fits() -> None:
    album = Album(limits=replace(PhotoLimits.of({}), total_bytes=10))
    album.add([new_photo("a", b"12345678"), new_photo("b", b"123"), new_photo("c", b"12")])
    assert names(album) == ["a", "c"]
    assert album.notice.startswith("b was not added")


def test_a_long_list_of_refused_files_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_MAX_PHOTOS", "0")
    album = album_of(*"abcde")
    assert album.notice.startswith("a, b, c and 2 more were not added")


def test_a_photo_takes_the_place_of_the_sample() -> None:
    album = Album()
    album.show_sample(new_photo("sample.jpg", b"s"))
    assert album.is_sample
    album.add([new_photo("a", b"a")])
    assert names(album) == ["a"]
    assert not album.is_sample


def test_snapshots_get_names_of_their_own() -> None:
    album = Album()
    for data in (b"1", b"2", b"3"):
        album.add_snapshot(data)
    assert names(album) == ["snapshot.jpg", "snapshot 2.jpg", "snapshot 3.jpg"]


def test_what_cannot_be_read_keeps_its_place_and_key_but_not_its_bytes() -> None:
    album = album_of("a", "b")
    key = album.photos[0].key
    album.view(album.photos[0], FakeAnalyzer(), EXPRESSION_HEAD)
    first = album.photos[0]
    assert (first.name, first.data, first.key) == ("a", b"", key)
    assert first.error.startswith("is not an image")
    assert album.size == 1


def test_removal_forgets_the_selected_face() -> None:
    album = album_of("a", "b")
    key = album.photos[0].key
    album.faces[key] = 2
    album.remove(key)
    assert names(album) == ["b"]
    assert not album.faces
    album.view(album.photos[0], FakeAnalyzer(), EXPRESSION_HEAD)
    album.clear()
    assert not album
    assert not album.read


def test_photos_are_opened_and_closed() -> None:
    album = album_of("a", "b")
    first, second = (photo.key for photo in album.photos)
    for key, opened in ((first, {first}), (second, {first, second}), (first, {second})):
        album.toggle(key)
        assert album.opened == opened
    album.remove(second)
    assert not album.opened


def test_photos_of_one_name_are_told_apart_everywhere() -> None:
    album = Album()
    album.add([new_photo("a.jpg", b"1"), new_photo("a.jpg", b"2")])
    album.add([new_photo("A.jpg", b"3")])
    assert names(album) == ["a.jpg", "a (2).jpg", "A (3).jpg"]
    album.add([new_photo("a.jpg", b"2")])
    assert len(album) == 3
    assert album.notice == "a.jpg is here already."


def pictures(*faces: int) -> Album:
    """Return photographs with so many faces."""
    album = Album()
    album.add([new_photo(f"{n}.png", png(n)) for n in faces])
    return album


def views(
    album: Album, analyzer: FakeAnalyzer, head: str = EXPRESSION_HEAD, model: str = ""
) -> list[PhotoView]:
    return [album.view(photo, analyzer, head, model) for photo in album.photos]


def test_the_same_content_is_read_once_whatever_its_name() -> None:
    album, analyzer = Album(), FakeAnalyzer()
    album.add([new_photo("a", png(1)), new_photo("b", png(1)), new_photo("c", png(2))])
    assert names_of(album.unread()) == ["a", "c"]
    found = [album.view(photo, analyzer, EXPRESSION_HEAD) for photo in album.photos[:2]]
    assert [view.photo.name for view in found] == ["a", "b"]
    assert found[0].faces is found[1].faces
    assert analyzer.calls == 1
    assert names_of(album.unread()) == ["c"]


def names_of(photos: list[Photo]) -> list[str]:
    return [photo.name for photo in photos]


class SlowAnalyzer(FakeAnalyzer):
    """Waits in the middle of an analysis."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_go_on = threading.Event(), threading.Event()

    def all_heads(self, image: Image, detections: Detections | None = None) -> dict[str, Faces]:
        self.begun.set()
        assert self.may_go_on.wait(60)
        return super().all_heads(image, detections)


def test_a_page_that_begins_anew_waits_for_what_is_being_read() -> None:
    album, analyzer = pictures(1, 2), SlowAnalyzer()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(album.view, album.photos[0], analyzer, EXPRESSION_HEAD)
        assert analyzer.begun.wait(60)
        second = pool.submit(views, album, analyzer)
        analyzer.may_go_on.set()
        assert first.result(60).faces is second.result(60)[0].faces
    assert analyzer.calls == 2


@pytest.mark.parametrize("ended", ["removed", "another model"])
def test_a_page_that_waited_brings_nothing_back(ended: str) -> None:
    album, analyzer = pictures(1, 2), SlowAnalyzer()
    photos = list(album.photos)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(album.view, photos[0], analyzer, EXPRESSION_HEAD)]
        assert analyzer.begun.wait(60)
        runs.append(pool.submit(album.view, photos[1], analyzer, EXPRESSION_HEAD))
        while album.read < 2:
            threading.Event().wait(0.001)
        if ended == "removed":
            album.clear()
        analyzer.may_go_on.set()
        assert [len(run.result(60).faces) for run in runs] == [1, 2]
    if ended == "removed":
        assert album.read == 0
    else:
        assert names_of(album.unread("another")) == ["1.png", "2.png"]
        assert [len(view.faces) for view in views(album, analyzer, model="another")] == [1, 2]
        assert (analyzer.calls, analyzer.searches) == (4, 2), "faces are not searched for again"


def test_another_head_needs_no_new_analysis() -> None:
    album, analyzer = pictures(2), FakeAnalyzer()
    (first,), (second,) = (views(album, analyzer, head) for head in (EXPRESSION_HEAD, FERPLUS_HEAD))
    assert (first.faces.head, second.faces.head) == (EXPRESSION_HEAD, FERPLUS_HEAD)
    assert first.drawn.marked != second.drawn.marked
    assert (analyzer.calls, analyzer.searches, album.read) == (1, 1, 1)


def test_what_is_removed_is_forgotten() -> None:
    album, analyzer = pictures(1, 2), FakeAnalyzer()
    views(album, analyzer)
    album.remove(album.photos[0].key)
    assert (album.read, album.unread()) == (1, [])


def test_a_map_is_drawn_from_the_file_when_it_is_asked_for(
    two_faces: PhotoView, two_heads: ModelSpec
) -> None:
    analyzer = FakeAnalyzer(two_heads)
    happy, sad, neutral = (
        cv2.imdecode(
            np.frombuffer(two_faces.activation_png(1, label, analyzer), np.uint8),
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


def test_a_file_that_was_refused_is_not_read() -> None:
    album, analyzer = Album(), FakeAnalyzer()
    album.add([new_photo("big.png", b"", "was not uploaded.")])
    assert album.unread() == []
    (found,) = views(album, analyzer)
    assert (found.photo.name, found.photo.error) == ("big.png", "was not uploaded.")
    assert analyzer.calls == 0


def test_a_photo_is_known_by_name_and_contents() -> None:
    photos = [new_photo(*p) for p in (("a", b"1"), ("a", b"2"), ("b", b"1"), ("b" * 300, b"1"))]
    assert len({photo.key for photo in photos}) == len(photos)
    assert new_photo("a", b"1").key == photos[0].key


def test_the_marked_picture_has_the_full_size() -> None:
    full = cv2.imdecode(np.frombuffer(view_of("a.png", png(1)).png(), np.uint8), cv2.IMREAD_COLOR)
    assert full.shape == (200, 320, 3)
