"""``python -m training evaluate``: foreign sets of faces, and real photographs."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from fer.detection.version import photo_detector
from fer.evaluation.other_data import OtherDataFile
from fer.evaluation.report import Report
from fer.model.spec import ModelSpec
from fer.types import Image
from tests.samples import SHIPPED_MODEL
from tests.training.samples import pixels, random_faces, save_image, write_csv
from training.__main__ import main
from training.data.layouts import sha256_of


@pytest.fixture
def photos(tmp_path: Path, astronaut: Image) -> Path:
    """A smiling face, a wall, a class that the model does not know, and a broken file."""
    folder = tmp_path / "photos"
    save_image(folder / "Smiling" / "astronaut.png", astronaut)
    save_image(folder / "Smiling" / "wall.png", np.full((90, 120, 3), 140, np.uint8))
    save_image(folder / "bored" / "wall.png", np.full((90, 120, 3), 140, np.uint8))
    (folder / "Smiling" / "text.jpg").write_text("no image")
    return folder


def evaluate(data: Path, *options: str) -> int:
    return main(["evaluate", str(SHIPPED_MODEL), "--photos", "--data", str(data), *options])


def test_photographs_in_class_folders_are_measured(
    photos: Path, capsys: pytest.CaptureFixture
) -> None:
    assert evaluate(photos) == 0
    told = capsys.readouterr()
    assert photo_detector() in told.out
    assert "accuracy of all    50.00%" in told.out
    assert "accuracy of found  100.00%" in told.out
    assert "left out: 1 of bored" in told.out
    assert "not read: Smiling/text.jpg: is not an image" in told.out
    assert "3 of 3 images, 100 %" in told.err


def test_every_figure_is_printed_as_json(photos: Path, capsys: pytest.CaptureFixture) -> None:
    assert evaluate(photos, "--json", "--threads", "1") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["images"], record["found"], record["accuracy"]) == (2, 1, 0.5)
    assert record["detector"] == photo_detector()
    assert record["labelled"]["as_answered"]["accuracy"] == 1


def test_a_cut_out_face_is_found_after_it_got_surroundings(
    tmp_path: Path, astronaut: Image, capsys: pytest.CaptureFixture
) -> None:
    face = PillowImage.fromarray(astronaut[60:190, 160:290]).convert("L").resize((48, 48))
    save_image(tmp_path / "happy" / "a.png", np.asarray(face))
    assert evaluate(tmp_path, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["found"], record["cut_out"]) == (1, 1)
    assert record["labelled"]["as_answered"]["accuracy"] == record["direct"]["accuracy"] == 1


def test_a_limit_is_kept(photos: Path, capsys: pytest.CaptureFixture) -> None:
    assert evaluate(photos, "--json", "--limit", "1") == 0
    assert json.loads(capsys.readouterr().out)["images"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--photos", "--limit", "0"], "at least 1 image, got 0"),
        (["--photos", "--threads", "0"], "at least 1 thread, got 0"),
        (["--limit", "5"], "is for --photos"),
        (["--threads", "-1"], "at least 1 thread, got -1"),
        (["--photos", "--full"], "--full is for cut-out faces"),
        (["--note", "x"], "are for --record"),
        (["--photos", "--record", "--limit", "5"], "leave out --limit"),
        (["--photos", "--head", "mood"], "no head 'mood', only"),
    ],
)
def test_wrong_options_are_one_clear_line(
    options: list[str], message: str, photos: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["evaluate", str(SHIPPED_MODEL), "--data", str(photos), *options]) == 1
    assert message in capsys.readouterr().err


FOREIGN = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A set of faces in folders, as others have it: without neutral, with contempt."""
    folder = tmp_path / "foreign"
    for i, name in enumerate(FOREIGN):
        for j, face in enumerate(random_faces(3, seed=i, side=48)):
            save_image(folder / name / f"{j}.png", face)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the shipped model in which something can be recorded."""
    copy = tmp_path / "compact"
    names = ("spec.json", "report.json", "model.tflite")
    copy.mkdir()
    for name in names:
        shutil.copy(SHIPPED_MODEL / name, copy)
    return copy


def test_a_foreign_set_is_measured_on_the_shared_classes(
    foreign: Path, capsys: pytest.CaptureFixture
) -> None:
    assert (
        main(["evaluate", str(SHIPPED_MODEL), "--data", str(foreign), "--head", "expression"]) == 0
    )
    out = capsys.readouterr().out
    assert "as it answers; any of its 7 classes may be the answer (18)" in out
    assert "restricted to angry, disgust, fear, happy, sad, surprise (18)" in out
    assert "left out: 3 of contempt, which the expression head does not know" in out
    assert "no image of neutral" in out
    assert "not read" not in out


def test_another_head_may_know_what_the_first_does_not(
    foreign: Path, capsys: pytest.CaptureFixture
) -> None:
    command = ["evaluate", str(SHIPPED_MODEL), "--data", str(foreign), "--json"]
    assert main([*command, "--head", "ferplus", "--threads", "2"]) == 0
    told = capsys.readouterr()
    record = json.loads(told.out)
    assert (record["head"], record["labelled"]["left_out"]) == ("ferplus", {})
    assert record["labelled"]["restricted"]["count"] == 21
    assert "21 of 21 faces, 100 %" in told.err


def test_a_split_that_is_asked_for_is_drawn(foreign: Path, capsys: pytest.CaptureFixture) -> None:
    command = ["evaluate", str(SHIPPED_MODEL), "--data", str(foreign), "--json"]
    assert main([*command, "--split", "validation"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["split"], record["labelled"]["as_answered"]["count"]) == ("validation", 6)


def test_what_is_recorded_is_other_data_of_these_weights(foreign: Path, model: Path) -> None:
    command = ["evaluate", str(model), "--data", str(foreign), "--record"]
    assert main([*command, "--who", "me", "--note", "drawn"]) == 0
    assert main([*command, "--head", "ferplus"]) == 0
    first, second = OtherDataFile.load(model).of(ModelSpec.load(model))
    assert (first.measured_by, first.note, first.kind) == ("me", "drawn", "other")
    assert (first.data, first.split, first.how, first.search) == ("foreign", "", "crops", None)
    assert (first.figures.as_answered.count, second.figures.as_answered.count) == (18, 21)
    assert "python -m training evaluate, FER Lens" in second.measured_by
    assert main(command) == 0  # in place of the first
    heads = [one.head for one in OtherDataFile.load(model).records]
    assert heads == ["ferplus", first.head]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Faces of people of whom two things are known."""
    count = 30
    np.savez(
        tmp_path / "people.npz",
        image=random_faces(count, side=48),
        label=np.arange(count) % 7,
        usage=np.full(count, "PublicTest"),
        sex=np.where(np.arange(count) < 20, "woman", "man"),
        skin=np.arange(count) % 2,
    )
    return tmp_path / "people.npz"


def test_groups_of_a_column_are_measured_apart(
    people: Path, model: Path, capsys: pytest.CaptureFixture
) -> None:
    command = ["evaluate", str(model), "--data", str(people)]
    assert main([*command, "--by", "sex", "--record"]) == 0
    assert main([*command, "--by", "skin", "--record"]) == 0
    capsys.readouterr()
    (kept,) = OtherDataFile.load(model).records
    assert [(g.by, g.name, g.count) for g in kept.groups] == [
        ("sex", "man", 10), ("sex", "woman", 20), ("skin", "0", 15), ("skin", "1", 15)
    ]  # fmt: skip
    assert sum(g.right for g in kept.groups[:2]) == kept.figures.as_answered.right
    assert main([*command, "--by", "sex"]) == 0
    low, high = kept.groups[1].interval
    lines = [line for line in capsys.readouterr().out.splitlines() if "woman" in line]
    assert f"20  {kept.groups[1].right / 20:.1%} ({low:.1%} to {high:.1%})" in lines[0]
    assert main([*command, "--by", "age"]) == 1
    assert "no 'age' for each face; it has image, label, usage, sex" in capsys.readouterr().err


def test_a_column_is_one_of_a_table_too(
    tmp_path: Path, foreign: Path, capsys: pytest.CaptureFixture
) -> None:
    rows = [
        [i % 7, pixels(face), "PublicTest", "old" if i < 4 else "young"]
        for i, face in enumerate(random_faces(10, side=48))
    ]
    table = write_csv(tmp_path / "t.csv", ["emotion", "pixels", "Usage", "Age"], rows)
    assert (
        main(["evaluate", str(SHIPPED_MODEL), "--data", str(table), "--by", "Age", "--json"]) == 0
    )
    groups = json.loads(capsys.readouterr().out)["groups"]
    assert {n: g["as_answered"]["count"] for n, g in groups.items()} == {"old": 4, "young": 6}
    assert main(["evaluate", str(SHIPPED_MODEL), "--data", str(foreign), "--by", "age"]) == 1
    assert "no column 'age', for it is no table" in capsys.readouterr().err


def test_each_domain_is_measured_apart_and_its_held_out_part_can_be_recorded(
    people: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    shutil.copy(people, tmp_path / "b.npz")
    both = [f"web={people}", f"press={tmp_path / 'b.npz'}"]
    assert main(["evaluate", str(model), "--data", *both]) == 0
    said = capsys.readouterr().out
    assert "all faces as it answers (60)" in said
    assert "press as it answers (30)" in said
    report = Report.load(model)
    card = report.data.model_copy(update={"domains": {"press": sha256_of(people)}})
    report.model_copy(update={"data": card}).save(model)
    command = ["evaluate", str(model), "--data", str(people), "--record"]
    assert main([*command, "--split", "train"]) == 1
    assert main(command) == 0
    (kept,) = OtherDataFile.load(model).records
    assert (kept.kind, kept.split, kept.groups) == ("validation", "validation", ())


def test_photographs_are_recorded_with_the_faces_that_were_not_found(
    photos: Path, model: Path
) -> None:
    assert main(["evaluate", str(model), "--photos", "--data", str(photos), "--record"]) == 0
    (found,) = OtherDataFile.load(model).records
    assert found.search is not None
    assert (found.search.images, found.search.found, found.search.right) == (2, 1, 1)
    assert found.search.detector == photo_detector()
    assert found.figures.left_out == {"bored": 1}


def test_the_data_of_the_training_are_no_other_data(
    foreign: Path, model: Path, capsys: pytest.CaptureFixture
) -> None:
    report = Report.load(model)
    card = report.data.model_copy(update={"sha256": sha256_of(foreign)})
    report.model_copy(update={"data": card}).save(model)
    assert main(["evaluate", str(model), "--data", str(foreign), "--record"]) == 1
    assert "stands in report.json already" in capsys.readouterr().err
    assert not (model / OtherDataFile.filename).exists()
    # Without --record it is measured, on the validation split that its training drew.
    assert main(["evaluate", str(model), "--data", str(foreign)]) == 0
    assert "compact on validation of foreign" in capsys.readouterr().out


def test_without_a_face_there_is_nothing_to_record(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    save_image(tmp_path / "walls" / "happy" / "a.png", np.full((90, 120, 3), 140, np.uint8))
    data = ["--photos", "--data", str(tmp_path / "walls")]
    assert main(["evaluate", str(model), *data, "--record"]) == 1
    assert "no face was found in walls" in capsys.readouterr().err


def test_every_figure_needs_every_class(foreign: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["evaluate", str(SHIPPED_MODEL), "--data", str(foreign), "--full"]) == 1
    assert "model compact knows angry" in capsys.readouterr().err


def test_ctrl_c_leaves_no_traceback(
    foreign: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.commands.evaluate.measure_faces", interrupted)
    assert main(["evaluate", str(SHIPPED_MODEL), "--data", str(foreign)]) == 130
    assert capsys.readouterr().err.endswith("stopped\n")
