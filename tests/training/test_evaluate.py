"""``python -m training evaluate``: foreign sets of faces, and real photographs."""

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from fer.detection.blazeface import photo_detector
from fer.evaluation.other_data import OtherDataFile
from fer.evaluation.report import Report
from fer.model.spec import ModelSpec
from fer.types import Image
from tests.samples import SHIPPED_MODEL
from tests.training.samples import Ran, pixels, random_faces, save_image, write_csv
from training.data.layouts import sha256_of
from training.evaluation.output import figure_files


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the shipped model in which something can be recorded."""
    copy = tmp_path / "compact"
    copy.mkdir()
    for name in ("spec.json", "report.json", "model.tflite"):
        shutil.copy(SHIPPED_MODEL / name, copy)
    return copy


@pytest.fixture
def evaluated(model: Path, ran: Ran) -> Ran:
    """Measures the model on data; see `ran`."""
    return partial(ran, "evaluate", model, "--data")


@pytest.fixture
def photos(tmp_path: Path, astronaut: Image) -> Path:
    """A smiling face, a wall, a class that the model does not know, and a broken file."""
    folder = tmp_path / "photos"
    save_image(folder / "Smiling" / "astronaut.png", astronaut)
    save_image(folder / "Smiling" / "wall.png", np.full((90, 120, 3), 140, np.uint8))
    save_image(folder / "bored" / "wall.png", np.full((90, 120, 3), 140, np.uint8))
    (folder / "Smiling" / "text.jpg").write_text("no image")
    return folder


def test_photographs_in_class_folders_are_measured(
    photos: Path, model: Path, evaluated: Ran
) -> None:
    out, err = evaluated(photos, "--photos", "--record")
    assert photo_detector() in out
    assert "accuracy of all    50.00%" in out
    assert "accuracy of found  100.00%" in out
    assert "3 of 3 images, 100 %" in err
    (found,) = OtherDataFile.load(model).records
    assert found.search is not None
    assert (found.search.images, found.search.found, found.search.right) == (2, 1, 1)
    assert found.search.detector == photo_detector()
    assert found.figures.left_out == {"bored": 1}
    record = json.loads(evaluated(photos, "--photos", "--json", "--threads", "1")[0])
    assert (record["images"], record["found"], record["accuracy"]) == (2, 1, 0.5)
    assert record["labelled"]["as_answered"]["accuracy"] == 1
    assert json.loads(evaluated(photos, "--photos", "--json", "--limit", "1")[0])["images"] == 1


def test_a_cut_out_face_is_found_after_it_got_surroundings(
    tmp_path: Path, astronaut: Image, evaluated: Ran
) -> None:
    face = PillowImage.fromarray(astronaut[60:190, 160:290]).convert("L").resize((48, 48))
    save_image(tmp_path / "set" / "happy" / "a.png", np.asarray(face))
    record = json.loads(evaluated(tmp_path / "set", "--photos", "--json")[0])
    assert (record["found"], record["cut_out"]) == (1, 1)
    assert record["labelled"]["as_answered"]["accuracy"] == record["direct"]["accuracy"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--photos", "--limit", "0"], "at least 1 image, got 0"),
        (["--photos", "--threads", "0"], "at least 1 thread, got 0"),
        (["--limit", "5"], "is for --photos"),
        (["--photos", "--full"], "--full is for cut-out faces"),
        (["--photos", "--by", "sex"], "--by is for cut-out faces"),
        (["--note", "x"], "are for --record"),
        (["--who", "x"], "are for --record"),
        (["--photos", "--record", "--limit", "5"], "leave out --limit"),
        (["--photos", "--head", "mood"], "no head 'mood', only"),
        (["more", "--record"], "are for one data set at a time"),
        (["--by", "age"], "no column 'age', for it is no table"),
        (["--split", "holiday"], "no split 'holiday'"),
    ],
)
def test_wrong_options_are_one_clear_line(
    options: list[str], message: str, photos: Path, evaluated: Ran
) -> None:
    assert message in evaluated(photos, *options, status=1)[1]


FOREIGN = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A set of faces in folders, as others have it: without neutral, with contempt."""
    folder = tmp_path / "foreign"
    for i, name in enumerate(FOREIGN):
        for j, face in enumerate(random_faces(3, seed=i, side=48)):
            save_image(folder / name / f"{j}.png", face)
    return folder


def test_a_foreign_set_is_measured_on_the_shared_classes(foreign: Path, evaluated: Ran) -> None:
    out, _ = evaluated(foreign, "--head", "expression")
    assert "as it answers; any of its 7 classes may be the answer (18)" in out
    assert "restricted to angry, disgust, fear, happy, sad, surprise (18)" in out
    assert "left out: 3 of contempt, which the expression head does not know" in out
    assert "not read" not in out
    # Another head may know what the first does not.
    out, err = evaluated(foreign, "--json", "--head", "ferplus", "--threads", "2")
    record = json.loads(out)
    assert (record["head"], record["labelled"]["left_out"]) == ("ferplus", {})
    assert record["labelled"]["restricted"]["count"] == 21
    assert "21 of 21 faces, 100 %" in err
    record = json.loads(evaluated(foreign, "--json", "--split", "validation")[0])
    assert (record["split"], record["labelled"]["as_answered"]["count"]) == ("validation", 6)
    assert "model compact knows angry" in evaluated(foreign, "--full", status=1)[1]


def test_what_is_recorded_is_other_data_of_these_weights(
    foreign: Path, model: Path, evaluated: Ran
) -> None:
    evaluated(foreign, "--record", "--who", "me", "--note", "drawn")
    evaluated(foreign, "--record", "--head", "ferplus")
    first, second = OtherDataFile.load(model).of(ModelSpec.load(model))
    assert (first.measured_by, first.note, first.kind) == ("me", "drawn", "other")
    assert (first.data, first.split, first.how, first.search) == ("foreign", "", "crops", None)
    assert (first.figures.as_answered.count, second.figures.as_answered.count) == (18, 21)
    assert "python -m training evaluate, FER Lens" in second.measured_by
    evaluated(foreign, "--record")  # in place of the first
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
    people: Path, model: Path, evaluated: Ran, tmp_path: Path
) -> None:
    out, _ = evaluated(people, "--by", "sex", "--record")
    evaluated(people, "--by", "skin", "--record")
    (kept,) = OtherDataFile.load(model).records
    assert [(g.by, g.name, g.count) for g in kept.groups] == [
        ("sex", "man", 10), ("sex", "woman", 20), ("skin", "0", 15), ("skin", "1", 15)
    ]  # fmt: skip
    assert sum(g.right for g in kept.groups[:2]) == kept.figures.as_answered.right
    low, high = kept.groups[1].interval
    line = next(line for line in out.splitlines() if "woman" in line)
    assert f"20  {kept.groups[1].right / 20:.1%} ({low:.1%} to {high:.1%})" in line
    said = evaluated(people, "--by", "age", status=1)[1]
    assert "no 'age' for each face; it has image, label, usage, sex" in said
    rows = [
        [i % 7, pixels(face), "PublicTest", "old" if i < 4 else "young"]
        for i, face in enumerate(random_faces(10, side=48))
    ]
    table = write_csv(tmp_path / "t.csv", ["emotion", "pixels", "Usage", "Age"], rows)
    groups = json.loads(evaluated(table, "--by", "Age", "--json")[0])["groups"]
    assert {n: g["as_answered"]["count"] for n, g in groups.items()} == {"old": 4, "young": 6}


def test_figures_for_print_are_written(people: Path, evaluated: Ran, tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    out = evaluated(people, "--figures", str(folder))[0]
    assert f"figures are in {folder}" in out
    assert sorted(folder.iterdir()) == sorted(figure_files(folder, overwrite=True)), "curves, too"
    assert "compact on people.npz" in (folder / "confusion-matrix.svg").read_text()
    assert "is there already" in evaluated(people, "--figures", str(folder), status=1)[1]


def test_the_further_figures_are_of_all_groups_together(people: Path, evaluated: Ran) -> None:
    """Groups of a column are no domains, of which each would be measured apart."""
    found = json.loads(evaluated(people, "--full", "--json", "--by", "sex")[0])
    assert found["groups"].keys() == {"man", "woman"}
    assert found["evaluation"]["count"] == found["tta"]["evaluation"]["count"] == 30


def test_each_domain_is_measured_apart_and_its_held_out_part_can_be_recorded(
    people: Path, model: Path, tmp_path: Path, evaluated: Ran
) -> None:
    shutil.copy(people, tmp_path / "b.npz")
    out, _ = evaluated(Path(f"web={people}"), f"press={tmp_path / 'b.npz'}")
    assert "all faces as it answers (60)" in out
    assert "press as it answers (30)" in out
    report = Report.load(model)
    card = report.data.model_copy(update={"domains": {"press": sha256_of(people)}})
    report.model_copy(update={"data": card}).save(model)
    evaluated(people, "--record", "--split", "train", status=1)
    evaluated(people, "--record")
    (kept,) = OtherDataFile.load(model).records
    assert (kept.kind, kept.split, kept.groups) == ("validation", "validation", ())


def test_the_data_of_the_training_are_no_other_data(
    foreign: Path, model: Path, evaluated: Ran
) -> None:
    report = Report.load(model)
    card = report.data.model_copy(update={"sha256": sha256_of(foreign)})
    report.model_copy(update={"data": card}).save(model)
    assert "are in report.json already" in evaluated(foreign, "--record", status=1)[1]
    evaluated(foreign, "--record", "--split", "train", status=1)
    assert not (model / OtherDataFile.filename).exists()
    # Without --record it is measured, on the validation split that its training drew.
    assert "compact on validation of foreign" in evaluated(foreign)[0]
    # No training looks at its test split, so it can be recorded once it is measured.
    evaluated(foreign, "--record", "--split", "test")
    (kept,) = OtherDataFile.load(model).records
    assert (kept.kind, kept.split) == ("test", "test")


def test_without_a_face_there_is_nothing_to_record(tmp_path: Path, evaluated: Ran) -> None:
    save_image(tmp_path / "walls" / "happy" / "a.png", np.full((90, 120, 3), 140, np.uint8))
    said = evaluated(tmp_path / "walls", "--photos", "--record", status=1)[1]
    assert "no face was found in walls" in said
