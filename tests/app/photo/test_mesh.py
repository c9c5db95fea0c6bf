"""The meshes of a photograph's faces: found once, and only those that the network is sure of."""

import cv2
import numpy as np
import pytest

from app.photo.mesh import MAX_MISFIT, MIN_PRESENCE, describe_meshes, missing_note
from app.photo.store import AnalysedPhoto, Photo, PhotoStore, png_of, with_mesh
from fer.labels import FERPLUS_HEAD
from fer.types import Image
from tests.app.samples import FakeAnalyzer, FakeLandmark, png

SURE, DOUBT = MIN_PRESENCE + 0.1, MIN_PRESENCE - 0.1


def decoded(data: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def test_nothing_is_found_or_drawn_before_somebody_asks(analysed: AnalysedPhoto) -> None:
    assert not analysed.mesh.shown
    assert not analysed.mesh.drawn


def test_meshes_are_found_once_for_all_heads_and_names() -> None:
    store, analyzer, network = PhotoStore(), FakeAnalyzer(), FakeLandmark()
    photo = Photo("a.png", png(faces=2))
    shown = []
    for head in (FERPLUS_HEAD, "expression", FERPLUS_HEAD):
        found = store.analysed(photo, analyzer, head)
        found.mesh.shown = True
        shown.append(with_mesh(found, network))
    copy = store.analysed(Photo("copy of a.png", photo.data), analyzer)
    assert with_mesh(copy, network).marked == shown[1].marked
    assert network.calls == 1
    assert shown[0].marked == shown[2].marked != shown[1].marked


def test_meshes_are_forgotten_with_their_photo() -> None:
    store, analyzer, network = PhotoStore(), FakeAnalyzer(), FakeLandmark()
    photo = Photo("a.png", png())
    first = store.analysed(photo, analyzer)
    first.mesh.shown = True
    with_mesh(first, network)
    store.keep_only([])
    again = store.analysed(photo, analyzer)
    assert not again.mesh.shown
    with_mesh(again, network)
    assert network.calls == 2


def test_pictures_show_the_meshes(analysed: AnalysedPhoto) -> None:
    analysed.mesh.shown = True
    shown = with_mesh(analysed, FakeLandmark())
    assert decoded(shown.marked).shape == decoded(analysed.marked).shape
    # Inside the second face's box, which nothing else is drawn into.
    part = np.s_[62:118, 112:188]
    assert (
        np.abs(decoded(shown.marked)[part].astype(int) - decoded(analysed.marked)[part]).max() > 99
    )
    for with_, without in zip(shown.portraits, analysed.portraits, strict=True):
        assert with_ != without
        assert decoded(with_).shape == decoded(without).shape


def test_a_face_in_doubt_has_no_mesh(analysed: AnalysedPhoto) -> None:
    analysed.mesh.shown = True
    shown = with_mesh(analysed, FakeLandmark(SURE, DOUBT))
    assert list(analysed.mesh.drawn) == [0]
    assert shown.portraits[0] != analysed.portraits[0]
    assert shown.portraits[1] == analysed.portraits[1]


@pytest.mark.parametrize(("away", "drawn"), [(MAX_MISFIT - 0.01, [0, 1]), (MAX_MISFIT + 0.01, [1])])
def test_a_mesh_that_lies_beside_its_face_is_not_drawn(
    analysed: AnalysedPhoto, away: float, drawn: list[int]
) -> None:
    analysed.mesh.shown = True
    with_mesh(analysed, FakeLandmark(away=away))
    assert list(analysed.mesh.drawn) == drawn


def test_the_downloaded_picture_has_the_meshes_while_they_are_shown(
    analysed: AnalysedPhoto,
) -> None:
    plain = png_of(analysed)
    analysed.mesh.shown = True
    with_mesh(analysed, FakeLandmark())
    assert png_of(analysed) != plain
    analysed.mesh.shown = False
    assert png_of(analysed) == plain


@pytest.mark.parametrize(
    ("drawn", "faces", "said", "note"),
    [
        (0, 1, "", "No mesh: "),
        (1, 1, "The face mesh is drawn on it.", ""),
        (0, 3, "", "No mesh on 3 of 3 faces: "),
        (2, 3, "The face mesh is drawn on 2 of them.", "No mesh on 1 of 3 faces: "),
        (3, 3, "The face mesh is drawn on each.", ""),
    ],
)
def test_it_is_said_where_meshes_are_and_where_not(
    drawn: int, faces: int, said: str, note: str
) -> None:
    meshes = {face: np.zeros((468, 2), np.float32) for face in range(drawn)}
    assert describe_meshes(meshes, faces) == said
    assert missing_note(meshes, faces).startswith(note)
    assert bool(missing_note(meshes, faces)) == bool(note)
