"""One visitor's collection: taken, refused, cancelled, cleared."""

import gc
import weakref

import pytest

from app.core.budget import Budget
from app.core.jobs import Jobs, State
from app.core.memory import MB
from app.core.photo_session import UploadLimits
from app.core.uploads import Upload
from app.photos.collection import PHOTO_BYTES, CollectionSession
from tests.app.samples import PATIENCE, FakeAnalyzer, HeldAnalyzer, png


@pytest.fixture
def budget() -> Budget:
    return Budget(10 * MB, free=lambda: None)


@pytest.fixture
def session(jobs: Jobs, budget: Budget) -> CollectionSession:
    return CollectionSession(jobs, budget, UploadLimits(photos=20, bytes=MB))


def uploads(count: int) -> list[Upload]:
    return [Upload(f"{n}.png", png(seed=n)) for n in range(count)]


def done(session: CollectionSession) -> CollectionSession:
    assert session.job
    assert session.job.wait(PATIENCE)
    return session


def test_nothing_is_taken_from_nothing(session: CollectionSession) -> None:
    session.take([], FakeAnalyzer())
    assert (session.collection, session.job, session.notices) == (None, None, [])
    session.cancel()
    session.clear()


def test_an_archive_without_files_is_said_to_have_none(session: CollectionSession) -> None:
    session.take([Upload(".DS_Store", b"")], FakeAnalyzer())
    assert session.collection is None
    assert session.notices == ["There are no photos in .DS_Store."]


def test_files_are_read_and_the_uploads_let_go(session: CollectionSession, budget: Budget) -> None:
    session.take(uploads(3), FakeAnalyzer())
    assert budget.left <= 10 * MB - 3 * PHOTO_BYTES or not session.job.active  # type: ignore[union-attr]
    collection = done(session).collection
    assert collection
    assert [one.error for one in collection.photos] == ["", "", ""]
    assert budget.left == 10 * MB - collection.size
    assert session.job
    assert session.job.state is State.DONE


@pytest.mark.parametrize("name", ["a.png", "a.zip"])
def test_the_uploads_are_not_kept(session: CollectionSession, name: str) -> None:
    upload = Upload(name, png())
    kept = weakref.ref(upload)
    session.take([upload, Upload("b.png", png(2))], FakeAnalyzer())
    done(session)
    del upload
    gc.collect()
    assert kept() is None
    assert session.collection


def test_a_collection_that_is_too_large_is_refused_in_words(
    session: CollectionSession, budget: Budget
) -> None:
    session.take([Upload("a.zip", bytes(3 * MB))], FakeAnalyzer())
    assert session.collection is None
    assert "has 3 MB, and this server takes 1 MB at once" in session.notices[0]
    assert budget.left == 10 * MB
    assert session.take([Upload("a.zip", bytes(MB))], FakeAnalyzer()), "as much as it takes"


def test_without_room_a_collection_is_refused_in_words(jobs: Jobs) -> None:
    session = CollectionSession(jobs, Budget(PHOTO_BYTES, free=lambda: None), UploadLimits(20, MB))
    session.take(uploads(2), FakeAnalyzer())
    assert session.collection is None
    assert "no room" in session.notices[0]
    assert "other visitors" in session.notices[0]


def test_a_cancel_works_at_once_and_keeps_what_is_done(session: CollectionSession) -> None:
    analyzer = HeldAnalyzer()
    session.take(uploads(3), analyzer)
    assert analyzer.began.wait(PATIENCE)
    session.cancel()
    assert session.collection
    assert session.job
    assert (session.cancelled, session.job.active) == (True, False)
    assert [one.error for one in session.collection.photos] == [
        "was not started: the analysis was cancelled."
    ] * 3
    analyzer.go.set()
    done(session)
    assert len(session.collection.photos) == 3


def test_who_waits_can_cancel_too(jobs: Jobs, budget: Budget, session: CollectionSession) -> None:
    analyzer = HeldAnalyzer()
    session.take(uploads(1), analyzer)
    other = CollectionSession(jobs, budget, session.limits)
    other.take(uploads(2), FakeAnalyzer())
    assert other.job
    assert other.job.state is State.WAITING
    other.cancel()
    assert other.collection
    assert len(other.collection.photos) == 2
    analyzer.go.set()
    done(session)


def test_a_new_collection_takes_the_place_of_the_last(session: CollectionSession) -> None:
    session.take(uploads(1), FakeAnalyzer())
    done(session).open(0)
    first = session.collection
    assert first
    key = session.key_of(first.photos[0])
    session.take([Upload("b/other.png", png(2))], FakeAnalyzer())
    second = done(session).collection
    assert second
    assert second.title == "b"
    assert session.opened is None
    assert session.key_of(second.photos[0]) != key


def test_the_photo_that_was_shown_alone_is_known_when_all_are_shown(
    session: CollectionSession,
) -> None:
    session.open(4)
    assert (session.opened, session.closed) == (4, None)
    session.open(None)
    assert (session.opened, session.closed) == (None, 4)


def test_another_choice_begins_with_its_first_page(session: CollectionSession) -> None:
    session.look_at(("all",))
    session.page = 3
    session.look_at(("all",))
    assert session.page == 3
    session.look_at(("some",))
    assert session.page == 1


def test_files_that_the_browser_did_not_send_have_a_reason(session: CollectionSession) -> None:
    refused = [
        ("x/film.mp4", "x"),
        (".DS_Store", "x"),
        ("x/huge.jpg", "File must be 64MB."),
        ("x/a.zip", ""),
    ]
    session.take([Upload("x/0.png", png())], FakeAnalyzer())
    session.refuse(refused)
    items = done(session).collection.photos  # type: ignore[union-attr]
    assert {one.name: one.error for one in items if one.error} == {
        "film.mp4": "was left out: by its name, it is no photo in a format that is read.",
        "huge.jpg": "was not uploaded. File must be 64MB.",
        "a.zip": "is an archive. Unpack it, or upload it alone.",
    }
    session.clear()
    session.refuse([])
    assert session.notices == []
    session.refuse(refused)
    assert session.notices[0].startswith("x/film.mp4 was left out")


def test_who_has_left_leaves_nothing_and_starts_nothing(
    session: CollectionSession, budget: Budget
) -> None:
    analyzer = HeldAnalyzer()
    session.take(uploads(2), analyzer)
    job = session.job
    session.end()
    assert (session.ended, session.collection, budget.left) == (True, None, 10 * MB)
    analyzer.go.set()
    assert job
    assert job.wait(PATIENCE)
    assert budget.left == 10 * MB
    session.take(uploads(1), FakeAnalyzer())
    assert session.job is None
