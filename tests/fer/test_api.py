"""What somebody who knows other packages guesses, on a real face with the shipped model."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

import fer
from fer.images import decode, read
from fer.text import chance
from fer.types import Image


@pytest.fixture(scope="module")
def faces(astronaut: Image) -> fer.Faces:
    return fer.analyze(astronaut)


def as_file(image: Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    PillowImage.fromarray(image).save(out, kind)
    return out.getvalue()


def test_a_face_says_what_one_asks_for(faces: fer.Faces) -> None:
    assert [face.expression for face in faces] == ["happy"]
    face = faces[0]
    assert isinstance(face, fer.Face)
    assert face.confidence == max(face.probabilities.values()) > 0.9
    left, top, right, bottom = face.box
    assert 150 < left < right < 300
    assert 50 < top < bottom < 250
    assert not face.uncertain
    assert face.person is None
    assert faces[-1] == face
    assert list(faces[:1]) == [face]
    assert faces == faces
    assert len({faces, faces}) == len({face, faces[0]}) == 1
    assert repr(faces) == f"<1 face: happy {chance(face.confidence)}>"
    with pytest.raises(IndexError, match="face 1 of a picture with 1 face"):
        faces[1]


def test_a_picture_without_faces() -> None:
    none = fer.analyze(np.zeros((64, 64, 3), np.uint8))
    assert (len(none), list(none), repr(none)) == (0, [], "<no faces>")
    assert none.to_dict()["faces"] == []
    assert none.to_pandas().empty
    assert none.annotated().shape == (64, 64, 3)


def test_every_form_of_picture_is_read(faces: fer.Faces, astronaut: Image, tmp_path: Path) -> None:
    file = tmp_path / "crew.png"
    file.write_bytes(as_file(astronaut))
    forms = [file, str(file), file.read_bytes(), PillowImage.fromarray(astronaut)]
    for form in forms:
        assert list(fer.analyze(form)) == list(faces), type(form)
    assert list(fer.analyze(astronaut[:, :, ::-1], colour="bgr")) == list(faces)
    assert fer.analyze(file).to_dict()["file"] == "crew.png"
    grey = np.asarray(PillowImage.fromarray(astronaut).convert("L"))
    assert [face.expression for face in fer.analyze(grey)] == ["happy"]
    assert list(fer.analyze(grey[..., None])) == list(fer.analyze(grey))


@pytest.mark.parametrize(
    ("picture", "error", "words"),
    [
        (None, TypeError, "the path of a photograph.*got NoneType"),
        (3, TypeError, "got int"),
        (np.zeros((0, 4, 3), np.uint8), TypeError, r"got \(0, 4, 3\) of uint8"),
        (np.zeros((64, 64, 3), np.float32), TypeError, "of uint8, 0 to 255; got .* of float32"),
        (np.zeros((64, 64, 4), np.uint8), TypeError, r"got \(64, 64, 4\)"),
        (np.zeros((2, 64, 64, 3), np.uint8), TypeError, r"got \(2, 64, 64, 3\)"),
        (b"", fer.ImageError, "is empty"),
        (b"no picture", fer.ImageError, "is not an image"),
        ("missing.jpg", fer.ImageError, "missing.jpg cannot be opened"),
        ("https://example.org/a.jpg", fer.ImageError, "is an address; download it"),
        (PillowImage.new("RGB", (8, 8)), fer.ImageError, "8 × 8 pixels, too small"),
    ],
)
def test_what_is_no_picture_is_told(picture: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        fer.analyze(picture)  # type: ignore[arg-type]


def test_wrong_settings_are_told(astronaut: Image, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='expected colour "rgb" or "bgr", got \'RGB\''):
        fer.analyze(astronaut, colour="RGB")  # type: ignore[arg-type]
    with pytest.raises(fer.ModelError, match="balanced, expression, ferplus"):
        fer.analyze(astronaut, head="mood")
    with pytest.raises(fer.ModelError):
        fer.analyze(astronaut, model=tmp_path)
    with pytest.raises(fer.ModelError, match="balanced, expression, ferplus"):
        fer.Stream(head="mood")


def test_results_as_tables(faces: fer.Faces) -> None:
    [voted] = fer.analyze(faces.image, head="ferplus")
    assert (voted.head, "contempt" in voted.probabilities) == ("ferplus", True)
    record = json.loads(json.dumps(faces.to_dict()))
    assert record["model"]["name"] == "compact"
    assert record["faces"][0]["expression"] == "happy"
    assert (record["width"], record["height"]) == (512, 512)
    table = faces.to_pandas()
    assert table["expression"].tolist() == ["happy"]
    assert table.loc[0, "happy"] == faces[0].confidence
    assert tuple(table.loc[0, ["left", "top", "right", "bottom"]]) == faces[0].box


def test_pictures_of_results(faces: fer.Faces, astronaut: Image, tmp_path: Path) -> None:
    shown = faces.annotated()
    assert shown.shape == astronaut.shape
    assert not np.array_equal(shown, astronaut)
    assert not np.array_equal(faces.annotated(bars=True), shown)
    bgr = fer.analyze(astronaut[:, :, ::-1], colour="bgr").annotated()
    assert np.array_equal(bgr[:, :, ::-1], shown)
    assert np.array_equal(decode(faces._repr_png_()), shown)
    for _ in range(2):  # the second replaces the first
        faces.save(tmp_path / "out.png")
    assert np.array_equal(read(tmp_path / "out.png"), shown)
    faces.save(str(tmp_path / "out.JPG"))
    assert (tmp_path / "out.JPG").read_bytes()[:3] == b"\xff\xd8\xff", "a JPEG"
    with pytest.raises(ValueError, match=r"expected a file such as out.jpg .* got 'out.txt'"):
        faces.save(tmp_path / "out.txt")
    assert {file.name for file in tmp_path.iterdir()} == {"out.png", "out.JPG"}


def test_a_stream_gives_people_numbers(astronaut: Image) -> None:
    stream = fer.Stream(colour="bgr")
    frame = np.ascontiguousarray(astronaut[:, :, ::-1])
    for seconds in (0.0, 0.1, 0.2):
        faces = stream(frame, seconds)
    assert [(face.person, face.expression) for face in faces] == [(1, "happy")]
    assert faces.arrays.seconds == 0.2
    assert len(stream(frame)) == 1, "the clock begins anew, and so does the stream"
