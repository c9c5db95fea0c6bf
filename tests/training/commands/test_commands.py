"""The commands, from drawn faces to predictions; each preset of A to E learns something."""

import csv
import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from fer.evaluation.report import Mistakes, Report
from fer.images import decode
from fer.labels import EXPRESSION_HEAD, FER2013_LABELS
from fer.model.spec import ModelSpec
from fer.types import Image
from tests.samples import SHIPPED_MODEL
from tests.training.samples import save_image
from training.__main__ import main, parser
from training.data.load import load
from training.demo.dataset import write_demo_data
from training.evaluation.predictions import load_predictions
from training.networks.build import build
from training.presets.catalogue import PRESETS


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "faces"
    write_demo_data(folder, per_class=24, seed=1)
    return folder


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces that suffice where nothing has to be learnt."""
    folder = tmp_path_factory.mktemp("demo") / "faces"
    write_demo_data(folder, per_class=10, seed=1)
    return folder


def train(preset: str, data: Path, out: Path, *options: str) -> int:
    places = ["--data", str(data), "--out", str(out), "--work-dir", str(out.parent / "work")]
    return main(["train", "--preset", preset, *places, "--precision", "float32", *options])


@pytest.fixture(scope="module")
def model(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "basic"
    # A seed that no other command is told: it must not decide what is held out.
    small = ("--epochs", "8", "--widths", "16,32", "--batch-size", "16", "--seed", "4")
    assert train("cnn-basic", demo, out, *small) == 0
    return out


SMALL = {
    "three-class-150": ("--widths", "8,8,8"),
    "cnn-dropout": ("--limit", "64"),
    "cnn-batchnorm": ("--widths", "8,16", "--limit", "64"),
    "transfer": ("--weights", "none", "--frozen-epochs", "1", "--epochs", "2", "--limit", "32"),
}


@pytest.mark.full
@pytest.mark.parametrize("preset", SMALL)
def test_each_preset_trains_on_drawn_faces(preset: str, few: Path, tmp_path: Path) -> None:
    assert train(preset, few, tmp_path / "m", "--epochs", "1", *SMALL[preset]) == 0
    report = Report.load(tmp_path / "m")
    assert report.parity < 1e-3
    assert report.preset == preset
    expected = {"happy", "sad", "angry"} if preset == "three-class-150" else set(FER2013_LABELS)
    assert set(ModelSpec.load(tmp_path / "m").labels) == expected
    places = ["--data", str(few / "test" / "happy"), "--out", str(tmp_path / "predictions.csv")]
    sheet = tmp_path / "predictions.png"
    options = ["--model", str(tmp_path / "m"), "--pictures", str(sheet)]
    assert main(["predict", *places, *options]) == 0
    assert decode(sheet.read_bytes()).shape[2] == 3
    with (tmp_path / "predictions.csv").open() as file:
        for row in csv.DictReader(file):
            assert row["expression"] == FER2013_LABELS[int(row["emotion"])]


def test_a_trained_network_has_learnt(model: Path) -> None:
    assert Report.load(model).evaluations["validation"].accuracy > 2 / 7


def test_csv_preset_learns_from_train_csv_and_labels_test_csv(demo: Path, tmp_path: Path) -> None:
    drawn = load(demo).split("train")
    rows = [
        (int(label), " ".join(map(str, image.ravel())))
        for label, image in zip(drawn.labels, drawn.images, strict=True)
    ]
    with (tmp_path / "train.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("emotion", "pixels"), *rows])
    with (tmp_path / "test.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("pixels",), *((pixels,) for _, pixels in rows[:5])])
    out = tmp_path / "m"
    assert train("cnn-csv", tmp_path / "train.csv", out, "--epochs", "1", "--widths", "4") == 0
    places = ["--data", str(tmp_path / "test.csv"), "--out", str(tmp_path / "predictions.csv")]
    assert main(["predict", *places, "--model", str(out)]) == 0
    with (tmp_path / "predictions.csv").open() as file:
        found = list(csv.DictReader(file))
    assert len(found) == 5
    for row in found:
        shares = [float(row[name]) for name in FER2013_LABELS]
        assert sum(shares) == pytest.approx(1, abs=1e-3)
        assert row["expression"] == FER2013_LABELS[int(row["emotion"])]
        assert float(row["confidence"]) == max(shares)


def test_evaluate_prints_the_figures_of_the_report(
    model: Path, demo: Path, capsys: pytest.CaptureFixture
) -> None:
    command = ["evaluate", "--data", str(demo), "--model", str(model)]
    assert main([*command, "--full", "--json", "--head", EXPRESSION_HEAD]) == 0
    told = capsys.readouterr()
    record = json.loads(told.out)
    lines = [line.partition(",")[0] for line in told.err.splitlines() if "100 %" in line]
    assert [line.split(" of ")[0] for line in lines] == [line.split()[2] for line in lines]
    stored = Report.load(model).evaluations["validation"].model_dump(mode="json")
    assert record["evaluation"] == record["labelled"]["as_answered"] == stored
    assert record["view"] == "single"
    assert main([*command, "--split", "test"]) == 0
    assert "rows are the truth" in capsys.readouterr().out


def test_mistakes_are_written_beside_the_report(
    model: Path, demo: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["mistakes", "--data", str(demo), "--model", str(model)]) == 0
    assert "faces of your data set" in capsys.readouterr().out
    found, report = Mistakes.load(model), Report.load(model)
    assert found.split == "validation"
    assert found.sha256 == report.files["model.tflite"].sha256


def test_stored_predictions_give_the_accuracy_of_the_report(model: Path) -> None:
    report = Report.load(model)
    for split, made in load_predictions(model).items():
        accuracy = (made.probabilities.argmax(axis=1) == made.labels).mean()
        assert report.evaluations[split].accuracy == pytest.approx(accuracy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "--split", "holiday"], "no split 'holiday'"),
        (["export", "--out", "x", "--formats", "paper"], "no format paper"),
    ],
)
def test_a_wrong_choice_names_those_there_are(
    arguments: list, message: str, model: Path, demo: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main([*arguments, "--data", str(demo), "--model", str(model)]) == 1
    assert message in capsys.readouterr().err


def test_compare_has_a_column_per_model(capsys: pytest.CaptureFixture) -> None:
    assert main(["compare", str(SHIPPED_MODEL), str(SHIPPED_MODEL.with_name("cnn-basic"))]) == 0
    out = capsys.readouterr().out
    accuracy = next(x for x in out.splitlines() if x.startswith("accuracy"))
    assert len(accuracy.split()) == 3
    assert out.count("is a report alone") == 1


def test_predict_takes_each_image_for_a_face_unless_told_that_they_are_photographs(
    tmp_path: Path, astronaut: Image, capsys: pytest.CaptureFixture
) -> None:
    folder, out = tmp_path / "photos", tmp_path / "predictions.csv"
    save_image(folder / "a wall.png", np.full((90, 120), 140, np.uint8))
    save_image(folder / "somebody.png", astronaut)
    command = ["predict", "--data", str(folder), "--out", str(out), "--model", str(SHIPPED_MODEL)]
    assert main(command) == 0
    assert "2 of 2 images are not square or larger" in capsys.readouterr().err
    assert main([*command, "--photos"]) == 1
    assert "is there already" in capsys.readouterr().err
    assert main([*command, "--photos", "--overwrite"]) == 0
    assert "left out: a wall.png: no face found" in capsys.readouterr().out
    with out.open() as file:
        (row,) = csv.DictReader(file)
    assert (row["place"], row["face"], row["expression"]) == ("somebody.png", "1", "happy")


@pytest.mark.parametrize(
    ("name", "allowed"), [("float32", 1e-4), ("float16", 1e-2), ("int8", 0.3), ("onnx", 1e-3)]
)
def test_every_format_answers_like_keras(
    name: str, allowed: float, model: Path, demo: Path, tmp_path: Path
) -> None:
    from fer.model.classifier import ExpressionClassifier
    from training.commands.evaluate import load_for_model
    from training.export.formats import export_format

    images = load_for_model(ExpressionClassifier(model), demo, 1).split("train").images[:40]
    made = export_format(name, model, tmp_path, images)
    assert made.file.stat().st_size > 10_000
    assert made.difference < allowed
    assert made.same_answer > 0.8


@pytest.mark.full
def test_tuning_goes_on_where_it_ended(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    command = ["tune", "--preset", "cnn-csv", "--data", str(demo), "--epochs", "1"]
    command += ["--trials", "1", "--storage", str(tmp_path / "new" / "tune.sqlite")]
    assert main(command) == 0
    assert "best of 1 trials" in capsys.readouterr().out
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "best of 2 trials" in out
    understood = parser().parse_args(shlex.split(out.splitlines()[-1])[3:])
    assert (understood.command, understood.data) == ("train", [str(demo)])
    assert float(understood.field_learning_rate) > 0


def test_presets_lists_every_command(capsys: pytest.CaptureFixture) -> None:
    assert main(["presets"]) == 0
    assert capsys.readouterr().out.count("python -m training train") == len(PRESETS)
    assert main(["presets", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["compact"]["vote_weight"] == 0.4


@pytest.mark.full
def test_several_seeds_leave_their_variance_in_the_report(model: Path, demo: Path) -> None:
    command = ["seeds", "--preset", "cnn-basic", "--data", str(demo), "--model", str(model)]
    runs = model.parent / "seeds"
    short = ["--seeds", "1", "2", "3", "--epochs", "1", "--small-epochs", "0"]
    before = Report.load(model)
    assert before.seed_variance is None
    assert main([*command, *short, "--work-dir", str(runs)]) == 0
    after = Report.load(model)
    assert after.seed_variance is not None
    assert (after.seed_variance.seeds, after.seed_variance.epochs) == ((1, 2, 3), 1)
    assert len(after.seed_variance.accuracies) == len(after.seed_variance.macro_f1s) == 3
    assert str(model.parent) not in after.seed_variance.command
    assert after.model_copy(update={"seed_variance": None}) == before


@pytest.mark.full
def test_several_seeds_can_begin_with_a_model(
    model: Path, demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    shutil.copytree(model, tmp_path / "start")
    command = ["seeds", "--preset", "cnn-basic", "--data", str(demo), "--model", str(model)]
    begun = [*command, "--init", str(tmp_path / "start"), "--epochs", "1", "--seeds", "1"]
    assert main([*begun, "--work-dir", str(tmp_path / "refused")]) == 1
    # The preset's own width is not that of this model, so its weights do not fit.
    assert "is another network" in capsys.readouterr().err
    build(PRESETS["cnn-basic"], {"expression": 7}).save(tmp_path / "start" / "model.keras")
    assert main([*begun, "--work-dir", str(tmp_path / "runs")]) == 0
    found = Report.load(model).seed_variance
    assert found is not None
    assert (found.initial_model, len(found.accuracies)) == ("start", 1)
    assert "--init models/start" in found.command
