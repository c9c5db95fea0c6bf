"""One visitor's collection: taken, refused, cancelled, cleared."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from app.background.jobs import Jobs, State
from app.collection.room import MB, PHOTO_BYTES, Room
from app.collection.upload import Upload
from app.collection.visit import CollectionVisit, Limits
from tests.app.collection.samples import HEADS
from tests.app.samples import PATIENCE, FakeAnalyzer, HeldAnalyzer, png


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs(1)
    yield jobs
    jobs.close(PATIENCE)


@pytest.fixture
def room() -> Room:
    return Room(10 * MB, free=lambda: None)


@pytest.fixture
def visit(jobs: Jobs, room: Room) -> CollectionVisit:
    return CollectionVisit(jobs, room, Limits(photos=20, bytes=MB))


def uploads(count: int) -> list[Upload]:
    return [Upload(f"{n}.png", png(seed=n)) for n in range(count)]


def done(visit: CollectionVisit) -> CollectionVisit:
    assert visit.job
    assert visit.job.wait(PATIENCE)
    return visit


def test_nothing_is_taken_from_nothing(visit: CollectionVisit) -> None:
    visit.take([], FakeAnalyzer(), HEADS)
    assert (visit.collection, visit.job, visit.notice) == (None, None, "")
    visit.cancel()
    visit.clear()


def test_an_archive_without_files_is_said_to_have_none(visit: CollectionVisit) -> None:
    visit.take([Upload(".DS_Store", b"")], FakeAnalyzer(), HEADS)
    assert visit.collection is None
    assert visit.notice == "There are no photos in .DS_Store."


def test_files_are_read_and_the_uploads_let_go(visit: CollectionVisit, room: Room) -> None:
    visit.take(uploads(3), FakeAnalyzer(), HEADS)
    assert room.left <= 10 * MB - 3 * PHOTO_BYTES or not visit.job.active  # type: ignore[union-attr]
    collection = done(visit).collection
    assert collection
    assert [one.error for one in collection.items] == ["", "", ""]
    assert room.left == 10 * MB - collection.size
    assert visit.job
    assert visit.job.state is State.DONE


@pytest.mark.parametrize("name", ["a.png", "a.zip"])
def test_the_uploads_are_not_kept(visit: CollectionVisit, name: str) -> None:
    upload = Upload(name, png())
    kept = weakref.ref(upload)
    visit.take([upload, Upload("b.png", png(2))], FakeAnalyzer(), HEADS)
    done(visit)
    del upload
    gc.collect()
    assert kept() is None
    assert visit.collection


def test_a_collection_that_is_too_large_is_refused_in_words(
    visit: CollectionVisit, room: Room
) -> None:
    visit.take([Upload("a.zip", bytes(3 * MB))], FakeAnalyzer(), HEADS)
    assert visit.collection is None
    assert "has 3 MB, and this server takes 1 MB at once" in visit.notice
    assert room.left == 10 * MB


def test_without_room_a_collection_is_refused_in_words(jobs: Jobs) -> None:
    visit = CollectionVisit(jobs, Room(PHOTO_BYTES, free=lambda: None), Limits(20, MB))
    visit.take(uploads(2), FakeAnalyzer(), HEADS)
    assert visit.collection is None
    assert "no room" in visit.notice
    assert "other visitors" in visit.notice


def test_a_cancel_works_at_once_and_keeps_what_is_done(visit: CollectionVisit) -> None:
    analyzer = HeldAnalyzer()
    visit.take(uploads(3), analyzer, HEADS)
    assert analyzer.began.wait(PATIENCE)
    visit.cancel()
    assert visit.collection
    assert visit.job
    assert (visit.cancelled, visit.job.active) == (True, False)
    assert [one.error for one in visit.collection.items] == [
        "was not started: the analysis was cancelled."
    ] * 3
    analyzer.go.set()
    done(visit)
    assert len(visit.collection.items) == 3


def test_who_waits_can_cancel_too(jobs: Jobs, room: Room, visit: CollectionVisit) -> None:
    analyzer = HeldAnalyzer()
    visit.take(uploads(1), analyzer, HEADS)
    other = CollectionVisit(jobs, room, visit.limits)
    other.take(uploads(2), FakeAnalyzer(), HEADS)
    assert other.job
    assert other.job.state is State.WAITING
    other.cancel()
    assert other.collection
    assert len(other.collection.items) == 2
    analyzer.go.set()
    done(visit)


def test_a_new_collection_takes_the_place_of_the_last(visit: CollectionVisit) -> None:
    visit.take(uploads(1), FakeAnalyzer(), HEADS)
    done(visit).open(0)
    first = visit.collection
    assert first
    key = visit.key_of(first.items[0])
    visit.take([Upload("b/other.png", png(2))], FakeAnalyzer(), HEADS)
    second = done(visit).collection
    assert second
    assert second.title == "b"
    assert visit.opened is None
    assert visit.key_of(second.items[0]) != key


def test_the_photo_that_was_shown_alone_is_known_when_all_are_shown(visit: CollectionVisit) -> None:
    visit.open(4)
    assert (visit.opened, visit.closed) == (4, None)
    visit.open(None)
    assert (visit.opened, visit.closed) == (None, 4)


def test_another_choice_begins_with_its_first_page(visit: CollectionVisit) -> None:
    visit.look_at(("all",))
    visit.page = 3
    visit.look_at(("all",))
    assert visit.page == 3
    visit.look_at(("some",))
    assert visit.page == 1


def test_files_that_the_browser_did_not_send_have_a_reason(visit: CollectionVisit) -> None:
    refused = [
        ("x/film.mp4", "x"),
        (".DS_Store", "x"),
        ("x/huge.jpg", "File must be 64MB."),
        ("x/a.zip", ""),
    ]
    visit.take([Upload("x/0.png", png())], FakeAnalyzer(), HEADS)
    visit.refuse(refused)
    items = done(visit).collection.items  # type: ignore[union-attr]
    assert {one.name: one.error for one in items if one.error} == {
        "film.mp4": "was left out: by its name, it is no photo in a format that is read.",
        "huge.jpg": "was not uploaded. File must be 64MB.",
        "a.zip": "is an archive. Unpack it, or upload it alone.",
    }
    visit.clear()
    visit.refuse([])
    assert visit.notice == ""
    visit.refuse(refused)
    assert visit.notice.startswith("x/film.mp4 was left out")


def test_who_has_left_leaves_nothing_and_starts_nothing(visit: CollectionVisit, room: Room) -> None:
    analyzer = HeldAnalyzer()
    visit.take(uploads(2), analyzer, HEADS)
    job = visit.job
    visit.end()
    assert (visit.ended, visit.collection, room.left) == (True, None, 10 * MB)
    analyzer.go.set()
    assert job
    assert job.wait(PATIENCE)
    assert room.left == 10 * MB
    visit.take(uploads(1), FakeAnalyzer(), HEADS)
    assert visit.job is None
