"""Teaching in small: a tiny model of drawn faces learns those of another style."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.evaluation.report import Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FER2013_LABELS
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL
from tests.training.samples import bars, save_image
from training.__main__ import main
from training.adapt.lesson import adapted
from training.demo.dataset import write_demo_data
from training.presets.catalogue import PRESETS

NAMES = ("angry", "happy", "surprise")


#: A network that is trained in seconds, and how.
TINY = [
    *("--network", "residual", "--widths", "12,24", "--blocks-per-stage", "1", "--dropout", "0"),
    *("--epochs", "10", "--batch-size", "24", "--learning-rate", "0.1", "--warmup-epochs", "1"),
    *("--ema-momentum", "0", "--precision", "float32"),
]


def archive(folder: Path, out: Path) -> Path:
    with zipfile.ZipFile(out, "w") as file:
        for path in sorted(folder.rglob("*.png")):
            file.write(path, path.relative_to(folder))
    return out


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn faces of two styles, and a tiny model that has learnt those of the first."""
    folder = tmp_path_factory.mktemp("teach")
    write_demo_data(folder / "before", per_class=40, classes=NAMES)
    write_demo_data(folder / "own", per_class=20, classes=NAMES, seed=7, negative=True)
    archive(folder / "own", folder / "own.zip")
    data, out = str(folder / "before"), str(folder / "models" / "tiny")
    work = ["--work-dir", str(folder / "work")]
    status = main(["train", "--preset", "small", "--data", data, "--out", out, *work, *TINY])
    assert status == 0
    return folder


def teach(material: Path, name: str, *options: str) -> int:
    model, out = material / "models" / "tiny", material / "models" / name
    return main(
        [
            *("train", "--preset", "adapt", "--init", str(model), "--data"),
            *(str(material / "own.zip"), "--out", str(out), "--precision", "float32"),
            *("--work-dir", str(material / "work" / name), "--least-faces", "120"),
            *("--batch-size", "24", *options),
        ]
    )


@pytest.mark.full
def test_it_learns_another_style_and_keeps_the_first(
    material: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replay = str(material / "before")
    assert teach(material, "taught", "--replay", replay, "--progress-json") == 0
    directory = material / "models" / "taught"
    report, said = Report.load(directory), capsys.readouterr()
    taught = report.adaptation
    assert taught
    own, kept = taught.own_changes[0], taught.replay_changes[0]
    assert own.gained >= 0.1
    assert kept.gained >= -0.1
    assert (own.after.count, kept.data, kept.split) == (12, "before", "validation")
    assert taught.replay
    assert taught.replay.of_initial_model
    assert taught.calibration == "fitted"
    assert taught.initial_sha256 == ModelSpec.load(material / "models" / "tiny").sha256
    assert report.evaluations["test"] == own.after
    assert "--init models/tiny --replay before" in report.command
    lines = [json.loads(x) for x in said.out.splitlines() if x.startswith("{")]
    stages = list(dict.fromkeys(line["stage"] for line in lines))
    assert stages == ["reading", "heads", "all layers", "measuring"]
    assert (lines[-1]["done"], lines[-1]["seconds_left"]) == (lines[-1]["total"], 0)
    assert "own.zip, test (12 faces), expression:" in said.out
    assert "replayed in each epoch" in said.err
    assert "60 own images to learn" in said.err


def test_without_replay_it_says_what_is_lost_and_few_images_keep_the_temperatures(
    material: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert teach(material, "alone", "--epochs", "2", "--frozen-epochs", "1") == 0
    said = capsys.readouterr().out
    assert "Nothing was replayed" in said
    assert "--replay FILE" in said
    assert "too few to fit them" in said
    assert "calibration error" in said
    assert "of these right" in said
    report = Report.load(material / "models" / "alone")
    before, after = (
        ModelSpec.load(material / "models" / name).head(EXPRESSION_HEAD)
        for name in ("tiny", "alone")
    )
    assert report.adaptation
    assert (report.adaptation.replay, report.adaptation.replay_changes) == (None, ())
    assert report.adaptation.calibration == "kept"
    assert (after.temperature, after.abstention) == (before.temperature, before.abstention)
    assert ExpressionClassifier(material / "models" / "alone").labels == NAMES


def test_it_takes_a_model_to_teach(material: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = str(material / "own.zip")
    assert main(["train", "--preset", "adapt", "--data", own, "--out", "nowhere"]) == 1
    assert "name its directory with --init" in capsys.readouterr().err


def test_replay_is_for_adapt_alone(material: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = str(material / "own.zip")
    status = main(["train", "--data", own, "--out", "nowhere", "--replay", own])
    assert status == 1
    assert "--replay is for --preset adapt" in capsys.readouterr().err


def test_the_network_is_that_of_the_model() -> None:
    preset = adapted(PRESETS["adapt"], SHIPPED_MODEL)
    assert (preset.name, preset.widths, preset.dropout) == ("adapt", (64, 128, 256), 0.3)
    assert preset.epochs == PRESETS["adapt"].epochs
    with pytest.raises(DataError, match="--init"):
        adapted(PRESETS["adapt"], None)


def test_all_heads_are_kept_and_measured(tmp_path: Path) -> None:
    train, validation, own = bars(96, 1), bars(40, 2), bars(80, 3)
    data = tmp_path / "before.npz"
    np.savez(
        data,
        image=np.concatenate([train.images, validation.images])[..., 0],
        label=np.concatenate([train.labels, validation.labels]),
        usage=np.array(["Training"] * 96 + ["PublicTest"] * 40),
        votes=np.concatenate([train.votes, validation.votes]),
    )
    for number, (image, label) in enumerate(zip(own.images, own.labels, strict=True)):
        save_image(tmp_path / "own" / FER2013_LABELS[label] / f"{number}.png", 255 - image[..., 0])
    initial, out, work = tmp_path / "tiny", tmp_path / "taught", ["--work-dir", str(tmp_path / "w")]
    options = ["--preset", "small", "--data", str(data), "--out", str(initial)]
    assert main(["train", *options, *work, *TINY, "--epochs", "3"]) == 0
    options = ["--preset", "adapt", "--init", str(initial), "--data", str(tmp_path / "own")]
    options += ["--out", str(out), "--replay", str(data), "--epochs", "2", "--frozen-epochs", "1"]
    assert main(["train", *options, *work, "--precision", "float32", "--batch-size", "24"]) == 0
    before, after = ModelSpec.load(initial), ModelSpec.load(out)
    assert after.head_names == before.head_names
    taught = Report.load(out).adaptation
    assert taught
    assert {change.head for change in taught.own_changes} == {BALANCED_HEAD, EXPRESSION_HEAD}
    assert taught.own_changes[0].head == after.default_head
