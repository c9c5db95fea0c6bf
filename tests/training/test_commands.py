"""The commands, from drawn faces to predictions; each preset of A to E learns something."""

import csv
import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from fer.evaluation.report import FileCard, Mistakes, Report
from fer.images import decode
from fer.labels import EXPRESSION_HEAD, FER2013_LABELS
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import Abstention, ModelSpec
from fer.types import Image
from tests.samples import SHIPPED_MODEL
from tests.training.samples import Ran, bars, pixels, save_image, train, write_bars, write_csv
from training import __main__ as command_line
from training.__main__ import main, parser
from training.demo_faces import write_demo_data
from training.evaluation.measure import update_heads
from training.evaluation.predictions import load_predictions
from training.networks import build
from training.presets.catalogue import PRESETS
from training.presets.schema import FIELD_HELP, overridable_fields


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "faces"
    write_demo_data(folder, per_class=24, seed=1)
    return folder


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


SMALL = {
    "cnn-basic": ("--widths", "4"),
    "three-class-150": ("--widths", "8,8,8"),
    "cnn-csv": ("--widths", "4"),
    "cnn-dropout": ("--limit", "64"),
    "cnn-batchnorm": ("--widths", "8,16", "--limit", "64"),
    "transfer": ("--weights", "none", "--frozen-epochs", "1", "--epochs", "2", "--limit", "32"),
}


@pytest.mark.full
@pytest.mark.parametrize("preset", SMALL)
def test_each_preset_trains_on_drawn_faces(
    preset: str, demo: Path, tmp_path: Path, ran: Ran
) -> None:
    out, sheet, table = (tmp_path / name for name in ("m", "p.png", "p.csv"))
    assert train(preset, demo, out, "--epochs", "1", *SMALL[preset]) == 0
    report = Report.load(out)
    assert report.parity < 1e-3
    assert report.preset == preset
    expected = {"happy", "sad", "angry"} if preset == "three-class-150" else set(FER2013_LABELS)
    assert set(ModelSpec.load(out).labels) == expected
    data = demo / "test" / "happy"
    ran("predict", "--data", data, "--out", table, "--model", out, "--pictures", sheet)
    assert decode(sheet.read_bytes()).shape[2] == 3
    for row in rows_of(table):
        assert row["expression"] == FER2013_LABELS[int(row["emotion"])]


def test_a_table_without_labels_gets_an_answer_for_each_row(tmp_path: Path, ran: Ran) -> None:
    faces = bars(5, 1)
    asked = write_csv(tmp_path / "test.csv", ["pixels"], [[pixels(f)] for f in faces.images])
    ran("predict", "--data", asked, "--out", tmp_path / "p.csv", "--model", SHIPPED_MODEL)
    answers = ExpressionClassifier(SHIPPED_MODEL)(faces.images)
    for row, shares in zip(rows_of(tmp_path / "p.csv"), answers, strict=True):
        assert [float(row[name]) for name in FER2013_LABELS] == pytest.approx(shares, abs=1e-4)
        assert row["expression"] == FER2013_LABELS[shares.argmax()]
        assert row["expression"] == FER2013_LABELS[int(row["emotion"])]
        assert float(row["confidence"]) == pytest.approx(shares.max(), abs=1e-4)


def test_a_trained_network_has_learnt_and_evaluate_prints_the_figures_of_its_report(
    tiny: Path, archive: Path, ran: Ran
) -> None:
    report = Report.load(tiny)
    assert report.evaluations["validation"].accuracy > 2 / 7
    for split, made in load_predictions(tiny).items():
        assert report.evaluations[split].accuracy == pytest.approx(made.correct.mean())
    command = ["evaluate", "--data", archive, "--model", tiny]
    out, err = ran(*command, "--full", "--json", "--head", EXPRESSION_HEAD)
    record = json.loads(out)
    lines = [line.partition(",")[0] for line in err.splitlines() if "100 %" in line]
    assert [line.split(" of ")[0] for line in lines] == [line.split()[2] for line in lines]
    stored = report.evaluations["validation"].model_dump(mode="json")
    assert record["evaluation"] == record["labelled"]["as_answered"] == stored
    assert record["cross_fitted_calibration_error"] == report.cross_fitted_calibration_error
    assert [one["name"] for one in record["robustness"]] == [one.name for one in report.robustness]
    out, _ = ran(*command, "--split", "test", "--full")
    assert "rows are the truth" in out
    assert "ten views" in out
    assert "cross-fitted" not in out
    assert "expression, degraded (very dark, very blurred, 18 px): answers" in out


def test_mistakes_are_written_beside_the_report(
    tiny: Path, archive: Path, tmp_path: Path, ran: Ran
) -> None:
    model = shutil.copytree(tiny, tmp_path / "tiny")
    assert "faces of your data set" in ran("mistakes", "--data", archive, "--model", model)[0]
    found = Mistakes.load(model)
    assert found.split == "validation"
    assert found.sha256 == Report.load(model).files["model.tflite"].sha256


def test_every_format_answers_like_keras(tiny: Path, tmp_path: Path, ran: Ran) -> None:
    few = write_bars(tmp_path / "few.npz", train=16)
    command = ["export", "--model", tiny, "--out", tmp_path, "--data", few]
    lines = ran(*command)[0].splitlines()[1:]
    for line, allowed in zip(lines, (1e-4, 1e-2, 0.3, 1e-3), strict=True):
        file, _, difference, same = line.split()
        assert (tmp_path / file).stat().st_size > 10_000
        assert float(difference) < allowed
        assert float(same.rstrip("%")) > 80
    assert "is there already" in ran(*command, "--formats", "onnx", status=1)[1]
    assert "no format paper" in ran(*command, "--formats", "onnx,paper", status=1)[1]


def test_compare_has_a_column_per_model(ran: Ran) -> None:
    out, _ = ran("compare", SHIPPED_MODEL, SHIPPED_MODEL.with_name("cnn-basic"))
    accuracy = next(x for x in out.splitlines() if x.startswith("accuracy"))
    assert len(accuracy.split()) == 3
    assert out.count("is a report alone") == 1
    assert "different data" in out


def test_predict_takes_each_image_for_a_face_unless_told_that_they_are_photographs(
    tmp_path: Path, astronaut: Image, ran: Ran
) -> None:
    folder, out = tmp_path / "photos", tmp_path / "predictions.csv"
    save_image(folder / "a wall.png", np.full((90, 120), 140, np.uint8))
    save_image(folder / "somebody.png", astronaut)
    command = ["predict", "--data", folder, "--out", out, "--model", SHIPPED_MODEL]
    assert "2 of 2 images are not square or larger" in ran(*command)[1]
    assert "is there already" in ran(*command, "--photos", status=1)[1]
    options = ["--photos", "--overwrite"]
    assert "left out: a wall.png: no face found" in ran(*command, *options)[0]
    (row,) = rows_of(out)
    assert (row["place"], row["face"], row["expression"]) == ("somebody.png", "1", "happy")
    sheet = ["--pictures", tmp_path / "p.png"]
    assert "--pictures is for cut-out faces" in ran(*command, *options, *sheet, status=1)[1]


@pytest.mark.full
def test_tuning_goes_on_where_it_ended(demo: Path, tmp_path: Path, ran: Ran) -> None:
    command = ["tune", "--preset", "cnn-csv", "--data", demo, "--epochs", "1"]
    command += ["--trials", "1", "--storage", tmp_path / "new" / "tune.sqlite"]
    assert "best of 1 trials" in ran(*command)[0]
    out, _ = ran(*command)
    assert "best of 2 trials" in out
    understood = parser().parse_args(shlex.split(out.splitlines()[-1])[3:])
    assert (understood.command, understood.data) == ("train", [str(demo)])
    assert float(understood.field_learning_rate) > 0


def test_presets_lists_every_command(ran: Ran) -> None:
    assert ran("presets")[0].count("python -m training train") == len(PRESETS)
    assert json.loads(ran("presets", "--json")[0])["compact"]["vote_weight"] == 0.4


@pytest.mark.full
def test_several_seeds_leave_their_variance_in_the_report(
    tiny: Path, archive: Path, tmp_path: Path, ran: Ran
) -> None:
    own, start = tmp_path / "own", tmp_path / "start"
    for copy in (own, start):
        shutil.copytree(tiny, copy)
    command = ["seeds", "--preset", "small", "--data", archive, "--model", own, "--epochs", "1"]
    ran(*command, "--seeds", "1", "2", "--work-dir", tmp_path / "runs")
    before, after = Report.load(tiny), Report.load(own)
    assert after.seed_variance is not None
    assert (after.seed_variance.seeds, after.seed_variance.epochs) == ((1, 2), 1)
    assert len(after.seed_variance.accuracies) == len(after.seed_variance.macro_f1s) == 2
    assert str(tmp_path) not in after.seed_variance.command
    assert after.model_copy(update={"seed_variance": None}) == before
    begun = [*command, "--init", start, "--seeds", "1", "--work-dir", tmp_path / "begun"]
    # The preset's own width is not that of this model, so its weights do not fit.
    assert "is another network" in ran(*begun, status=1)[1]
    build(PRESETS["small"], {"expression": 7, "ferplus": 8}).save(start / "model.keras")
    ran(*begun)
    found = Report.load(own).seed_variance
    assert found is not None
    assert (found.initial_model, len(found.accuracies)) == ("start", 1)
    assert "--init models/start" in found.command


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return shutil.copytree(SHIPPED_MODEL, tmp_path / "compact")


def written(directory: Path) -> list[bytes]:
    return [(directory / name).read_bytes() for name in ("spec.json", "report.json")]


def test_the_shipped_figures_follow_from_the_shipped_predictions(copied: Path, ran: Ran) -> None:
    other = Abstention(threshold=0.9, degraded_threshold=0.9)
    update_heads(copied, abstention=dict.fromkeys(("balanced", "expression", "ferplus"), other))
    report = Report.load(copied)
    report.model_copy(update={"selective": (), "evaluations": {}}).save(copied)
    out, _ = ran("recompute", copied)
    assert written(copied) == written(SHIPPED_MODEL)
    assert len(out.splitlines()) == len(Report.load(SHIPPED_MODEL).selective) > 6


def test_no_answer_of_the_shipped_model_has_its_own_evidence_against_it() -> None:
    spec, report = ModelSpec.load(SHIPPED_MODEL), Report.load(SHIPPED_MODEL)
    answered = 0
    shown = [m for m in report.selective if m.split in ("validation", "validation, all domains")]
    for measured in shown:
        head = spec.head(measured.head)
        for label, limit in zip(head.labels, head.thresholds[measured.degraded], strict=True):
            for confidence in np.arange(max(limit, 0.5), 1, 0.01):
                near = measured.near(label, float(confidence))
                assert near, (head.name, label, confidence)
                assert near.correct >= 0.55 * near.count, (head.name, label, confidence)
                answered += 1
    assert answered > 1000
    assert spec.head("ferplus").thresholds[0][-1] == 1, "of contempt, too few were seen to say"


def test_what_is_not_of_the_report_changes_nothing(copied: Path, tmp_path: Path, ran: Ran) -> None:
    other = tmp_path / "other.npz"
    np.savez(other, image=bars(28, 1).images[..., 0], label=np.arange(28) % 7)
    said = ran("recompute", copied, "--data", other, status=1)[1]
    assert "other.npz is not the data set of compact's report" in said
    (copied / "predictions.npz").unlink()
    assert "predictions.npz is missing" in ran("recompute", copied, status=1)[1]
    assert written(copied) == written(SHIPPED_MODEL)
    cards = {"model.tflite": FileCard(sha256="0" * 64, bytes=1)}
    Report.load(copied).model_copy(update={"files": cards}).save(copied)
    assert "about another network" in ran("recompute", copied, status=1)[1]


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--data", "", "--out", "m"],
        ["train", "--data", "press=", "--out", "m"],
        ["train", "--data", "a", "--out", " "],
        ["data", "--data", ""],
        ["evaluate", "--data", "a", "--model", ""],
    ],
)
def test_an_empty_path_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As from a variable that is not set: it would be the current folder."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "expected a path, got an empty text" in capsys.readouterr().err


def test_the_help_of_train_says_what_each_field_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(FIELD_HELP) == set(overridable_fields())
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "--keep last|best epoch whose weights are the model" in printed
    assert "--flip true|false mirror half of the images" in printed


@pytest.mark.parametrize(
    ("backend", "jax", "message"),
    [
        ("foo", True, "KERAS_BACKEND expects tensorflow or jax, got 'foo'"),
        ("jax", False, "pip install -r requirements-jax.txt"),
        ("jax", True, ""),
        ("", True, ""),
    ],
)
def test_an_unusable_backend_is_told(
    backend: str, jax: bool, message: str, monkeypatch: pytest.MonkeyPatch, ran: Ran
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.setattr(command_line, "find_spec", lambda name: object() if jax else None)
    assert message in ran("presets", status=1 if message else 0)[1]
