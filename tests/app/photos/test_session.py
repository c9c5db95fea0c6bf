"""The photographs of the Photos page, and what shows them."""

import io
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from app.core.budget import MB, Budget
from app.core.jobs import Jobs, State
from app.core.layout import CARD_WIDTH, CONTENT_WIDTH
from app.core.photo import Missing, Upload
from app.core.pictures import fitted
from app.core.priority import PHOTOGRAPHS
from app.core.uploads import UploadLimits
from app.photos.activation_image import ACTIVATION_SIDE, AGAINST, FOR, activation_legend
from app.photos.photo_view import GAP, layout
from app.photos.pictures import (
    MAX_CARDS,
    MAX_MISFIT,
    MIN_PRESENCE,
    Drawn,
    PhotoView,
    describe_meshes,
    missing_note,
)
from app.photos.session import COPY_SIDE, FEW, THUMBNAIL_SIDE, GallerySession
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.types import Detections, Faces, Image
from tests.app.photos.samples import MODEL, SPEC, answerer, view_of, views
from tests.app.samples import (
    LABELS,
    PATIENCE,
    FakeAnalyzer,
    FakeLandmark,
    HeldAnalyzer,
    png,
    uploads,
)


@pytest.fixture
def quick() -> Jobs:
    return Jobs(4, niceness=0)


@pytest.fixture
def session(jobs: Jobs, quick: Jobs) -> GallerySession:
    session = GallerySession(jobs, quick, Budget(99 * MB, free=lambda: None), UploadLimits(50, MB))
    session.head = EXPRESSION_HEAD
    return session


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


def test_few_are_drawn_and_of_many_copies_are_kept(session: GallerySession) -> None:
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


def test_drawn_pictures_count_as_held(jobs: Jobs) -> None:
    budget = Budget(10**6, lambda: None)
    session = GallerySession(jobs, jobs, budget, UploadLimits(10, 10**6))
    session.take(uploads(1), [answerer()])
    assert session.job
    assert session.job.wait(PATIENCE)
    before = session.held_bytes
    assert before == session.uploaded + session.size
    view = session.view(session.photos[0], EXPRESSION_HEAD, MODEL, SPEC)
    drawn = view.drawn
    pictures = (drawn.marked, *drawn.portraits, *drawn.tiles)
    assert session.held_bytes == before + sum(len(picture) for picture in pictures)
    assert len(view.drawn.marked), "asked for once more, as by the next run of the page"
    assert budget.left == 10**6 - session.held_bytes
    session.clear()
    assert session.held_bytes == 0


def test_a_folder_has_a_title_of_its_own(session: GallerySession) -> None:
    fest = uploads(2, folder="fest/")
    for steps, title in (
        ([uploads(2)], ""),
        ([fest], "fest"),
        ([fest, uploads(1, first=9)], ""),
        ([uploads(1), uploads(2, first=9, folder="fest/")], ""),
    ):
        session.clear()
        for files in steps:
            take(session, *files)
        assert session.title == title


def test_one_that_is_added_is_opened(session: GallerySession) -> None:
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


def test_another_models_answers_are_its_own(session: GallerySession) -> None:
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


SIZES = {"4:3": (1600, 1200), "16:9": (1920, 1080), "9:16": (1080, 1920)}
SURE, DOUBT = MIN_PRESENCE + 0.1, MIN_PRESENCE - 0.1


def decoded(data: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def with_mesh(view: PhotoView, network: FakeLandmark) -> Drawn:
    """Return the pictures once a visitor wants to see the meshes."""
    view.drawings.mesh = True
    view.drawings.find_meshes(view.photo, view.faces, network)
    return view.drawn


@pytest.mark.parametrize(
    ("ratio", "faces", "columns"),
    [
        ("4:3", 0, 1), ("4:3", 2, 1), ("4:3", 3, 0), ("16:9", 6, 0), ("9:16", 3, 2),
        ("9:16", 4, 2), ("9:16", 5, 0),
    ],
)  # fmt: skip
def test_few_cards_stand_beside_the_picture(ratio: str, faces: int, columns: int) -> None:
    assert layout(SIZES[ratio], faces, CONTENT_WIDTH)[1] == columns


def test_a_picture_is_within_both_limits() -> None:
    sizes = (100, 100), (200, 100), (10, 4000), (1, 1)
    assert [fitted(size, 80, 50) for size in sizes] == [50, 80, 1, 50]


@given(st.integers(16, 8000), st.integers(16, 8000), st.integers(0, 100))
def test_picture_and_cards_fit_beside_each_other(width: int, height: int, faces: int) -> None:
    picture, columns = layout((width, height), faces, CONTENT_WIDTH)
    assert 1 <= picture <= CONTENT_WIDTH - columns * (CARD_WIDTH + GAP)


@pytest.mark.parametrize("faces", [0, 1, MAX_CARDS, MAX_CARDS + 1])
def test_every_face_has_a_portrait_and_many_have_tiles(faces: int) -> None:
    view = view_of("a.png", png(faces))
    drawn = view.drawn
    assert decoded(view.png()).shape == (200, 320, 3), "its full size"
    assert (len(drawn.portraits), len(drawn.tiles)) == (faces, faces if faces > MAX_CARDS else 0)


def test_pictures_are_drawn_once_for_each_head_and_anew_for_another_model() -> None:
    view, other = (view_of("a.png", png(2), head) for head in (EXPRESSION_HEAD, FERPLUS_HEAD))
    assert view.drawn is view.drawn
    assert view.drawn.marked != other.drawn.marked
    drawings = view.drawings
    first = drawings.of(view.photo, EXPRESSION_HEAD, MODEL)
    answers = {"late": view.photo.answers[MODEL]}
    object.__setattr__(view.photo, "answers", {**view.photo.answers, **answers})
    assert drawings.of(view.photo, EXPRESSION_HEAD, "late") is not first


def test_meshes_are_found_once_when_somebody_asks_and_shown_while_they_are_wanted() -> None:
    view, network = view_of("two.png", png(2)), FakeLandmark()
    plain, png_before = view.drawn, view.png()
    assert not view.drawings.meshes
    shown = with_mesh(view, network)
    # Inside the second face's box, which nothing else is drawn into.
    part = np.s_[62:118, 112:188]
    assert np.abs(decoded(shown.marked)[part].astype(int) - decoded(plain.marked)[part]).max() > 99
    for with_, without in zip(shown.portraits, plain.portraits, strict=True):
        assert with_ != without
        assert decoded(with_).shape == decoded(without).shape
    assert view.png() != png_before
    assert not np.array_equal(decoded(view.jpeg()), decoded(view_of("b", png(2)).jpeg()))
    view.drawings.mesh = False
    assert view.drawn.marked == plain.marked
    assert view.png() == png_before
    with_mesh(view, network)
    assert network.calls == 1


@pytest.mark.parametrize(
    ("network", "drawn"),
    [
        (FakeLandmark(SURE, DOUBT), [0]),
        (FakeLandmark(away=MAX_MISFIT - 0.01), [0, 1]),
        (FakeLandmark(away=MAX_MISFIT + 0.01), [1]),
    ],
)
def test_a_mesh_in_doubt_is_not_drawn(network: FakeLandmark, drawn: list[int]) -> None:
    view = view_of("two.png", png(2))
    plain, shown = view.drawn, with_mesh(view, network)
    assert list(view.drawings.meshes) == drawn
    changed = [face for face in (0, 1) if shown.portraits[face] != plain.portraits[face]]
    assert changed == drawn


@pytest.mark.parametrize(
    ("drawn", "faces", "said", "note"),
    [
        (0, 1, "", "No mesh: "),
        (1, 1, "The face mesh is drawn on it.", ""),
        (2, 3, "The face mesh is drawn on 2 of them.", "No mesh on 1 of 3 faces: "),
        (3, 3, "The face mesh is drawn on each.", ""),
    ],
)
def test_it_is_said_where_meshes_are(drawn: int, faces: int, said: str, note: str) -> None:
    meshes = {face: np.zeros((468, 2), np.float32) for face in range(drawn)}
    assert describe_meshes(meshes, faces) == said
    assert missing_note(meshes, faces).startswith(note)
    assert bool(missing_note(meshes, faces)) == bool(note)


def test_a_map_is_drawn_from_the_file_in_two_colours(two_heads: ModelSpec) -> None:
    view, analyzer = view_of("two.png", png(2)), FakeAnalyzer(two_heads)
    happy, sad, neutral = (decoded(view.activation_png(1, name, analyzer)) for name in LABELS)
    assert happy.shape == (ACTIVATION_SIDE, ACTIVATION_SIDE, 3)
    row, column = int(2.5 / 6 * ACTIVATION_SIDE), int(3.5 / 6 * ACTIVATION_SIDE)
    orange, blue = happy[row, column].astype(int), sad[row, column].astype(int)
    assert orange[2] > orange[0] + 50
    assert blue[0] > blue[2] + 50
    assert (neutral == neutral[..., :1]).all(), "without evidence, it stays grey"
    assert (happy > 240).all(axis=2).any(), "what is strong has an outline"
    drawing = ElementTree.fromstring(activation_legend("#24232A"))
    stops = [e.get("stop-color") for e in drawing.iter() if e.tag.endswith("stop")]
    assert {AGAINST, FOR} == set(stops)
    lines = [e.get("stroke-dasharray") for e in drawing.iter() if e.tag.endswith("path")]
    assert lines == [None, None, "6 4", "6 4"]
