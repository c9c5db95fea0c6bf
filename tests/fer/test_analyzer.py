"""The walk of a photograph, and what somebody who knows other packages guesses."""

from __future__ import annotations

import io
import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas
import pytest
from PIL import Image as PillowImage

import fer
from fer.analyzer import FaceAnalyzer, Stopwatch
from fer.errors import ModelError
from fer.export.table import PhotoResult, photo_record
from fer.images import decode, read
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.text import chance
from fer.types import Image
from tests.fer.samples import VOTES, heat_in_photo
from tests.samples import SHIPPED_MODEL, FakeClassifier, fake_detector, make_detections


def test_each_face_is_classified_by_its_own_pixels_from_left_to_right(spec: ModelSpec) -> None:
    image = np.zeros((100, 300, 3), np.uint8)
    image[:, 100:200], image[:, 200:] = 128, 255
    found = make_detections((230, 30, 270, 70), (30, 30, 70, 70), (130, 30, 170, 70))
    classifier = FakeClassifier(3)
    analyzer = FaceAnalyzer(fake_detector(found), classifier, spec)
    faces = analyzer(image)
    assert faces.expressions == ["happy", "sad", "neutral"]
    assert faces.xyxy[:, 0].tolist() == [30, 130, 230]
    assert classifier.seen[0].shape == (3, 48, 48, 1)
    for look in (analyzer, analyzer.all_heads, analyzer.cut_out):
        with pytest.raises(ValueError, match="expected an RGB image"):
            look(image[..., 0])


@pytest.fixture
def two_heads(spec: ModelSpec) -> ModelSpec:
    """A model with two heads, of which the second is hard to convince."""
    first = spec.heads[0].model_copy(update={"activation_map": "activation_map_expression"})
    return spec.model_copy(update={"heads": (first, VOTES)})


class TwoHeads(FakeClassifier):
    """Half sure in the second head; finds the first label in the top left, and only there."""

    def __call__(self, crops: np.ndarray, head: str = EXPRESSION_HEAD) -> np.ndarray:
        if head == EXPRESSION_HEAD:
            return super().__call__(crops)
        return np.full((len(crops), 2), 0.5, np.float32)

    def activation_maps(self, crops: np.ndarray, head: str = EXPRESSION_HEAD) -> np.ndarray:
        maps = np.zeros((len(crops), 2, 2, self.labels), np.float32)
        maps[:, 0, 0, 0] = 1
        return maps


#: Sharp, bright and large enough: drawn noise.
NOISE = np.random.default_rng(0).integers(0, 256, (100, 300, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("boxes", "answers"),
    [
        ([], []),
        ([(10, 10, 80, 80)], ["happy"]),
        ([(200, 40, 212, 52), (10, 10, 80, 80)], ["happy", "uncertain"]),
    ],
)
def test_labels_and_thresholds_are_those_of_the_head_that_answers(
    two_heads: ModelSpec, boxes: list, answers: list[str]
) -> None:
    analyzer = FaceAnalyzer(fake_detector(make_detections(*boxes)), TwoHeads(3), two_heads)
    plain, voted = analyzer(NOISE), analyzer(NOISE, head=FERPLUS_HEAD)
    assert (plain.labels, plain.thresholds) == (two_heads.labels, ((0, 0, 0), (0, 0, 0)))
    assert voted.labels == ("happy", "contempt")
    assert voted.thresholds == ((0.4, 0.4), (0.9, 0.9))
    assert (plain.head, voted.head) == (EXPRESSION_HEAD, FERPLUS_HEAD)
    assert voted.answers == answers
    with pytest.raises(ModelError, match="no head 'age'"):
        analyzer(NOISE, head="age")


def test_class_activation_is_of_the_face_that_is_asked_for(two_heads: ModelSpec) -> None:
    found = make_detections((10, 10, 80, 80), (200, 10, 250, 60))
    analyzer = FaceAnalyzer(fake_detector(found), TwoHeads(3), two_heads)
    assert two_heads.has_activation_map(EXPRESSION_HEAD)
    assert not two_heads.has_activation_map(FERPLUS_HEAD)
    made = analyzer.class_activation(NOISE, analyzer(NOISE), 1)
    heat = heat_in_photo(made, "happy", (300, 100))
    assert not heat[:, :190].any()
    assert heat[10:35, 200:225].mean() > 0.3 > abs(heat[40:60, 230:250].mean())


def test_all_heads_answer_from_one_pass_as_each_does_alone() -> None:
    analyzer = FaceAnalyzer.for_photos(SHIPPED_MODEL)
    image = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    found = make_detections((100, 100, 180, 180), (30, 30, 90, 90))
    answers = analyzer.all_heads(image, found)
    assert answers.keys() == set(analyzer.spec.head_names)
    for head, faces in answers.items():
        alone = analyzer(image, head=head, detections=found)
        assert np.allclose(faces.probabilities, alone.probabilities)
        assert faces.xyxy[:, 0].tolist() == [30, 100], "left to right"
        assert faces.answers == alone.answers
        assert faces.quality == alone.quality
    assert not len(analyzer.all_heads(np.zeros((64, 64, 3), np.uint8))["expression"])


def test_a_cut_out_face_is_all_of_its_picture() -> None:
    analyzer = FaceAnalyzer.for_photos(SHIPPED_MODEL)
    image = np.random.default_rng(0).integers(0, 255, (100, 90, 3), np.uint8)
    answers = analyzer.cut_out(image)
    assert answers.keys() == set(analyzer.spec.head_names)
    for head, face in answers.items():
        assert face.labels == analyzer.spec.head(head).labels
        assert face.probabilities.sum() == pytest.approx(1)
        assert face.xyxy.tolist() == [[0, 0, 90, 100]]
        assert face.quality == [()]


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


def test_tables_of_pictures_with_and_without_faces_fit_together(faces: fer.Faces) -> None:
    none = fer.analyze(np.zeros((64, 64, 3), np.uint8))
    types = none.to_pandas().dtypes
    assert types.equals(faces.to_pandas().dtypes)
    assert {"float64", "bool", "Int64"} < {str(kind) for kind in types}
    table = pandas.concat([faces.to_pandas(), none.to_pandas()], ignore_index=True)
    assert table.dtypes.equals(types)
    assert table[~table["uncertain"]]["expression"].tolist() == ["happy"]


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
        (b"", fer.ImageError, "is empty"),
        ("missing.jpg", fer.ImageError, "missing.jpg cannot be opened"),
        ("https://example.org/a.jpg", fer.ImageError, "is an address; only files are read"),
        ("rtsp://camera/1", fer.ImageError, "^rtsp://camera/1 is an address; only files are read"),
        ("data:image/png;base64," + "A" * 50_000, fer.ImageError, "^data:.{80,200}$"),
        (Path("x" * 300), fer.ImageError, r"^x{60}… is too long for a path \(300 characters\)\.$"),
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
    with pytest.raises(fer.ModelError, match=r"nowhere/spec\.json is missing"):
        fer.analyze(astronaut, model="nowhere")
    with pytest.raises(fer.ModelError, match="balanced, expression, ferplus"):
        fer.Stream(head="mood")


def test_results_as_tables(faces: fer.Faces) -> None:
    [voted] = fer.analyze(faces.image, head="ferplus")
    assert (voted.head, "contempt" in voted.probabilities) == ("ferplus", True)
    record = json.loads(json.dumps(faces.to_dict()))
    assert record["model"]["name"] == "compact"
    assert record["faces"][0]["expression"] == "happy"
    assert (record["width"], record["height"]) == (512, 512)
    assert (record["file"], record["seconds"]) == ("", None)
    table = faces.to_pandas()
    assert table["expression"].tolist() == ["happy"]
    assert table.loc[0, "happy"] == faces[0].confidence
    assert tuple(table.loc[0, ["left", "top", "right", "bottom"]]) == faces[0].box
    assert table["seconds"].isna().all()
    assert table["person"].isna().all()


def test_a_face_is_a_json_record(faces: fer.Faces) -> None:
    face = faces[0]
    record = face.to_dict()
    assert json.loads(json.dumps(record)) == record
    assert record.keys() == vars(face).keys()
    assert (record["box"], record["quality"]) == ([*face.box], [*face.quality])
    assert record["probabilities"] is not face.probabilities
    assert faces.to_dict()["faces"] == [{"face": 1, **record}]
    printed = photo_record(PhotoResult("", 512, 512, faces.arrays))
    assert faces.to_dict().items() >= {k: v for k, v in printed.items() if k != "faces"}.items()
    assert faces.to_dict()["faces"][0].items() >= printed["faces"][0].items()


def test_an_uncertain_face_says_why(faces: fer.Faces) -> None:
    assert faces[0].reason == ""
    unsure = replace(faces, arrays=replace(faces.arrays, thresholds=(1.0, 1.0)))
    assert unsure[0].answer == "uncertain"
    assert unsure[0].reason == "this model is never sure enough of happy"
    assert unsure.to_dict()["faces"][0]["reason"] == unsure[0].reason
    assert unsure.to_pandas()["reason"].tolist() == [unsure[0].reason]


def test_the_table_of_a_photograph_names_its_file(astronaut: Image, tmp_path: Path) -> None:
    file = tmp_path / "crew.png"
    file.write_bytes(as_file(astronaut))
    assert fer.analyze(file).to_pandas()["file"].tolist() == ["crew.png"]


def test_without_its_picture_a_result_is_small_and_says_so(
    astronaut: Image, faces: fer.Faces, tmp_path: Path
) -> None:
    small = fer.analyze(astronaut, keep_image=False)
    assert small.image is None
    assert list(small) == list(faces)
    assert small.to_dict() == faces.to_dict()
    assert len(pickle.dumps(small)) < 10_000 < astronaut.nbytes < len(pickle.dumps(faces))
    for use in (small.annotated, lambda: small.save(tmp_path / "out.png")):
        with pytest.raises(ValueError, match="keep_image=False"):
            use()
    assert list(tmp_path.iterdir()) == []
    assert small._repr_png_() is None, "so a notebook shows its words"
    stream = fer.Stream(keep_image=False)
    assert stream(astronaut, 0).image is None


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
    record = faces.to_dict()
    assert record["seconds"] == 0.2
    assert [face["person"] for face in record["faces"]] == [1]
    table = faces.to_pandas()
    assert table["seconds"].tolist() == [0.2]
    assert table["person"].tolist() == [1]
    assert len(stream(frame)) == 1, "the clock begins anew, and so does the stream"


def test_a_stopwatch_adds_up_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((1.0, 1.25, 7.0, 7.5))
    monkeypatch.setattr("fer.analyzer.time.perf_counter", lambda: next(clock))
    watch = Stopwatch()
    for _ in range(2):
        with watch.stage("detect"):
            pass
    assert watch.milliseconds == {"detect": 750.0}
