"""One visitor's faces: taken, read, labelled by folders and tables, and never a label lost."""

from dataclasses import replace

import numpy as np
import pytest

from app.core.budget import MB, Budget
from app.core.jobs import Jobs
from app.core.photo import Missing, Photo, Upload
from app.core.uploads import UploadLimits
from app.own_data.own_set import Label, OwnFace, OwnSet
from app.own_data.session import CROP_SCALE, PICTURE_SIDE, OwnSession
from fer.analyzer import FaceAnalyzer
from fer.drawing.pictures import encoded
from fer.images import decode as decode_image
from fer.labelled.table import LabelRow, write_table
from fer.labels import EXPRESSION_HEAD
from fer.types import Detections, Faces, Image
from tests.app.own_data.samples import SPEC, answerer, archive, entry, faces_in, read_photo, small
from tests.app.samples import PATIENCE, FakeAnalyzer, png, uploads
from tests.samples import SHIPPED_MODEL

SAD = Label("sad")


@pytest.fixture
def session(jobs: Jobs) -> OwnSession:
    return OwnSession(jobs, Budget(100 * MB, free=lambda: None), UploadLimits(50, MB))


def take(session: OwnSession, *uploads: Upload) -> OwnSet:
    assert session.take(uploads, [answerer()])
    return done(session)


def done(session: OwnSession) -> OwnSet:
    assert session.job
    assert session.job.wait(PATIENCE)
    assert session.own
    return session.own


def reasons(session: OwnSession) -> dict[str, str]:
    return {one.name: one.error for one in session.unread}


def happy(face: OwnFace, name: str = "fake") -> float:
    answered = face.answered(entry(name).key, EXPRESSION_HEAD)
    assert answered
    return round(float(answered.probabilities[0][0]), 4)


def test_the_same_picture_counts_once_and_another_label_is_told(session: OwnSession) -> None:
    files = {"happy/a.png": small(), "happy/b.png": small(), "sad/c.png": small()}
    assert len(take(session, archive(files)).faces) == 1
    told = reasons(session)
    assert told["happy/b.png"] == "is the same picture as happy/a.png, which counts already."
    assert told["sad/c.png"].endswith("which counts already, with the label happy.")
    assert session.facts == "1 photo · 1 face · 2 files here already"
    assert [one.missing for one in session.unread] == [Missing.REPEATED] * 2


class GrowingAnalyzer(FakeAnalyzer):
    """Sees every face larger than the one on its left."""

    def all_heads(self, image: Image, detections: Detections | None = None) -> dict[str, Faces]:
        answers = super().all_heads(image, detections)
        more = np.arange(len(answers[EXPRESSION_HEAD]), dtype=np.float32)[:, None] * [0, 0, 0, 9]
        return {head: replace(f, xyxy=f.xyxy + np.float32(more)) for head, f in answers.items()}


def test_of_a_class_folder_the_largest_face_counts_and_none_is_a_miss(session: OwnSession) -> None:
    upload = archive({"happy/a.png": png(0), "sad/b.png": png(3)})
    session.take([upload], [answerer(analyzer=GrowingAnalyzer(SPEC))])
    own = done(session)
    assert session.by_folder
    assert session.step == 2, "there is something to see"
    assert [(one.name, one.truth, one.found) for one in own.answers({})] == [
        ("sad/b.png", "sad", True), ("happy/a.png", "happy", False),
    ]  # fmt: skip
    assert [(face.box[0], len(face.photo.crops)) for _, face in own.faces] == [(105.0, 1)]
    assert session.facts == "2 photos · 1 face · 1 photo without a face"


def test_folders_can_be_forgotten(session: OwnSession) -> None:
    table = write_table([LabelRow("happy_a.png", "sad", (5, 20, 45, 60))])
    labels = Upload("labels.csv", table.encode())
    take(session, archive({"happy/a.png": png(2), "sad/b.png": png(1)}), labels)
    session.label_by_hand()
    own = done(session)
    assert (len(own.faces), own.labels, session.by_folder) == (3, {0: SAD}, False)
    assert reasons(session) == {}


def test_labels_go_on_with_the_same_photos(session: OwnSession) -> None:
    table = write_table([LabelRow("1.png", "sad", (5, 20, 45, 60)), LabelRow("9.png", "sad")])
    assert session.take([Upload("labels.csv", table.encode())], [answerer()])
    assert (session.job, session.notices) == (None, [])
    own = take(session, *uploads(3))
    assert own.labels == {1: SAD}
    assert [row.photo for row in own.waiting] == ["9.png"]
    again = write_table([LabelRow("0.png", "happy", (5, 20, 45, 60))])
    assert session.take([Upload("labels.csv", again.encode())], [answerer()])
    assert own.labels == {0: Label("happy"), 1: SAD}
    take(session, Upload("9.png", png(0)))
    assert [one.truth for one in own.answers({}) if not one.found] == ["sad"]


@pytest.mark.parametrize(
    ("uploaded", "expected"), [(0, 2 * 8192), (4096, 2 * 12_288), (2**20, 2 * 65_536)]
)
def test_faces_take_so_many_bytes(session: OwnSession, uploaded: int, expected: int) -> None:
    assert session.bytes_of([], uploaded) == 0
    both = [Photo("a.png"), Photo("b.png"), Photo("c.png", "is damaged.")]
    assert session.bytes_of(both, uploaded) == expected


def test_ten_thousand_faces_are_read_and_labelled(jobs: Jobs) -> None:
    session = OwnSession(jobs, Budget(1000 * MB, free=lambda: None), UploadLimits(10_000, 300 * MB))
    files = {f"happy/{n}.png": small(n % 100, n // 100, side=16) for n in range(10_001)}
    own = take(session, archive(files))
    assert len(own.faces) == 10_000
    assert session.size < 20 * MB
    assert own.counts == {"happy": 10_000}
    assert list(reasons(session).values()) == [
        "was not read: this server reads 10,000 photos of a visitor."
    ]
    own.label(9_999, SAD)
    own.undo()
    assert len(own.answers({})) == 10_000


def test_another_model_answers_about_the_faces_that_are_here(session: OwnSession) -> None:
    own = take(session, *uploads(2), Upload("cut.png", small(side=96)))
    own.label(0, SAD)
    crops, late = [photo.crops for photo in session.photos], FakeAnalyzer(SPEC)
    session.ask([answerer("late", late)])
    done(session)
    assert own.models == {entry().key, entry("late").key}
    assert own.labels == {0: SAD}
    assert [happy(face, "late") for _, face in own.faces] == [0.9] * 3
    assert [photo.crops for photo in session.photos] == crops
    assert late.searches == 0


def test_files_that_the_browser_did_not_send_are_told(session: OwnSession) -> None:
    session.refuse([(".DS_Store", ""), *((f"{n}.mov", "Not allowed.") for n in range(5))])
    assert session.notices[0] == "0.mov was not uploaded. Not allowed."
    assert session.notices[-1] == "2 more files were not uploaded."


def test_every_face_has_its_answer_its_place_and_its_pictures() -> None:
    photo = read_photo("two.png", png(2, 80))
    assert [(face.name, face.box[0], happy(face)) for face in faces_in(photo)] == [
        ("two.png, face 1", 5.0, 0.8), ("two.png, face 2", 55.0, 0.8),
    ]  # fmt: skip
    crop = photo.crops[0]
    assert decode_image(crop.aligned).shape == (CROP_SCALE * SPEC.input_size,) * 2 + (3,)
    assert max(decode_image(crop.picture).shape) <= PICTURE_SIDE
    left, top, width, height = crop.frame
    assert 0 <= left < left + width <= 1
    assert 0 <= top < top + height <= 1
    assert photo.size == sum(len(one.picture) + len(one.aligned) for one in photo.crops)
    assert read_photo("wall.png", png(0)).size == 0


@pytest.mark.parametrize(("side", "cut_out"), [(48, False), (112, False), (144, True)])
def test_a_cut_out_face_is_answered_as_it_is(side: int, cut_out: bool) -> None:
    analyzer, data = FakeAnalyzer(SPEC), small(70, side=side)
    photo = read_photo("a.png", data, [answerer(analyzer=analyzer)], cut_out=cut_out)
    (face,) = faces_in(photo)
    assert photo.cut_out
    assert (happy(face), face.box, face.crop.frame) == (0.7, (0, 0, side, side), ())
    assert (decode_image(face.crop.aligned) == decode_image(data)).all()
    assert analyzer.searches == 0
    assert photo.size == len(face.crop.aligned)


def test_the_real_model_reads_a_face_and_its_crop_alike(astronaut: Image) -> None:
    analyzer = FaceAnalyzer.for_photos(SHIPPED_MODEL)
    models = [answerer("compact", analyzer)]  # type: ignore[arg-type]

    def read(data: bytes, cut_out: bool = False) -> Photo:
        return read_photo("a.png", data, models, cut_out=cut_out)

    photo = read(encoded(astronaut, ".png"))
    again = read(photo.crops[0].aligned, cut_out=True)
    ((_, heads),) = photo.answers.items()
    assert set(heads) == set(analyzer.spec.head_names)
    for head, faces in heads.items():
        (other,) = again.answers[models[0].key][head].probabilities
        assert faces.probabilities[0].argmax() == other.argmax()
        assert np.abs(faces.probabilities[0] - other).max() < 0.1
