"""The results of a collection, as they come."""

import io

import pytest
from PIL import Image as PillowImage

from app.core.photo import Missing, Photo
from app.core.photo_set import PhotoSet
from app.core.uploads import Candidate, Files, RefusedError
from app.photos.collection import reader
from fer.labels import EXPRESSION_HEAD
from tests.app.photos.samples import unread
from tests.app.samples import Clock, FakeAnalyzer, png


def set_of(*names: str) -> PhotoSet:
    return PhotoSet(Files("all", tuple(map(Candidate, names))))


def read(files: list[Candidate], analyzer: FakeAnalyzer | None = None) -> PhotoSet:
    photos = PhotoSet(Files("all", tuple(files)))
    photos.read(files, reader(analyzer or FakeAnalyzer()), lambda: False)
    return photos


def candidate(name: str, data: bytes) -> Candidate:
    return Candidate(name, read=lambda: data)


def refusing(name: str) -> Candidate:
    def read() -> bytes:
        raise RefusedError("is a trap.")

    return Candidate(name, read=read)


def test_an_empty_set_is_complete() -> None:
    empty = read([])
    empty.close("was not read.")
    assert (len(empty), empty.photos, empty.speed, empty.progress, empty.size) == (
        0, (), 0.0, "0 of 0", 0,
    )  # fmt: skip


def test_every_file_has_a_result_in_its_place() -> None:
    photos = read(
        [
            candidate("a.png", png(1)),
            Candidate("b.txt", "is no photo."),
            refusing("c.png"),
            candidate("d.png", b"no picture"),
            candidate("e.png", png(2)),
        ]
    )
    done = photos.photos
    assert [(one.number, one.name) for one in done] == list(
        enumerate(["a.png", "b.txt", "c.png", "d.png", "e.png"])
    )
    assert [bool(one.error) for one in done] == [False, True, True, True, False]
    assert done[2].error == "is a trap."
    assert photos.size == sum(one.size for one in done) > 0


def test_the_same_photo_is_analysed_once_under_all_its_names() -> None:
    analyzer, names = FakeAnalyzer(), ["a.png", "b/a.png", "c.png"]
    photos = read([candidate(name, png(1)) for name in names], analyzer).photos
    assert analyzer.searches == 1
    assert [one.result(EXPRESSION_HEAD).name for one in photos] == names
    assert [one.number for one in photos] == [0, 1, 2]


def test_an_animation_is_known_as_one() -> None:
    out = io.BytesIO()
    frames = [PillowImage.new("RGB", (64, 64), (1, 90, n)) for n in (0, 50)]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    photos = read([candidate("wave.webp", out.getvalue()), candidate("still.png", png())]).photos
    assert [photo.animated for photo in photos] == [True, False]


def test_a_cancel_ends_it_and_what_is_left_says_so() -> None:
    files = [candidate(f"{n}.png", png(n)) for n in range(4)]
    photos = set_of(*[one.name for one in files])
    photos.read(files, reader(FakeAnalyzer()), lambda: len(photos.photos) == 2)
    photos.close("was not started.", Missing.NOT_STARTED)
    photos.add(Photo("2.png"))  # that was being read
    assert [(one.number, one.error) for one in photos.photos] == [
        (0, ""), (1, ""), (2, "was not started."), (3, "was not started."),
    ]  # fmt: skip
    assert [one.missing for one in photos.photos[2:]] == [Missing.NOT_STARTED] * 2
    photos.close("once more")
    assert len(photos.photos) == len(photos) == 4


def test_files_that_never_came_are_told_apart_from_all_others() -> None:
    photos = set_of("a.png")
    photos.refuse([unread("film.mp4"), unread("notes.txt")])
    photos.add(Photo("a.png"))
    photos.refuse([unread("late.txt")])
    assert len(photos) == 4
    assert len({one.number for one in photos.photos}) == 4


@pytest.mark.parametrize(("count", "took", "said"), [
    (0, 0.0, "2 of 12"), (2, 9.0, "4 of 12"), (3, 1.0, "5 of 12"),
    (4, 8.0, "6 of 12 · 0.5 photos a second · about 10 seconds left"),
])  # fmt: skip
def test_progress_says_no_more_than_is_known(
    clock: Clock, count: int, took: float, said: str
) -> None:
    files = tuple(Candidate(str(n)) for n in range(12))
    photos = PhotoSet(Files("all", files), clock=clock)
    clock.seconds += 99  # it waits for its place
    photos.read([], reader(FakeAnalyzer()), lambda: False)
    photos.add(unread("x"), analysed=False)
    photos.add(unread("y"), analysed=False)
    clock.seconds += took
    for _ in range(count):
        photos.add(Photo("photo"))
    assert photos.progress == said
