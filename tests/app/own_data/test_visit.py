"""One visitor's faces: taken, refused, cancelled, cleared, and never a label lost."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from app.background.jobs import Jobs, State
from app.collection import archive as archives
from app.collection.room import MB, Room
from app.collection.upload import Upload
from app.collection.visit import Limits
from app.own_data import visit as visits
from app.own_data.own_set import Label, OwnSet
from app.own_data.text import facts, missing_line
from app.own_data.visit import OwnVisit
from fer.labelled.table import LabelRow, write_table
from tests.app.own_data.samples import EXPRESSIONS, SPEC, answerer, archive, small
from tests.app.samples import BROKEN, PATIENCE, HeldAnalyzer, png

SAD = Label("sad")


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs(1)
    yield jobs
    jobs.close(PATIENCE)


@pytest.fixture
def room() -> Room:
    return Room(100 * MB, free=lambda: None)


@pytest.fixture
def visit(jobs: Jobs, room: Room) -> OwnVisit:
    return OwnVisit(jobs, room, Limits(photos=50, bytes=MB))


def photos(count: int, first: int = 0) -> list[Upload]:
    return [Upload(f"{n}.png", png(seed=n)) for n in range(first, first + count)]


def take(visit: OwnVisit, *uploads: Upload) -> OwnSet:
    assert visit.take(uploads, [answerer()], EXPRESSIONS)
    return done(visit)


def done(visit: OwnVisit) -> OwnSet:
    assert visit.job
    assert visit.job.wait(PATIENCE)
    assert visit.own
    return visit.own


def reasons(visit: OwnVisit) -> dict[str, str]:
    return {one.name: one.error for one in visit.unread}


def test_nothing_uploaded_changes_nothing(visit: OwnVisit) -> None:
    assert not visit.take([], [answerer()], EXPRESSIONS)
    assert (visit.own, visit.notices, visit.running) == (None, [], False)


@pytest.mark.parametrize("data", [archive({}).data, archive({".DS_Store": b""}).data])
def test_an_empty_archive_is_answered_in_words(visit: OwnVisit, data: bytes) -> None:
    assert not visit.take([Upload("a.zip", data)], [answerer()], EXPRESSIONS)
    assert visit.notices == ["There are no photos in a.zip."]


def test_photos_are_added_to_those_that_are_here(visit: OwnVisit, room: Room) -> None:
    own = take(visit, *photos(2))
    own.label(0, SAD)
    assert take(visit, *photos(3, first=1)) is own
    assert [name for name, _ in own.faces] == ["0.png", "1.png", "2.png", "3.png"]
    assert own.labels == {0: SAD}
    assert "same picture as 1.png" in reasons(visit)["1.png"]
    assert room.left < 100 * MB


def test_one_image_and_one_class_are_a_set(visit: OwnVisit) -> None:
    own = take(visit, archive({"happy/a.png": small()}))
    assert own.labels == {0: Label("happy")}
    assert visit.by_folder
    assert [one.truth for one in own.answers()] == ["happy"]


def test_the_same_picture_counts_once_and_another_label_is_told(visit: OwnVisit) -> None:
    files = {"happy/a.png": small(), "happy/b.png": small(), "sad/c.png": small()}
    assert len(take(visit, archive(files)).faces) == 1
    told = reasons(visit)
    assert told["happy/b.png"] == "is the same picture as happy/a.png, which counts already."
    assert told["sad/c.png"].endswith("which counts already, with the label happy.")
    assert facts(visit) == "1 photo · 1 face · 2 files here already"


def test_a_photo_in_a_class_folder_without_a_face_is_a_miss(visit: OwnVisit) -> None:
    own = take(visit, archive({"happy/a.png": png(0), "sad/b.png": png(2)}))
    assert [(one.name, one.truth, one.found) for one in own.answers()] == [
        ("sad/b.png", "sad", True), ("happy/a.png", "happy", False),
    ]  # fmt: skip


def test_folders_can_be_forgotten(visit: OwnVisit) -> None:
    take(visit, archive({"happy/a.png": png(2), "sad/b.png": png(1)}))
    visit.label_by_hand([answerer()], EXPRESSIONS)
    own = done(visit)
    assert (len(own.faces), own.labels, visit.by_folder) == (3, {}, False)
    assert reasons(visit) == {}


def test_labels_go_on_with_the_same_photos(visit: OwnVisit) -> None:
    table = write_table([LabelRow("1.png", "sad", (5, 20, 45, 60)), LabelRow("9.png", "sad")])
    assert visit.take([Upload("labels.csv", table.encode())], [answerer()], EXPRESSIONS)
    assert visit.job is None
    own = take(visit, *photos(3))
    assert own.labels == {1: SAD}
    assert [row.photo for row in own.waiting] == ["9.png"]
    again = write_table([LabelRow("0.png", "happy", (5, 20, 45, 60))])
    assert visit.take([Upload("labels.csv", again.encode())], [answerer()], EXPRESSIONS)
    assert own.labels == {0: Label("happy"), 1: SAD}


def test_what_cannot_be_read_is_a_row_with_its_reason(visit: OwnVisit) -> None:
    bomb = archive({"bomb.png": b"\0" * 5 * MB}, "bomb.zip")
    files = [
        *photos(1), Upload("broken.png", b"no picture"), Upload("fault.png", png(BROKEN)), bomb,
        archive({"../evil.png": png(), "in.zip": archive({}).data}), Upload("x.zip", b"PK"),
    ]  # fmt: skip
    own = take(visit, *files)
    assert [name for name, _ in own.faces] == ["0.png"]
    told = reasons(visit)
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
    visit: OwnVisit, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = take(visit, *photos(2))
    own.label(0, SAD)

    def crash(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr(visits, "read_photo", crash)
    take(visit, *photos(2, first=5))
    assert visit.job
    assert visit.job.state is State.FAILED
    assert own.labels == {0: SAD}
    assert len(own.faces) == 2
    assert "something went wrong in FER Lens" in reasons(visit)["6.png"]


def test_too_much_is_refused_and_what_is_here_stays(visit: OwnVisit) -> None:
    own = take(visit, *photos(2))
    own.label(1, SAD)
    assert not visit.take([Upload("big.png", bytes(MB))], [answerer()], EXPRESSIONS)
    assert "takes 1 MB" in visit.notices[0]
    assert visit.own is own
    assert own.labels == {1: SAD}
    take(visit, *photos(1, first=9))
    assert visit.notices == []


def test_more_photos_than_are_read_get_their_reason(jobs: Jobs, room: Room) -> None:
    visit = OwnVisit(jobs, room, Limits(photos=3, bytes=MB))
    take(visit, *photos(2))
    own = take(visit, *photos(4, first=2))
    assert len(own.faces) == 3
    assert len(reasons(visit)) == 3


def test_without_room_it_is_refused(jobs: Jobs) -> None:
    visit = OwnVisit(jobs, Room(8 * 1024, free=lambda: None), Limits(photos=50, bytes=MB))
    assert not visit.take(photos(3), [answerer()], EXPRESSIONS)
    assert "no room" in visit.notices[0]
    assert visit.own is None


def test_crowds_do_not_take_more_memory_than_there_is(jobs: Jobs) -> None:
    small_room = Room(150 * 1024, free=lambda: None)
    visit = OwnVisit(jobs, small_room, Limits(photos=500, bytes=MB))
    crowds = [Upload(f"{n}.png", png(6, seed=n)) for n in range(12)]
    own = take(visit, *crowds)
    assert own.photos
    assert own.size < 150 * 1024
    assert any("no room for more faces" in reason for reason in reasons(visit).values())
    assert len(own.photos) + len(reasons(visit)) == 12


def test_ten_thousand_faces_are_read_and_labelled(jobs: Jobs) -> None:
    visit = OwnVisit(jobs, Room(1000 * MB, free=lambda: None), Limits(10_000, 300 * MB))
    files = {f"happy/{n}.png": small(n % 100, n // 100, side=16) for n in range(10_001)}
    own = take(visit, archive(files))
    assert len(own.faces) == 10_000
    assert own.size < 20 * MB
    assert own.counts == {"happy": 10_000}
    assert list(reasons(visit).values()) == [
        "was not read: this server reads 10,000 photos of a collection."
    ]
    own.label(9_999, SAD)
    own.undo()
    assert len(own.answers()) == 10_000


def test_more_files_than_are_looked_at_are_refused(visit: OwnVisit) -> None:
    most = archives.Limits().entries
    data = archive({f"{n}": b"" for n in range(most + 1)}).data
    roomy = OwnVisit(visit.jobs, visit.room, Limits(photos=50, bytes=10 * MB))
    take(roomy, Upload("many.zip", data))
    assert f"at most {most:,}" in reasons(roomy)["many.zip"]


def test_a_cancel_keeps_what_is_done(visit: OwnVisit) -> None:
    held = HeldAnalyzer(SPEC)
    assert visit.take(photos(3), [answerer(analyzer=held)], EXPRESSIONS)
    assert held.began.wait(PATIENCE)
    assert visit.running
    assert not visit.take(photos(1, first=9), [answerer()], EXPRESSIONS), "one at a time"
    visit.cancel()
    held.go.set()
    assert len(done(visit).faces) == 0
    assert len(reasons(visit)) == 3
    assert missing_line(visit) == "3 files not started"
    assert not visit.running


def test_another_model_is_asked_about_the_faces_that_are_here(visit: OwnVisit) -> None:
    own = take(visit, *photos(2), Upload("cut.png", small()))
    own.label(0, SAD)
    assert visit.lacks({"fake": "1"}) == []
    assert visit.lacks({"fake": "2", "late": "1"}) == ["fake", "late"]
    visit.ask([answerer("late")])
    done(visit)
    assert own.models == {"fake", "late"}
    assert (own.labels, visit.asked) == ({0: SAD}, (3, 3))
    assert visit.lacks({"fake": "1", "late": "1"}) == []


def test_cleared_faces_are_gone_from_memory_and_their_room_is_free(
    visit: OwnVisit, room: Room
) -> None:
    gone = weakref.ref(take(visit, *photos(3)))
    visit.clear()
    gc.collect()
    assert gone() is None
    assert (visit.own, visit.unread, room.left) == (None, [], 100 * MB)


def test_who_has_left_can_take_nothing(visit: OwnVisit) -> None:
    visit.end()
    assert not visit.take(photos(1), [answerer()], EXPRESSIONS)
    assert visit.ended


def test_files_that_the_browser_did_not_send_are_told(visit: OwnVisit) -> None:
    visit.refuse([(".DS_Store", ""), *((f"{n}.mov", "Not allowed.") for n in range(5))])
    assert visit.notices[0] == "0.mov was not uploaded. Not allowed."
    assert visit.notices[-1] == "2 more files were not uploaded."
