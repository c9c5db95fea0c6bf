"""What a session's album takes, refuses, and remembers."""

from dataclasses import replace

import pytest

from app.limits.photos import PhotoLimits
from app.photo.album import Album
from app.photo.store import Photo
from tests.app.samples import FakeAnalyzer


def album_of(*names: str) -> Album:
    album = Album()
    album.add([Photo(name, name.encode()) for name in names])
    return album


def names(album: Album) -> list[str]:
    return [photo.name for photo in album.photos]


def test_an_album_starts_empty() -> None:
    album = Album()
    album.add([])
    assert (len(album), album.size, album.additions, album.notice) == (0, 0, 0, "")


def test_photos_keep_their_order_and_add_to_each_other() -> None:
    album = album_of("b", "a")
    album.add([Photo("c", b"c")])
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
    album.add([Photo(name, name.encode()) for name in added])
    assert album.opened == {Photo(name, name.encode()).key for name in opened}


def test_the_same_photo_is_not_added_twice_but_a_copy_with_another_name_is() -> None:
    album = album_of("a")
    album.add([Photo("a", b"a"), Photo("copy of a", b"a"), Photo("a", b"other")])
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
    album.add([Photo("d", b"d")])
    assert names(album) == ["b", "c", "d"]


def test_there_is_room_for_so_many_bytes_and_a_smaller_photo_still_fits() -> None:
    album = Album(limits=replace(PhotoLimits.of({}), total_bytes=10))
    album.add([Photo("a", b"12345678"), Photo("b", b"123"), Photo("c", b"12")])
    assert names(album) == ["a", "c"]
    assert album.notice.startswith("b was not added")


def test_a_long_list_of_refused_files_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_MAX_PHOTOS", "0")
    album = album_of(*"abcde")
    assert album.notice.startswith("a, b, c and 2 more were not added")


def test_a_photo_takes_the_place_of_the_sample() -> None:
    album = Album()
    album.show_sample(Photo("sample.jpg", b"s"))
    assert album.is_sample
    album.add([Photo("a", b"a")])
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
    album.forget_contents(album.photos[0], "is damaged.")
    first = album.photos[0]
    assert (first.name, first.data, first.error, first.key) == ("a", b"", "is damaged.", key)
    assert album.size == 1


def test_removal_forgets_the_selected_face() -> None:
    album = album_of("a", "b")
    key = album.photos[0].key
    album.faces[key] = 2
    album.remove(key)
    assert names(album) == ["b"]
    assert not album.faces
    album.results.analysed(album.photos[0], FakeAnalyzer())
    album.clear()
    assert not album
    assert not album.results


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
    album.add([Photo("a.jpg", b"1"), Photo("a.jpg", b"2")])
    album.add([Photo("A.jpg", b"3")])
    assert names(album) == ["a.jpg", "a (2).jpg", "A (3).jpg"]
    album.add([Photo("a.jpg", b"2")])
    assert len(album) == 3
    assert album.notice == "a.jpg is here already."
