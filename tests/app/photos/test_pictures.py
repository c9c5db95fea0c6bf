"""The meshes of a photograph's faces: found once, and only those that the network is sure of."""

import cv2
import numpy as np
import pytest

from app.photos.album import Album, new_photo
from app.photos.pictures import (
    MAX_MISFIT,
    MIN_PRESENCE,
    Drawn,
    PhotoView,
    describe_meshes,
    missing_note,
)
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.types import Image
from tests.app.samples import FakeAnalyzer, FakeLandmark, png

SURE, DOUBT = MIN_PRESENCE + 0.1, MIN_PRESENCE - 0.1


def decoded(data: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def with_mesh(view: PhotoView, network: FakeLandmark) -> Drawn:
    """Return the pictures once a visitor wants to see the meshes."""
    view.drawings.mesh = True
    view.drawings.find_meshes(view.photo, view.faces, network)
    return view.drawn


def test_nothing_is_found_or_drawn_before_somebody_asks(two_faces: PhotoView) -> None:
    assert not two_faces.drawings.mesh
    assert not two_faces.drawings.meshes


def test_meshes_are_found_once_for_all_heads_names_and_models() -> None:
    album, analyzer, network = Album(), FakeAnalyzer(), FakeLandmark()
    photo = new_photo("a.png", png(faces=2))
    album.add([photo, new_photo("copy of a.png", photo.data)])
    shown = [
        with_mesh(album.view(photo, analyzer, head), network)
        for head in (FERPLUS_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD)
    ]
    copy = album.view(album.photos[1], analyzer, EXPRESSION_HEAD)
    assert with_mesh(copy, network).marked == shown[1].marked
    assert shown[0].marked == shown[2].marked != shown[1].marked
    again = album.view(photo, analyzer, EXPRESSION_HEAD, "another model")
    assert again.drawings.mesh
    assert again.drawn.marked == shown[1].marked
    assert network.calls == 1


def test_meshes_are_forgotten_with_their_photo() -> None:
    album, analyzer, network = Album(), FakeAnalyzer(), FakeLandmark()
    photo = new_photo("a.png", png())
    for _ in range(2):
        album.add([photo])
        view = album.view(photo, analyzer, EXPRESSION_HEAD)
        assert not view.drawings.mesh
        with_mesh(view, network)
        album.clear()
    assert network.calls == 2


def test_pictures_show_the_meshes(two_faces: PhotoView) -> None:
    plain = two_faces.drawn
    shown = with_mesh(two_faces, FakeLandmark())
    assert decoded(shown.marked).shape == decoded(plain.marked).shape
    # Inside the second face's box, which nothing else is drawn into.
    part = np.s_[62:118, 112:188]
    assert np.abs(decoded(shown.marked)[part].astype(int) - decoded(plain.marked)[part]).max() > 99
    for with_, without in zip(shown.portraits, plain.portraits, strict=True):
        assert with_ != without
        assert decoded(with_).shape == decoded(without).shape


def test_a_face_in_doubt_has_no_mesh(two_faces: PhotoView) -> None:
    plain, shown = two_faces.drawn, with_mesh(two_faces, FakeLandmark(SURE, DOUBT))
    assert list(two_faces.drawings.meshes) == [0]
    assert shown.portraits[0] != plain.portraits[0]
    assert shown.portraits[1] == plain.portraits[1]


@pytest.mark.parametrize(("away", "drawn"), [(MAX_MISFIT - 0.01, [0, 1]), (MAX_MISFIT + 0.01, [1])])
def test_a_mesh_that_lies_beside_its_face_is_not_drawn(
    two_faces: PhotoView, away: float, drawn: list[int]
) -> None:
    with_mesh(two_faces, FakeLandmark(away=away))
    assert list(two_faces.drawings.meshes) == drawn


def test_the_downloaded_picture_has_the_meshes_while_they_are_shown(two_faces: PhotoView) -> None:
    plain = two_faces.png()
    with_mesh(two_faces, FakeLandmark())
    assert two_faces.png() != plain
    two_faces.drawings.mesh = False
    assert two_faces.png() == plain


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
