"""A whole training in small: data → fit → files → the same answers from Keras and from LiteRT."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fer.errors import DataError
from fer.evaluation.report import Report
from fer.model.classifier import ExpressionClassifier
from fer.model.heads import softmax
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL
from tests.training.samples import TINY, bars
from training.__main__ import main
from training.commands import train as train_command
from training.commands.recompute import recomputed
from training.data.dataset import DataSet, joined
from training.export.litert import parity
from training.fit.distillation import teachers_for
from training.fit.loop import Fit, even_batch_size, fit
from training.networks.build import build
from training.presets.schema import Preset

#: The kill in the test falls on the change of size.
GROWING = dataclasses.replace(TINY, small_epochs=2, small_size=32)


#: Chance also decides what the teachers are shown.
TAUGHT = dataclasses.replace(TINY, teacher_weight=1, teaching="pictures", mixup=0.3)


class KilledError(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    train, validation = bars(96, 1), bars(32, 2)
    file = tmp_path_factory.mktemp("data") / "small.npz"
    np.savez(
        file,
        image=np.concatenate([train.images, validation.images])[..., 0],
        label=np.concatenate([train.labels, validation.labels]),
        usage=np.array(["Training"] * 96 + ["PublicTest"] * 32),
        votes=np.concatenate([train.votes, validation.votes]),
    )
    return file


def test_curves_of_each_domain(tmp_path: Path) -> None:
    parts = {
        name: DataSet(name, name, {"train": bars(64, seed), "validation": bars(size, 9)})
        for name, seed, size in (("posed", 1, 30), ("press", 2, 10))
    }
    both = joined(parts)
    done = fit(
        TINY, both.split("train"), both.split("validation"), seed=5, work_dir=tmp_path, verbose=0
    )
    for epoch in done.history:
        posed, press = epoch.domains["posed"], epoch.domains["press"]
        assert epoch.validation_accuracy == pytest.approx(
            (3 * posed.accuracy + press.accuracy) / 4, abs=1e-6
        )
    # What is measured in the last epoch are the averaged weights, which the model then has.
    logits = done.model.predict(parts["press"].split("validation").images.astype("float32"))
    right = logits["expression"].argmax(axis=1) == parts["press"].split("validation").labels
    assert right.mean() == pytest.approx(done.history[-1].domains["press"].accuracy, abs=0.11)


@pytest.mark.full
@pytest.mark.parametrize(
    "preset", [TINY, GROWING, TAUGHT], ids=["one size", "small images first", "taught"]
)
def test_a_resumed_training_goes_the_way_of_an_unbroken_one(preset: Preset, tmp_path: Path) -> None:
    train, validation = bars(64, 1), bars(32, 2)
    teachers = teachers_for(preset, [SHIPPED_MODEL], train)

    def fitted(folder: str, **further: Any) -> Fit:
        settings = {"seed": 5, "verbose": 0, "teachers": teachers, **further}
        return fit(preset, train, validation, work_dir=tmp_path / folder, **settings)

    def killer(epoch: int, logs: dict) -> None:
        if epoch == 2:
            raise KilledError

    whole = fitted("whole")
    with pytest.raises(KilledError):
        fitted("cut", callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=killer)])
    kept = json.loads((tmp_path / "cut" / "progress.json").read_text())["history"]
    assert len(kept) == 2
    rest = fitted("cut", resume=True)
    assert len(rest.history) == len(whole.history) == preset.epochs
    for resumed, unbroken in zip(rest.history, whole.history, strict=True):
        assert resumed.loss == pytest.approx(unbroken.loss, rel=0.02)
        assert resumed.learning_rate == pytest.approx(unbroken.learning_rate)


def test_a_training_that_blows_up_says_so_and_leaves_no_checkpoint(tmp_path: Path) -> None:
    wild = dataclasses.replace(TINY, learning_rate=1e30, warmup_epochs=0)
    with pytest.raises(DataError, match="lower --learning-rate"):
        fit(wild, bars(64, 1), bars(32, 2), seed=5, work_dir=tmp_path, verbose=0)
    assert not (tmp_path / "checkpoint.keras").exists()
    assert not (tmp_path / "progress.json").exists()


@pytest.mark.parametrize("count", [1, 2, 511, 512, 513, 1024, 1025, 3589])
def test_batches_of_validation_weigh_alike(count: int) -> None:
    """The mean of their means is a figure of the dashboard."""
    size = even_batch_size(count)
    last = count % size or size
    assert 1 <= size <= 512
    assert size - last < math.ceil(count / size)


def test_validation_loss_is_the_mean_of_all_faces(tmp_path: Path) -> None:
    plain = dataclasses.replace(TINY, ema_momentum=0.0, epochs=1)
    faces = bars(513, 2)
    done = fit(plain, bars(64, 1), faces, seed=5, work_dir=tmp_path, verbose=0)
    scores = done.model.predict(faces.images.astype(np.float32), verbose=0)["expression"]
    likely = softmax(np.asarray(scores))[np.arange(513), faces.labels]
    assert done.history[-1].validation_loss == pytest.approx(-np.log(likely).mean(), rel=0.01)


def test_a_training_step_is_traced_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    traced = []
    step = keras.Model.train_step

    def counted(model: keras.Model, data: Any) -> Any:
        traced.append(model)
        return step(model, data)

    monkeypatch.setattr(keras.Model, "train_step", counted)
    preset = Preset("p", "cnn-basic", widths=(4, 4), epochs=2, batch_size=8, vote_weight=0.5)
    fit(preset, bars(16, 1), bars(8, 2), seed=5, work_dir=tmp_path, verbose=0)
    assert len(traced) == 1


@pytest.mark.full
def test_the_moving_average_begins_anew_with_each_phase(tmp_path: Path) -> None:
    """Where nothing is learnt, the average of the weights is the weights."""
    still = dataclasses.replace(GROWING, learning_rate=1e-12, weight_decay=0.0, ema_momentum=0.99)
    train, validation = bars(32, 1), bars(8, 2)
    found = fit(still, train, validation, seed=5, work_dir=tmp_path, verbose=0).model
    keras.utils.set_random_seed(5)
    begun = build(still, {"expression": 7, "ferplus": 8})
    for weight, before in zip(found.trainable_variables, begun.trainable_variables, strict=True):
        assert np.asarray(weight) == pytest.approx(np.asarray(before), abs=1e-4)


def test_the_command_writes_a_model_that_the_app_can_run(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "models" / "trial"
    small = [
        "--preset",
        "compact",
        "--teacher",
        str(SHIPPED_MODEL),
        "--average",
        str(SHIPPED_MODEL),
        "--epochs",
        "1",
        "--batch-size",
        "32",
        "--limit",
        "64",
        "--quick",
    ]
    places = ["--data", str(archive), "--out", str(out), "--work-dir", str(tmp_path / "work")]
    status = main(["train", "--seed", "3", *small, *places])
    assert status == 0
    said = capsys.readouterr()
    assert "validation accuracy" in said.out
    assert "training on 64 faces; left out: 32 beyond --limit\n" in said.err
    assert "measuring 32 faces that are held out, each as it is and in 3 degraded" in said.err
    assert [entry.name for entry in out.parent.iterdir()] == ["trial"]
    report = Report.load(out)
    assert (len(report.history), report.seed) == (1, 3)
    assert report.data.class_counts["train"] == bars(96, 1).counts()
    assert report.evaluations.keys() == {"validation"}
    assert report.evaluations["validation"].count == 32
    assert "--epochs 1" in report.command
    assert "--teacher models/compact --average models/compact --epochs" in report.command
    assert str(tmp_path) not in report.command
    assert report.data.dropped["beyond --limit"] == 32
    assert (report.tta, report.robustness) == (None, ())
    assert report.ferplus_agreement
    assert recomputed(out).evaluations == report.evaluations
    assert main(["train", "--seed", "3", *small, *places]) == 1
    assert "has a model in it" in capsys.readouterr().err
    assert report.parity < 1e-3
    assert sum(layer.parameters for layer in report.layers) == report.parameters
    assert ExpressionClassifier(out)(bars(5, 4).images).shape == (5, 7)


def test_each_domain_is_measured_apart_and_does_not_dilute_the_first(
    archive: Path, tmp_path: Path
) -> None:
    """The second domain's votes are all zero, as where nobody voted."""
    fields = dict(np.load(archive))
    order = np.random.default_rng(1).permutation(len(fields["label"]))[:100]
    fields = {name: values[np.sort(order)] for name, values in fields.items()} | {
        "image": np.roll(fields["image"][np.sort(order)], 3, axis=2)
    }
    del fields["votes"]
    np.savez(tmp_path / "press.npz", **fields)
    held_out = int((fields["usage"] == "PublicTest").sum())
    data = ["--data", f"posed={archive}", f"press={tmp_path / 'press.npz'}"]
    out = tmp_path / "models" / "two"
    trial = ["--preset", "small", "--widths", "8,8", "--blocks-per-stage", "1", "--epochs", "1"]
    places = ["--out", str(out), "--work-dir", str(tmp_path / "work")]
    assert main(["train", *data, *trial, "--small-epochs", "0", *places]) == 0
    report, spec = Report.load(out), ModelSpec.load(out)
    counts = {name: figures.count for name, figures in report.evaluations.items()}
    assert counts == {
        "validation": 32,
        "validation, press": held_out,
        "validation, all domains": 32 + held_out,
    }
    assert report.balanced_evaluations.keys() == counts.keys()
    assert report.before_temperature.count == report.tta.evaluation.count == 32
    assert all(variant.evaluation.count == 32 for variant in report.robustness)
    measured = {(s.split, s.head, s.degraded): s for s in report.selective}
    for name, count in counts.items():
        for degraded, times in ((False, 1), (True, 3)):
            assert measured[name, "balanced", degraded].count == times * count
    assert ("validation, press", "ferplus", False) not in measured, "nobody voted"
    assert spec.default_head in spec.head_names
    # Everything follows from the predictions that are stored, the parts of each domain too.
    report.model_copy(update={"selective": (), "evaluations": {}}).save(out)
    before = (out / "spec.json").read_bytes()
    assert main(["recompute", str(out)]) == 0
    assert (Report.load(out), (out / "spec.json").read_bytes()) == (report, before)
    assert main(["recompute", str(out), *data]) == 0
    assert Report.load(out).evaluations == report.evaluations


def test_a_missing_data_set_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    status = main(["train", "--data", str(tmp_path / "none.npz"), "--out", str(tmp_path / "m")])
    assert status == 1
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "FULL"], "something else than a model in it, such as thesis.odt"),
        (["--out", "FULL", "--overwrite"], "such as thesis.odt"),
        (["--out", "FULL/thesis.odt/new"], "is a file, or in one"),
        (["--out", "."], "expected a directory such as models/mine"),
        (["--out", "NEW", "--init", "NEW"], "is what shall be read"),
        (["--out", "NEW", "--teacher", "NEW/a"], "is what shall be read"),
        (["--out", "NEW", "--preset", "adapt", "--replay", "NEW"], "is what shall be read"),
        (["--out", "NEW", "--work-dir", "NEW"], "is what shall be read"),
        (["--out", "NEW", "--work-dir", "FULL/thesis.odt"], "is a file, or in one"),
        (["--out", "NEW", "--epochs", "0"], "--epochs expects 1 or more, got 0"),
    ],
)
def test_a_place_that_will_not_do_is_told_before_anything_is_read(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.odt").write_text("mine")
    names = {"FULL": str(tmp_path / "full"), "NEW": str(tmp_path / "new")}
    for short, path in names.items():
        options = [option.replace(short, path) for option in options]
    work = [] if "--work-dir" in options else ["--work-dir", str(tmp_path / "work")]
    assert main(["train", "--data", str(tmp_path / "none.npz"), *work, *options]) == 1
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "thesis.odt"]


def test_after_ctrl_c_it_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def interrupted(*_: object) -> int:
        (tmp_path / "work").mkdir()
        (tmp_path / "work" / "progress.json").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(train_command, "_run", interrupted)
    places = ["--out", str(tmp_path / "m"), "--work-dir", str(tmp_path / "work")]
    assert main(["train", "--data", "none.npz", *places]) == 130
    assert "the same command with --resume goes on" in capsys.readouterr().err


def test_keras_and_litert_give_the_same_probabilities() -> None:
    model = keras.models.load_model(SHIPPED_MODEL / "model.keras")
    images = np.random.default_rng(0).integers(0, 256, (100, 48, 48, 1), dtype=np.uint8)
    assert parity(model, ExpressionClassifier(SHIPPED_MODEL), images) < 1e-3
