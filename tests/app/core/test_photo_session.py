"""A visitor's photographs: taken, read, answered, refused, cancelled, cleared."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import replace

import numpy as np
import pytest

from app.core.budget import MB, Budget
from app.core.jobs import Jobs
from app.core.photo import Answerer, LargestFaces, Missing, Photo, Upload, decode_photo, read_photo
from app.core.photo_session import PhotoSession
from app.core.uploads import UploadLimits
from fer.images import MAX_BYTES, MAX_PIXELS
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.types import Detections, Faces, Image
from tests.app.photos.samples import MODEL, SPEC, answerer
from tests.app.samples import (
    BROKEN,
    PATIENCE,
    Clock,
    FakeAnalyzer,
    HeldAnalyzer,
    png,
    uploads,
    zip_of,
)
from tests.samples import make_detections


def read(name: str, data: bytes, *analyzers: FakeAnalyzer) -> Photo:
    answerers = [answerer(analyzer, str(number)) for number, analyzer in enumerate(analyzers)]
    return read_photo(Photo(name), data, answerers, lambda photo, _: photo, where="photo")


def test_all_heads_of_all_models_answer_from_one_search() -> None:
    first, second = FakeAnalyzer(SPEC), FakeAnalyzer(SPEC)
    found = read("a/b.png", png(2), first, second)
    assert [(a.calls, a.searches) for a in (first, second)] == [(1, 1), (1, 0)]
    for model in ("0", "1"):
        assert found.faces(EXPRESSION_HEAD, model).answers == ["happy", "happy"]
        assert found.faces(FERPLUS_HEAD, model).answers == ["uncertain", "uncertain"]


@pytest.mark.parametrize(
    ("data", "error", "logged"),
    [
        (b"", "is empty", ""),
        (png(BROKEN), "something went wrong in FER Lens", "a fault that nobody thought of"),
    ],
)
def test_what_cannot_be_read_has_a_reason(
    caplog: pytest.LogCaptureFixture, data: bytes, error: str, logged: str
) -> None:
    broken = read("holiday.png", data, FakeAnalyzer(SPEC))
    assert error in broken.error
    assert (broken.done, len(broken.faces(EXPRESSION_HEAD, "0"))) == (True, 0)
    assert logged in caplog.text
    assert "holiday" not in caplog.text
    assert "secret" not in repr(Photo("a.png", picture=b"secret", thumbnail=b"secret"))


def test_a_limit_is_never_more_than_what_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, int] = {}
    monkeypatch.setattr("app.core.photo.decode_image", lambda data, **limits: seen.update(limits))
    for most, limits in (("999", (MAX_BYTES, MAX_PIXELS)), ("2", (2 * 2**20, 2_000_000))):
        monkeypatch.setenv("FER_MAX_PHOTO_MB", most)
        monkeypatch.setenv("FER_MAX_PHOTO_MEGAPIXELS", most)
        decode_photo(b"")
        assert (seen["max_bytes"], seen["max_pixels"]) == limits


@pytest.mark.parametrize(
    ("sides", "most", "kept"),
    [((), 0, ()), ((30,), 0, ()), ((30, 10), 2, (30, 10)), ((10, 30, 20), 2, (30, 20))],
)
def test_of_many_faces_the_largest_are_read(
    monkeypatch: pytest.MonkeyPatch, sides: tuple[int, ...], most: int, kept: tuple[int, ...]
) -> None:
    monkeypatch.setenv("FER_MAX_FACES", str(most))

    def find(image: Image) -> Detections:
        boxes = [(50.0 * i, 0.0, 50.0 * i + side, float(side)) for i, side in enumerate(sides)]
        return make_detections(*boxes) if boxes else Detections.empty()

    found = LargestFaces(find)(np.zeros((100, 200, 3), np.uint8))
    assert tuple((found.xyxy[:, 2] - found.xyxy[:, 0]).astype(int)) == kept


ROOM = 10 * MB


class Session(PhotoSession):
    """As any page's, but that a photograph takes as many bytes as a test says."""

    where, photo_bytes, keeps = "photo", 1000, 100

    def keep(self, photo: Photo, image: Image) -> Photo:
        return replace(photo, thumbnail=bytes(self.keeps))


@pytest.fixture
def budget() -> Budget:
    return Budget(ROOM, free=lambda: None)


@pytest.fixture
def session(jobs: Jobs, budget: Budget, clock: Clock) -> Session:
    return Session(jobs, budget, UploadLimits(photos=20, bytes=MB), clock)


def zipped(*names: str, name: str = "a.zip") -> Upload:
    return Upload(name, zip_of(*((inside, png(seed=n)) for n, inside in enumerate(names))))


def take(session: PhotoSession, *files: Upload, by: Answerer | None = None) -> list[Photo]:
    session.take(files, [by or answerer()])
    return done(session)


def hold(session: PhotoSession, count: int) -> HeldAnalyzer:
    """Upload photographs to an analyzer that waits in the first one."""
    held = HeldAnalyzer(SPEC)
    session.take(uploads(count), [answerer(held)])
    assert held.began.wait(PATIENCE)
    return held


def done(session: PhotoSession) -> list[Photo]:
    if session.job:
        assert session.job.wait(PATIENCE)
    return session.photos


def names(session: PhotoSession) -> list[str]:
    return [photo.name for photo in session.all]


def test_every_file_has_a_result_in_its_place(session: Session, budget: Budget) -> None:
    assert not session.take([], [answerer()])
    assert (session.all, session.job, session.progress) == ([], None, (0.0, "0 of 0"))
    session.cancel()
    session.clear()
    assert not session.take([Upload(".DS_Store", b"")], [answerer()])
    assert session.notices == ["There are no photos in .DS_Store."]
    named = {"a.png": png(1), "b.txt": b"", "c.png": b"no picture", "d.png": png(2)}
    files = [Upload(name, data) for name, data in named.items()]
    found = take(session, *files, zipped("x.png", "../e.png"))
    reasons = {photo.name: photo.error for photo in found}
    assert list(reasons) == ["a.png", "a/e.png", "a/x.png", "b.txt", "c.png", "d.png"]
    assert [name for name, reason in reasons.items() if not reason] == ["a.png", "a/x.png", "d.png"]
    assert "leads out" in reasons["a/e.png"]
    assert len({photo.number for photo in found}) == 6
    assert budget.left == ROOM - session.uploaded - 3 * session.keeps
    assert [photo.faces(EXPRESSION_HEAD, MODEL).answers for photo in found[:1]] == [["happy"]]


def test_the_same_contents_are_read_once_under_all_their_names(session: Session) -> None:
    analyzer = FakeAnalyzer(SPEC)
    files = [Upload(name, png(1)) for name in ("a.png", "b.png")]
    found = take(session, *files, by=answerer(analyzer))
    left = session.budget.left
    session.remove(found[0].number)
    assert session.budget.left == left + len(png(1)) + session.keeps
    take(session, Upload("c.png", png(1)), by=answerer(analyzer))
    assert analyzer.searches == 1 + 1, "the first is gone"
    assert names(session) == ["b.png", "c.png"]
    assert [photo.read() for photo in session.photos] == [png(1)] * 2


def test_what_is_here_already_is_told_and_the_rest_is_added(session: Session) -> None:
    take(session, *uploads(2), zipped("x.png"))
    take(session, *uploads(3), zipped("x.png"), Upload("0.png", png(5)))
    assert names(session) == ["0.png", "1.png", "a/x.png", "0 (2).png", "2.png"]
    assert session.notices == ["0.png, 1.png and a/x.png are here already."]
    assert not session.take(uploads(1), [answerer()])
    assert session.notices == ["0.png is here already."]


def test_there_is_room_for_so_many_photos_and_bytes(jobs: Jobs, budget: Budget) -> None:
    session = Session(jobs, budget, UploadLimits(photos=3, bytes=MB))
    take(session, *uploads(2), Upload("broken.png", b"x"))
    found = take(session, *uploads(3, first=2))
    assert [photo.name for photo in found if not photo.error] == ["0.png", "1.png", "2.png"]
    assert found[-1].error == "was not read: this server reads 3 photos of a visitor."
    assert not session.take([Upload("big.png", bytes(MB))], [answerer()])
    assert "it has 1 MB, and this server takes 1 MB" in session.notices[0]
    session.clear()
    assert session.take([Upload("big.png", bytes(MB))], [answerer()]), "as much as it takes"


@pytest.mark.parametrize(
    ("most", "free", "count", "taken"),
    [
        (10_000, None, 1, True),
        (100, None, 1, False),
        (100, None, 3, False),
        (10_000, 0, 2, True),
        (10_000, 0, 3, False),
    ],
)
def test_all_files_count_and_a_few_need_no_free_memory(
    jobs: Jobs, most: int, free: int | None, count: int, taken: bool
) -> None:
    session = Session(jobs, Budget(most, lambda: free), UploadLimits(20, MB, always=2))
    assert session.take(uploads(count), [answerer()]) is taken
    assert len(done(session)) == count * taken
    assert any("other visitors" in notice for notice in session.notices) is not taken


@pytest.mark.parametrize("name", ["broken.png", "broken.txt", "broken.zip", "pictures.zip"])
def test_what_cannot_be_read_is_dropped_and_leaves_its_room(
    session: Session, budget: Budget, name: str
) -> None:
    inside = zip_of(("a.png", b"no picture" * 9), ("b.txt", b"no picture"))
    upload = Upload(name, inside if name == "pictures.zip" else b"no picture" * 9)
    gone = weakref.ref(upload)
    found = take(session, upload)
    del upload
    gc.collect()
    assert gone() is None
    assert all(photo.error for photo in found)
    assert budget.left == ROOM


def test_an_archive_stays_while_a_photo_in_it_can_be_read(session: Session) -> None:
    archive = Upload("a.zip", zip_of(("a.png", png(1)), ("b.png", b"no picture")))
    take(session, archive)
    assert session.uploads == [archive]
    (photo,) = [one for one in session.photos if not one.error]
    session.remove(photo.number)
    assert session.uploads == []


def test_a_file_that_failed_is_read_once_more(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [Upload("a.png", png(1)), zipped("x.png")]
    with monkeypatch.context() as patch:
        patch.setattr(Session, "keep", lambda *_: 1 // 0)
        assert [bool(photo.error) for photo in take(session, *files)] == [True, True]
    again = [Upload(file.name, bytes(bytearray(file.data))) for file in files]
    assert [photo.error for photo in take(session, *again)] == ["", ""]
    assert names(session) == ["a.png", "a/x.png"]


def test_photos_that_take_more_than_expected_end_where_the_room_does(jobs: Jobs) -> None:
    session = Session(jobs, Budget(100_000, free=lambda: None), UploadLimits(20, MB))
    session.keeps = 15_000
    found = take(session, *uploads(12))
    read = [photo for photo in found if not photo.error]
    assert 0 < len(read) < 7
    assert session.size == 15_000 * len(read)
    assert "no room for more" in found[-1].error


def test_a_cancel_works_at_once_and_keeps_what_is_done(session: Session) -> None:
    held = hold(session, 3)
    assert session.running
    session.cancel()
    assert (session.cancelled, session.running) == (True, False)
    assert [photo.missing for photo in session.photos] == [Missing.NOT_STARTED] * 3
    held.go.set()
    done(session)
    assert not any(photo.width for photo in session.all), "what was being read comes too late"
    assert len(take(session, *uploads(3))) == 3, "what was not started can be tried again"
    assert [photo.error for photo in session.all] == [""] * 3
    assert not session.cancelled


def test_a_cancelled_analysis_can_be_continued(session: Session) -> None:
    session.resume()  # there is nothing yet
    assert session.left_by_cancel == []
    held = HeldAnalyzer(SPEC)
    session.take([*uploads(3), Upload("bad.png", b"no picture")], [answerer(held)])
    assert held.began.wait(PATIENCE)
    assert session.left_by_cancel == [], "while it runs, there is nothing to continue"
    session.cancel()
    left = [photo.name for photo in session.left_by_cancel]
    assert left == ["0.png", "1.png", "2.png", "bad.png"]
    session.resume()
    assert (session.cancelled, session.running) == (False, True)
    held.go.set()
    found = done(session)
    assert [bool(photo.width) for photo in found] == [True] * 3 + [False]
    assert "is not an image" in found[-1].error
    assert session.left_by_cancel == []
    session.resume()
    assert not session.running


def test_what_another_model_has_not_read_is_continued(session: Session) -> None:
    take(session, *uploads(3))
    held = HeldAnalyzer(SPEC)
    session.ask([answerer(held, "late")])
    assert held.began.wait(PATIENCE)
    session.cancel()
    assert len(session.left_by_cancel) == 3
    session.resume()
    held.go.set()
    assert all("late" in photo.answers for photo in done(session))


def test_without_room_a_cancelled_analysis_is_not_continued(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = hold(session, 3)
    session.cancel()
    held.go.set()
    done(session)
    monkeypatch.setattr(Budget, "_left", lambda self: 0)
    session.resume()
    assert "no room to continue" in session.notices[0]
    assert not session.running
    assert len(session.left_by_cancel) == 3


def test_photos_can_come_and_go_while_others_are_read(session: Session) -> None:
    held = hold(session, 3)
    first, second, _ = session.all
    session.take(uploads(2, first=3), [answerer(held)])
    assert session.progress == (0.0, "0 of 5")
    for gone in (first, second):
        session.remove(gone.number)
    held.go.set()
    assert [photo.name for photo in done(session)] == ["2.png", "3.png", "4.png"]
    assert held.calls == 4, "one was being read"


def test_whoever_waits_for_a_photo_gets_it_or_hears_that_it_is_gone(session: Session) -> None:
    held = hold(session, 2)
    numbers = [photo.number for photo in session.all]
    got: list[Photo | None] = []
    waiting = threading.Thread(target=lambda: got.extend(map(session.wait_for, numbers)))
    waiting.start()
    session.remove(numbers[1])
    held.go.set()
    waiting.join(PATIENCE)
    assert [photo and photo.name for photo in got] == ["0.png", None]


def test_a_crash_is_told(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    take(session, *uploads(1))
    monkeypatch.setattr(Session, "answer", lambda *_: 1 // 0)
    found = take(session, *uploads(2, first=1))
    assert ["something went wrong" in photo.error for photo in found] == [False, True, True]
    assert session.wait_for(found[-1].number) == found[-1]


def test_another_model_answers_without_a_search_and_earlier_answers_stay(session: Session) -> None:
    late = FakeAnalyzer(SPEC)
    take(session, *uploads(2), Upload("broken.png", b"x"))
    session.ask([answerer(late, "late")])
    found = done(session)
    assert [set(photo.answers) for photo in found] == [{MODEL, "late"}] * 2 + [set()]
    assert (late.calls, late.searches) == (2, 0)
    job = session.job
    session.ask([answerer()])
    session.ask([answerer()])
    assert session.job is job, "they are here"


def test_a_model_that_is_chosen_meanwhile_answers_too(session: Session) -> None:
    held = hold(session, 2)
    session.ask([answerer(key="late")])
    held.go.set()
    assert all("late" in photo.answers for photo in done(session))


def test_a_model_that_fails_costs_no_earlier_answer(session: Session) -> None:
    failing = FakeAnalyzer(SPEC)
    failing.all_heads = lambda *_: 1 // 0  # type: ignore[method-assign]
    take(session, *uploads(1))
    session.ask([answerer(failing, "late")])
    (photo,) = done(session)
    assert (photo.error, set(photo.answers)) == ("", {MODEL})


@pytest.mark.parametrize(
    ("count", "took", "said"),
    [(2, 9.0, "2 of 12"), (3, 1.0, "3 of 12"),
     (4, 8.0, "4 of 12 · 0.5 photos a second · about 20 seconds left")],
)  # fmt: skip
def test_progress_says_no_more_than_is_known(
    session: Session, clock: Clock, count: int, took: float, said: str
) -> None:
    reached, go = threading.Event(), threading.Event()

    class Slow(FakeAnalyzer):
        def all_heads(self, image: Image, detections: Detections | None = None) -> dict[str, Faces]:
            clock.seconds += took / count if self.calls < count else 0
            if self.calls == count:
                reached.set()
                assert go.wait(PATIENCE)
            return super().all_heads(image, detections)

    session.take(uploads(12), [answerer(Slow(SPEC))])
    assert reached.wait(PATIENCE)
    assert session.progress == (count / 12, said)
    go.set()


def test_what_is_cleared_is_gone_from_memory(session: Session, budget: Budget) -> None:
    files = [zipped("x.png"), *uploads(1)]
    gone = [weakref.ref(upload) for upload in files]
    take(session, *files)
    del files
    gc.collect()
    assert all(upload() for upload in gone), "they can be read again"
    session.clear()
    gc.collect()
    assert not any(upload() for upload in gone)
    assert budget.left == ROOM


def test_who_has_left_leaves_nothing(session: Session, budget: Budget) -> None:
    held = hold(session, 2)
    job = session.job
    session.end()
    held.go.set()
    assert job
    assert job.wait(PATIENCE)
    assert (session.ended, session.all, budget.left) == (True, [], ROOM)
    assert not session.take(uploads(1), [answerer()])
    assert session.job is None
