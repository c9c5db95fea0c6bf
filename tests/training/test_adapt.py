"""Teaching in small: a tiny model of drawn faces learns those of another style."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.evaluation.report import Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL
from tests.training.samples import (
    NETWORK,
    bars,
    data_set,
    save_image,
    sizes,
    train,
    write_classes,
)
from training import adapt
from training.adapt import LEAST_HELD_OUT, FineTuning, adapted, load_replay, own_images, pool
from training.data.dataset import DataSet
from training.demo_faces import write_demo_data
from training.evaluation.output import adaptation_text
from training.evaluation.predict import SpreadClassifier
from training.presets.catalogue import PRESETS

SPEC = ModelSpec.load(SHIPPED_MODEL)


def test_some_of_the_models_classes_under_other_names(tmp_path: Path) -> None:
    folder = write_classes(tmp_path, 20, ["Happiness", "sadness", "contempt", "bored"])
    data, left_out = own_images(folder, SPEC)
    assert sizes(data) == {"train": 28, "validation": 4, "test": 8}
    train = data.split("train")
    assert {n: c for n, c in train.counts().items() if c} == {"happy": 14, "sad": 14}
    assert (train.class_names, train.images.shape[1:]) == (SPEC.labels, (48, 48, 1))
    assert train.votes is not None
    assert not train.votes.any()
    assert left_out == {"contempt": 20, "bored": 20}
    plain = SPEC.model_copy(update={"heads": (SPEC.head("expression"),)})
    assert own_images(folder, plain)[0].split("train").votes is None


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (["Training"] * 30 + ["PublicTest"] * 10, {"train": 24, "validation": 10, "test": 6}),
        (["Training"] * 40, {"train": 28, "validation": 4, "test": 8}),
    ],
)
def test_what_is_not_held_out_yet_is_drawn(
    usage: list[str], expected: dict[str, int], tmp_path: Path
) -> None:
    faces = {"image": bars(40, 1).images[..., 0], "label": np.where(np.arange(40) % 2, 3, 5)}
    np.savez(tmp_path / "own.npz", **faces, usage=usage, person=np.arange(40))
    assert sizes(own_images(tmp_path / "own.npz", SPEC)[0]) == expected


@pytest.mark.parametrize(
    ("per_class", "classes", "message"),
    [
        (5, ["happy", "sad", "fear"], None),
        (4, ["happy", "sad"], "has 4 happy, 4 sad"),
        (9, ["happy", "bored"], "has 9 happy, 9 bored"),
        (9, ["bored", "tired"], "expected at least 5 images of each of two expressions"),
        (0, ["happy", "sad"], r"has no training images of expressions .* only test"),
    ],
)
def test_five_of_each_are_enough_to_hold_one_out(
    per_class: int, classes: list[str], message: str | None, tmp_path: Path
) -> None:
    write_classes(tmp_path / ("" if per_class else "test"), per_class or 6, classes)
    if message:
        with pytest.raises(DataError, match=message):
            own_images(tmp_path, SPEC)
        return
    data, _ = own_images(tmp_path, SPEC)
    counts = {name: faces.counts()["happy"] for name, faces in data.splits.items()}
    assert counts == {"train": 3, "validation": 1, "test": 1}


def test_what_is_replayed_has_the_models_classes_and_no_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(load_replay(write_classes(tmp_path / "all", 20), SPEC).splits) == [
        "train", "validation"
    ]  # fmt: skip
    with pytest.raises(DataError, match="the data set has happy, sad"):
        load_replay(write_classes(tmp_path / "two", 20, ["happy", "sad"]), SPEC)
    monkeypatch.setattr(adapt, "POOL_PER_CLASS", 5)
    drawn = pool(data_set("before", {"train": 200, "validation": 20}))
    assert set(drawn.counts().values()) == {5}


FEW = {"train": 30, "validation": 8, "test": 9}


def without_votes(data: DataSet) -> DataSet:
    for faces in data.splits.values():
        assert faces.votes is not None
        faces.votes[:] = 0
    return data


@pytest.mark.parametrize(
    ("replay", "held_out", "kept", "calibration"),
    [
        (None, LEAST_HELD_OUT - 1, {EXPRESSION_HEAD, FERPLUS_HEAD}, "kept"),
        (None, LEAST_HELD_OUT, {FERPLUS_HEAD}, "own"),
        (without_votes(data_set("before", FEW)), 8, {FERPLUS_HEAD}, "fitted"),
        (data_set("before", FEW), 8, set(), "fitted"),
    ],
    ids=["few, no replay", "many, no replay", "replay without votes", "replay with votes"],
)
def test_what_cannot_be_fitted_is_that_of_the_initial_model(
    replay: DataSet | None, held_out: int, kept: set[str], calibration: str, tmp_path: Path
) -> None:
    update = {"temperature": 4.0, "abstention": None}
    fitted = tuple(head.model_copy(update=update) for head in SPEC.heads)
    SPEC.model_copy(update={"heads": fitted}).save(tmp_path)
    own = without_votes(data_set("own", FEW | {"validation": held_out}))
    taught = FineTuning(SHIPPED_MODEL, own, {}, replay, PRESETS["adapt"])
    taught.keep_settings(tmp_path)
    after = ModelSpec.load(tmp_path)
    assert after.head_names == SPEC.head_names
    for head in (EXPRESSION_HEAD, FERPLUS_HEAD):
        expected = SPEC.head(head).temperature if head in kept else 4.0
        assert after.head(head).temperature == expected
        assert (after.head(head).abstention is not None) is (head in kept)
    changes = taught.changes(SpreadClassifier(SHIPPED_MODEL), 1)
    assert changes.calibration == calibration
    text = adaptation_text(changes)
    assert "of these right" in text
    assert ("too few to fit them" in text) is (calibration == "kept")
    for part in ("Nothing was replayed", "--replay FILE"):
        assert (part in text) is (replay is None)


def test_one_is_not_taught_what_is_held_out_and_answers_are_kept_of_what_is_replayed() -> None:
    own = data_set("own", FEW)
    own.splits["test"].images[:3] = own.splits["train"].images[:3]
    taught = FineTuning(SHIPPED_MODEL, own, {}, data_set("before", FEW), PRESETS["adapt"])
    assert taught.dropped["also held out"] == 3
    assert taught.learnt == 27
    assert taught.teachers.weight[:, 0].tolist() == [0] * 27 + [1] * (len(taught.train) - 27)
    alone = FineTuning(SHIPPED_MODEL, own, {}, None, PRESETS["adapt"])
    assert (len(alone.train), alone.mixture.replayed) == (27, 0)


def test_the_network_is_that_of_the_model() -> None:
    preset = adapted(PRESETS["adapt"], SHIPPED_MODEL)
    assert (preset.name, preset.widths, preset.dropout) == ("adapt", (64, 128, 256), 0.3)
    assert preset.epochs == PRESETS["adapt"].epochs


NAMES = ("angry", "happy", "surprise")


@pytest.mark.full
def test_it_learns_another_style_and_keeps_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, own, initial = (tmp_path / name for name in ("before", "own", "models/tiny"))
    write_demo_data(before, per_class=40, classes=NAMES)
    write_demo_data(own, per_class=20, classes=NAMES, seed=7, negative=True)
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as file:
        for path in sorted(own.rglob("*.png")):
            file.write(path, path.relative_to(own))
    options = [*NETWORK, "--widths", "12,24", "--ema-momentum", "0", "--epochs", "10"]
    assert train("small", before, initial, *options) == 0
    options = ["--init", str(initial), "--replay", str(before), "--least-faces", "120"]
    taught = initial.with_name("taught")
    assert train("adapt", own.with_suffix(".zip"), taught, *options, "--batch-size", "24") == 0
    report, said = Report.load(taught), capsys.readouterr()
    assert report.adaptation
    learnt, kept = report.adaptation.own_changes[0], report.adaptation.replay_changes[0]
    assert learnt.gained >= 0.1
    assert kept.gained >= -0.1
    assert (learnt.after.count, kept.data, kept.split) == (12, "before", "validation")
    assert learnt.split == "test"
    assert "test" not in report.evaluations, "beyond before and after, it is not measured"
    assert "own.zip, test (12 faces), expression:" in said.out
    assert "60 own images to learn" in said.err


def test_all_heads_are_kept_and_measured_and_it_says_how_far_it_is(
    tiny: Path, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, out = bars(80, 3), tmp_path / "taught"
    for number, (image, label) in enumerate(zip(own.images, own.labels, strict=True)):
        save_image(tmp_path / "own" / FER2013_LABELS[label] / f"{number}.png", 255 - image[..., 0])
    options = ["--init", str(tiny), "--replay", str(archive), "--epochs", "2", "--frozen-epochs"]
    options += ["1", "--batch-size", "24", "--least-faces", "24", "--quick", "--progress-json"]
    assert train("adapt", tmp_path / "own", out, *options) == 0
    before, after, report = ModelSpec.load(tiny), ModelSpec.load(out), Report.load(out)
    assert after.head_names == before.head_names
    taught = report.adaptation
    assert taught
    assert [change.head for change in taught.own_changes] == [BALANCED_HEAD, EXPRESSION_HEAD]
    assert taught.replay
    assert taught.replay.of_initial_model
    assert taught.initial_sha256 == before.sha256
    assert "--init models/tiny --replay small.npz" in report.command
    assert (report.tta, report.robustness) == (None, ()), "--quick"
    said = capsys.readouterr()
    lines = [json.loads(x) for x in said.out.splitlines() if x.startswith("{")]
    stages = list(dict.fromkeys(line["stage"] for line in lines))
    assert stages == ["reading", "heads", "all layers", "measuring"]
    assert (lines[-1]["done"], lines[-1]["seconds_left"]) == (lines[-1]["total"], 0)
    assert "replayed in each epoch" in said.err
    assert "not in ten views, nor corrupted (--quick)" in said.err
