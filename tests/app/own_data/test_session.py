"""One visitor's faces: taken, refused, cancelled, cleared, and never a label lost."""

import gc
import weakref

import pytest

from app.core.budget import Budget
from app.core.jobs import Jobs, State
from app.core.memory import MB
from app.core.photo_session import UploadLimits
from app.core.uploads import Upload
from app.own_data import session as sessions
from app.own_data.own_set import Label, OwnSet
from app.own_data.session import OwnSession
from app.own_data.text import facts, missing_line
from fer.labelled.table import LabelRow, write_table
from tests.app.own_data.samples import EXPRESSIONS, SPEC, answerer, archive, small
from tests.app.samples import BROKEN, PATIENCE, HeldAnalyzer, png

SAD = Label("sad")


@pytest.fixture
def budget() -> Budget:
    return Budget(100 * MB, free=lambda: None)


@pytest.fixture
def session(jobs: Jobs, budget: Budget) -> OwnSession:
    return OwnSession(jobs, budget, UploadLimits(photos=50, bytes=MB))


def photos(count: int, first: int = 0) -> list[Upload]:
    return [Upload(f"{n}.png", png(seed=n)) for n in range(first, first + count)]


def take(session: OwnSession, *uploads: Upload) -> OwnSet:
    assert session.take(uploads, [answerer()], EXPRESSIONS)
    return done(session)


def done(session: OwnSession) -> OwnSet:
    assert session.job
    assert session.job.wait(PATIENCE)
    assert session.own
    return session.own


def reasons(session: OwnSession) -> dict[str, str]:
    return {one.name: one.error for one in session.unread}


def test_nothing_uploaded_changes_nothing(session: OwnSession) -> None:
    assert not session.take([], [answerer()], EXPRESSIONS)
    assert (session.own, session.notices, session.running) == (None, [], False)


@pytest.mark.parametrize("data", [archive({}).data, archive({".DS_Store": b""}).data])
def test_an_empty_archive_is_answered_in_words(session: OwnSession, data: bytes) -> None:
    assert not session.take([Upload("a.zip", data)], [answerer()], EXPRESSIONS)
    assert session.notices == ["There are no photos in a.zip."]


def test_photos_are_added_to_those_that_are_here(session: OwnSession, budget: Budget) -> None:
    own = take(session, *photos(2))
    own.label(0, SAD)
    assert take(session, *photos(3, first=1)) is own
    assert [name for name, _ in own.faces] == ["0.png", "1.png", "2.png", "3.png"]
    assert own.labels == {0: SAD}
    assert "same picture as 1.png" in reasons(session)["1.png"]
    assert budget.left < 100 * MB


def test_one_image_and_one_class_are_a_set(session: OwnSession) -> None:
    own = take(session, archive({"happy/a.png": small()}))
    assert own.labels == {0: Label("happy")}
    assert session.by_folder
    assert [one.truth for one in own.answers()] == ["happy"]


def test_the_same_picture_counts_once_and_another_label_is_told(session: OwnSession) -> None:
    files = {"happy/a.png": small(), "happy/b.png": small(), "sad/c.png": small()}
    assert len(take(session, archive(files)).faces) == 1
    told = reasons(session)
    assert told["happy/b.png"] == "is the same picture as happy/a.png, which counts already."
    assert told["sad/c.png"].endswith("which counts already, with the label happy.")
    assert facts(session) == "1 photo · 1 face · 2 files here already"


def test_a_photo_in_a_class_folder_without_a_face_is_a_miss(session: OwnSession) -> None:
    own = take(session, archive({"happy/a.png": png(0), "sad/b.png": png(2)}))
    assert [(one.name, one.truth, one.found) for one in own.answers()] == [
        ("sad/b.png", "sad", True), ("happy/a.png", "happy", False),
    ]  # fmt: skip


def test_folders_can_be_forgotten(session: OwnSession) -> None:
    take(session, archive({"happy/a.png": png(2), "sad/b.png": png(1)}))
    session.label_by_hand([answerer()], EXPRESSIONS)
    own = done(session)
    assert (len(own.faces), own.labels, session.by_folder) == (3, {}, False)
    assert reasons(session) == {}


def test_labels_go_on_with_the_same_photos(session: OwnSession) -> None:
    table = write_table([LabelRow("1.png", "sad", (5, 20, 45, 60)), LabelRow("9.png", "sad")])
    assert session.take([Upload("labels.csv", table.encode())], [answerer()], EXPRESSIONS)
    assert session.job is None
    own = take(session, *photos(3))
    assert own.labels == {1: SAD}
    assert [row.photo for row in own.waiting] == ["9.png"]
    again = write_table([LabelRow("0.png", "happy", (5, 20, 45, 60))])
    assert session.take([Upload("labels.csv", again.encode())], [answerer()], EXPRESSIONS)
    assert own.labels == {0: Label("happy"), 1: SAD}


def test_what_cannot_be_read_is_a_row_with_its_reason(session: OwnSession) -> None:
    bomb = archive({"bomb.png": b"\0" * 5 * MB}, "bomb.zip")
    files = [
        *photos(1), Upload("broken.png", b"no picture"), Upload("fault.png", png(BROKEN)), bomb,
        archive({"../evil.png": png(), "in.zip": archive({}).data}), Upload("x.zip", b"PK"),
    ]  # fmt: skip
    own = take(session, *files)
    assert [name for name, _ in own.faces] == ["0.png"]
    told = reasons(session)
    for name, why in {
        "broken.png": "not an image",
        "fault.png": "something went wrong",
        "bomb/bomb.png": "compressed",
        "set/evil.png": "leads out",
        "set/in.zip": "archive within",
        "x.zip": "not a ZIP",
    }.items():
        assert why in told[name]


def test_a_crash_of_the_analysis_loses_no_label(
    session: OwnSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = take(session, *photos(2))
    own.label(0, SAD)

    def crash(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr(sessions, "read_own", crash)
    take(session, *photos(2, first=5))
    assert session.job
    assert session.job.state is State.FAILED
    assert own.labels == {0: SAD}
    assert len(own.faces) == 2
    assert "something went wrong in FER Lens" in reasons(session)["6.png"]


def test_too_much_is_refused_and_what_is_here_stays(session: OwnSession) -> None:
    own = take(session, *photos(2))
    own.label(1, SAD)
    assert not session.take([Upload("big.png", bytes(MB))], [answerer()], EXPRESSIONS)
    assert "takes 1 MB" in session.notices[0]
    assert session.own is own
    assert own.labels == {1: SAD}
    take(session, *photos(1, first=9))
    assert session.notices == []


def test_more_photos_than_are_read_get_their_reason(jobs: Jobs, budget: Budget) -> None:
    session = OwnSession(jobs, budget, UploadLimits(photos=3, bytes=MB))
    take(session, *photos(2))
    own = take(session, *photos(4, first=2))
    assert len(own.faces) == 3
    assert len(reasons(session)) == 3


def test_without_room_it_is_refused(jobs: Jobs) -> None:
    session = OwnSession(
        jobs, Budget(8 * 1024, free=lambda: None), UploadLimits(photos=50, bytes=MB)
    )
    assert not session.take(photos(3), [answerer()], EXPRESSIONS)
    assert "no room" in session.notices[0]
    assert session.own is None


def test_crowds_do_not_take_more_memory_than_there_is(jobs: Jobs) -> None:
    small_budget = Budget(150 * 1024, free=lambda: None)
    session = OwnSession(jobs, small_budget, UploadLimits(photos=500, bytes=MB))
    crowds = [Upload(f"{n}.png", png(6, seed=n)) for n in range(12)]
    own = take(session, *crowds)
    assert own.photos
    assert own.size < 150 * 1024
    assert any("no room for more faces" in reason for reason in reasons(session).values())
    assert len(own.photos) + len(reasons(session)) == 12


def test_ten_thousand_faces_are_read_and_labelled(jobs: Jobs) -> None:
    session = OwnSession(jobs, Budget(1000 * MB, free=lambda: None), UploadLimits(10_000, 300 * MB))
    files = {f"happy/{n}.png": small(n % 100, n // 100, side=16) for n in range(10_001)}
    own = take(session, archive(files))
    assert len(own.faces) == 10_000
    assert own.size < 20 * MB
    assert own.counts == {"happy": 10_000}
    assert list(reasons(session).values()) == [
        "was not read: this server reads 10,000 photos of a collection."
    ]
    own.label(9_999, SAD)
    own.undo()
    assert len(own.answers()) == 10_000


def test_a_cancel_keeps_what_is_done(session: OwnSession) -> None:
    held = HeldAnalyzer(SPEC)
    assert session.take(photos(3), [answerer(analyzer=held)], EXPRESSIONS)
    assert held.began.wait(PATIENCE)
    assert session.running
    assert not session.take(photos(1, first=9), [answerer()], EXPRESSIONS), "one at a time"
    session.cancel()
    held.go.set()
    assert len(done(session).faces) == 0
    assert len(reasons(session)) == 3
    assert missing_line(session) == "3 files not started"
    assert not session.running


def test_another_model_is_asked_about_the_faces_that_are_here(session: OwnSession) -> None:
    own = take(session, *photos(2), Upload("cut.png", small()))
    own.label(0, SAD)
    assert session.lacks({"fake": "1"}) == []
    assert session.lacks({"fake": "2", "late": "1"}) == ["fake", "late"]
    session.ask([answerer("late")])
    done(session)
    assert own.models == {"fake", "late"}
    assert (own.labels, session.asked) == ({0: SAD}, (3, 3))
    assert session.lacks({"fake": "1", "late": "1"}) == []


def test_cleared_faces_are_gone_from_memory_and_their_room_is_free(
    session: OwnSession, budget: Budget
) -> None:
    gone = weakref.ref(take(session, *photos(3)))
    session.clear()
    gc.collect()
    assert gone() is None
    assert (session.own, session.unread, budget.left) == (None, [], 100 * MB)


def test_who_has_left_can_take_nothing(session: OwnSession) -> None:
    session.end()
    assert not session.take(photos(1), [answerer()], EXPRESSIONS)
    assert session.ended


def test_files_that_the_browser_did_not_send_are_told(session: OwnSession) -> None:
    session.refuse([(".DS_Store", ""), *((f"{n}.mov", "Not allowed.") for n in range(5))])
    assert session.notices[0] == "0.mov was not uploaded. Not allowed."
    assert session.notices[-1] == "2 more files were not uploaded."
