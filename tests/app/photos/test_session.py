"""The photographs of the Photos page, few and many."""

import io

import pytest
from PIL import Image as PillowImage

from app.core.budget import MB, Budget
from app.core.jobs import Jobs, State
from app.core.photo import Missing, Upload
from app.core.priority import PHOTOGRAPHS
from app.core.uploads import UploadLimits
from app.photos.session import COPY_SIDE, FEW, THUMBNAIL_SIDE, GallerySession
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.types import Detections, Faces, Image
from tests.app.photos.samples import MODEL, SPEC, answerer, views
from tests.app.samples import PATIENCE, FakeAnalyzer, HeldAnalyzer, png


@pytest.fixture
def quick() -> Jobs:
    return Jobs(4, niceness=0)


@pytest.fixture
def session(jobs: Jobs, quick: Jobs) -> GallerySession:
    session = GallerySession(jobs, quick, Budget(99 * MB, free=lambda: None), UploadLimits(50, MB))
    session.head = EXPRESSION_HEAD
    return session


def uploads(count: int, first: int = 0, folder: str = "") -> list[Upload]:
    return [Upload(f"{folder}{n}.png", png(seed=n)) for n in range(first, first + count)]


def take(session: GallerySession, *files: Upload, analyzer: FakeAnalyzer | None = None) -> None:
    session.take(files, [answerer(analyzer)])
    done(session)


def done(session: GallerySession) -> None:
    assert session.job
    assert session.job.wait(PATIENCE)


def test_few_are_read_though_many_of_others_wait(session: GallerySession) -> None:
    held = HeldAnalyzer(SPEC)
    other = GallerySession(session.jobs, session.quick, session.budget, session.limits)
    other.take(uploads(FEW + 1), [answerer(held)])
    assert held.began.wait(PATIENCE)
    assert PHOTOGRAPHS._there == 0, "streams need not make room for many"
    take(session, *uploads(FEW), analyzer=(noting := NotingAnalyzer(SPEC)))
    assert noting.seen == [1] * FEW
    assert not session.running
    assert session.few
    session.take(uploads(1, first=FEW), [answerer()])
    assert not session.few
    assert session.job
    assert session.job.state is State.WAITING
    held.go.set()
    done(session)


class NotingAnalyzer(FakeAnalyzer):
    """Notes how many photographs somebody waits for while it reads."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.seen: list[int] = []

    def all_heads(self, image: Image, detections: Detections | None = None) -> dict[str, Faces]:
        self.seen.append(PHOTOGRAPHS._there)
        return super().all_heads(image, detections)


@pytest.mark.parametrize(("places", "read"), [(1, FEW + 2), (0, FEW)])
def test_without_places_for_many_few_are_read(quick: Jobs, places: int, read: int) -> None:
    budget = Budget(10 * MB, free=lambda: None)
    session = GallerySession(Jobs(places), quick, budget, UploadLimits(50, MB))
    take(session, *uploads(FEW + 2))
    assert sum(not photo.error for photo in session.photos) == read


def size(jpeg: bytes) -> int:
    with PillowImage.open(io.BytesIO(jpeg)) as image:
        return max(image.size)


def test_few_are_drawn_as_they_are_read_and_of_many_copies_are_kept(
    session: GallerySession,
) -> None:
    out = io.BytesIO()
    PillowImage.new("RGB", (4000, 2000), (1, 90, 0)).save(out, "PNG")
    take(session, Upload("large.png", out.getvalue()))
    (view,) = views(session)
    assert view.drawings._drawn.keys() == {(EXPRESSION_HEAD, False)}
    assert (size(view.photo.thumbnail), view.photo.picture) == (THUMBNAIL_SIDE, b"")
    session.clear()
    take(session, Upload("large.png", out.getvalue()), *uploads(FEW))
    view = next(view for view in views(session) if view.photo.name == "large.png")
    assert not view.drawings._drawn
    assert size(view.photo.picture) == COPY_SIDE
    assert view.faces.xyxy[0].tolist() == [5, 20, 45, 60], "in the pixels of the photo"
    for number in range(3 * FEW):
        session.drawings(number)
    assert [*session._drawings] == [*range(FEW, 3 * FEW)], "those that were asked for last"


@pytest.mark.parametrize(
    ("first", "second", "title"),
    [
        (uploads(2), [], ""),
        (uploads(2, folder="fest/"), [], "fest"),
        (uploads(2, folder="fest/"), uploads(1, first=9), ""),
        (uploads(1), uploads(2, first=9, folder="fest/"), ""),
    ],
)
def test_a_folder_has_a_title_of_its_own(
    session: GallerySession, first: list[Upload], second: list[Upload], title: str
) -> None:
    take(session, *first)
    if second:
        take(session, *second)
    assert session.title == title


def test_one_that_is_added_is_opened_and_what_is_removed_is_forgotten(
    session: GallerySession,
) -> None:
    take(session, *uploads(2))
    assert session.opened == set()
    session.toggle_adding()
    take(session, *uploads(1, first=2))
    assert not session.adding
    (number,) = session.opened
    session.toggle(session.all[0].number)
    assert session.opened == {number, session.all[0].number}
    session.faces[number] = 2
    session.show_alone(number)
    session.remove(number)
    assert (session.faces, session.opened, session.alone) == ({}, {session.all[0].number}, None)
    assert session.closed == number
    serial = session.serial
    session.clear()
    assert (session.opened, session.serial) == (set(), serial + 1)
    session.take_sample(Upload("sample.jpg", png()), [answerer()])
    assert session.is_sample
    take(session, *uploads(1))
    assert [photo.name for photo in session.photos] == ["0.png"]
    assert not session.is_sample


def test_files_that_the_browser_did_not_send_have_a_reason(session: GallerySession) -> None:
    session.refuse(
        [
            ("x/film.mp4", "x"),
            (".DS_Store", "x"),
            ("x/huge.jpg", "File must be 64MB."),
            ("x/a.zip", ""),
        ]
    )
    take(session, *uploads(1, folder="x/"))
    session.add_refused()
    assert session.title == "x"
    assert {one.name: one.error for one in session.photos if one.error} == {
        "film.mp4": "was left out: by its name, it is no photo in a format that is read.",
        "huge.jpg": "was not uploaded. File must be 64MB.",
        "a.zip": "is an archive. Unpack it, or upload it alone.",
    }


def test_while_another_model_answers_its_answers_are_shown_and_none_of_the_first(
    session: GallerySession,
) -> None:
    take(session, *uploads(3))
    held = HeldAnalyzer(SPEC)
    session.ask([answerer(held, "late")])
    assert held.began.wait(PATIENCE)
    assert session.views(FERPLUS_HEAD, "late", SPEC) == []
    assert len(session.views(FERPLUS_HEAD, MODEL, SPEC)) == 3
    session.cancel()
    held.go.set()
    unanswered = session.views(FERPLUS_HEAD, "late", SPEC)
    assert [view.photo.missing for view in unanswered] == [Missing.NOT_STARTED] * 3
    assert not any(len(view.faces) for view in unanswered)
