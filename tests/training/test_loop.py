"""Trainings of a tiny network: what they begin and end with, and what is kept of each epoch."""

import dataclasses
import errno
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

import training.export
from fer.errors import DataError, ModelError
from fer.evaluation.report import Epoch
from fer.labels import FER2013_LABELS
from fer.model.classifier import ExpressionClassifier, softmax
from fer.model.spec import Head, ModelSpec
from tests.samples import ROOT, SHIPPED_MODEL
from tests.training.samples import TINY, bars, data_set
from training.data.dataset import joined
from training.export import export, export_format
from training.fit.checkpoint import Checkpoint, Run, fingerprint
from training.fit.loop import Fit, compile_model, distribute, fit
from training.fit.other_models import average, initialise_from, teachers_for, weights_of
from training.networks import build
from training.presets.catalogue import PRESETS
from training.presets.schema import Preset

#: The kill in the test falls on the change of size.
GROWING = dataclasses.replace(TINY, small_epochs=2, small_size=32)

#: Chance also decides what the teachers are shown.
TAUGHT = dataclasses.replace(TINY, teacher_weight=1, teaching="pictures")

#: Learns nothing.
STILL = dataclasses.replace(TINY, learning_rate=1e-12, weight_decay=0.0, epochs=1)

SIZES = {"expression": 7, "ferplus": 8}


class KilledError(Exception):
    """Stands for whatever ends a process."""


def fitted(preset: Preset, work_dir: Path, count: int = 32, **settings: Any) -> Fit:
    known = {"seed": 5, "work_dir": work_dir, "verbose": 0} | settings
    return fit(preset, bars(count, 1), bars(8, 2), **known)


def assert_same(found: keras.Model, expected: keras.Model) -> None:
    pairs = zip(found.trainable_variables, expected.trainable_variables, strict=True)
    for weight, other in pairs:
        assert np.asarray(weight) == pytest.approx(np.asarray(other), abs=1e-4)


def test_curves_of_each_domain(tmp_path: Path) -> None:
    parts = {"posed": data_set("posed", {"train": 64, "validation": 30})}
    parts["press"] = data_set("press", {"train": 64, "validation": 10})
    both = joined(parts)
    validation = both.split("validation")
    short = dataclasses.replace(TINY, epochs=2)
    done = fit(short, both.split("train"), validation, seed=5, work_dir=tmp_path, verbose=0)
    for epoch in done.history:
        posed, press = epoch.domains["posed"], epoch.domains["press"]
        mean = (3 * posed.accuracy + press.accuracy) / 4
        assert epoch.validation_accuracy == pytest.approx(mean, abs=1e-6)
    # What is measured in the last epoch are the averaged weights, which the model then has.
    press = parts["press"].split("validation")
    logits = done.model.predict(press.images.astype("float32"), verbose=0)
    right = logits["expression"].argmax(axis=1) == press.labels
    assert right.mean() == pytest.approx(done.history[-1].domains["press"].accuracy, abs=0.11)


@pytest.mark.full
@pytest.mark.parametrize(
    "preset", [TINY, GROWING, TAUGHT], ids=["one size", "small images first", "taught"]
)
def test_a_resumed_training_goes_the_way_of_an_unbroken_one(preset: Preset, tmp_path: Path) -> None:
    known = {"count": 64, "teachers": teachers_for(preset, [SHIPPED_MODEL], bars(64, 1))}

    def killer(epoch: int, logs: dict) -> None:
        if epoch == 2:
            raise KilledError

    whole, cut = fitted(preset, tmp_path / "whole", **known), tmp_path / "cut"
    kill = keras.callbacks.LambdaCallback(on_epoch_begin=killer)
    with pytest.raises(KilledError):
        fitted(preset, cut, callbacks=[kill], **known)
    assert len(json.loads((cut / "progress.json").read_text())["history"]) == 2
    rest = fitted(preset, cut, resume=True, **known)
    assert len(rest.history) == len(whole.history) == preset.epochs
    for resumed, unbroken in zip(rest.history, whole.history, strict=True):
        assert resumed.loss == pytest.approx(unbroken.loss, rel=0.02)
        assert resumed.learning_rate == pytest.approx(unbroken.learning_rate)


def test_a_step_is_traced_once_and_the_validation_loss_is_the_mean_of_all_faces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced = []
    step = keras.Model.train_step

    def counted(model: keras.Model, data: Any) -> Any:
        traced.append(model)
        return step(model, data)

    monkeypatch.setattr(keras.Model, "train_step", counted)
    preset = Preset("p", "cnn-basic", widths=(4, 4), epochs=2, batch_size=8, vote_weight=0.5)
    faces = bars(513, 2)
    done = fit(preset, bars(16, 1), faces, seed=5, work_dir=tmp_path, verbose=0)
    assert len(traced) == 1
    scores = done.model.predict(faces.images.astype(np.float32), verbose=0)["expression"]
    likely = softmax(np.asarray(scores))[np.arange(513), faces.labels]
    best = min(done.history, key=lambda epoch: -epoch.validation_accuracy)
    assert best.validation_loss == pytest.approx(-np.log(likely).mean(), rel=0.01)


@pytest.mark.full
def test_the_moving_average_begins_anew_with_each_phase(tmp_path: Path) -> None:
    """Where nothing is learnt, the average of the weights is the weights."""
    still = dataclasses.replace(STILL, epochs=4, small_epochs=2, small_size=32, ema_momentum=0.99)
    found = fitted(still, tmp_path).model
    keras.utils.set_random_seed(5)
    assert_same(found, build(still, SIZES))


def test_a_training_begins_where_another_ended(tmp_path: Path) -> None:
    spec = ModelSpec.load(SHIPPED_MODEL)
    begun = build(TINY, {head.output: len(head.labels) for head in spec.heads if head.output})
    begun.save(tmp_path / "model.keras")
    spec.save(tmp_path)
    assert_same(fitted(STILL, tmp_path, seed=9, initial_model=tmp_path).model, begun)


def test_labels_are_smoothed_and_votes_are_not() -> None:
    preset = dataclasses.replace(TINY, label_smoothing=0.2, vote_weight=0.5)
    model = build(preset, SIZES)
    compile_model(model, preset, 10)
    assert {head: loss.label_smoothing for head, loss in model.loss.items()} == {
        "expression": 0.2, "ferplus": 0.0,
    }  # fmt: skip


def test_images_of_another_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"learns from images \(64, 64, 1\), got \(48, 48, 1\)"):
        fitted(dataclasses.replace(TINY, input_size=64), tmp_path)


def trained(directory: Path, spec: ModelSpec, preset: Preset, labels: tuple[str, ...]) -> Path:
    """Write what a training can begin with, and return the directory."""
    build(preset, {"expression": len(labels), "votes": 8}).save(directory / "model.keras")
    head = Head(name="expression", output="expression", labels=labels, meaning="a label")
    voters = Head(name="ferplus", output="votes", labels=tuple("abcdefgh"), meaning="votes")
    spec.model_copy(update={"heads": (head, voters)}).save(directory)
    return directory


@pytest.mark.parametrize("preset", [TINY, PRESETS["cnn-basic"]], ids=["named", "unnamed layers"])
@pytest.mark.parametrize(
    ("classes", "anew"), [(("a", "b", "c"), False), (("a", "c", "b"), True), (("a",), True)]
)
def test_a_head_for_other_classes_is_learnt_anew_and_all_else_taken_over(
    tmp_path: Path, spec: ModelSpec, classes: tuple[str, ...], anew: bool, preset: Preset
) -> None:
    """Also a head whose output had another name."""
    trained(tmp_path, spec, preset, ("a", "b", "c"))
    mine = build(preset, {"expression": len(classes), "ferplus": 8})
    before = mine.get_layer("expression").get_weights()
    initialise_from(tmp_path, mine, classes)
    theirs = keras.models.load_model(tmp_path / "model.keras")
    pairs = [(mine.get_layer("ferplus"), theirs.get_layer("votes"))]
    pairs += list(zip(mine.layers[:-2], theirs.layers[:-2], strict=True))
    for ours, taken in pairs:
        for a, b in zip(ours.get_weights(), taken.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    expected = before if anew else theirs.get_layer("expression").get_weights()
    np.testing.assert_array_equal(mine.get_layer("expression").get_weights()[0], expected[0])


def test_a_training_cannot_begin_with_another_network(tmp_path: Path, spec: ModelSpec) -> None:
    names = ("a", "b")
    mine = build(TINY, {"expression": 2})
    with pytest.raises(DataError, match=r"model\.keras is missing"):
        initialise_from(tmp_path, mine, names)
    for other in ({"widths": (8, 16)}, {"blocks_per_stage": 2}):
        trained(tmp_path, spec, dataclasses.replace(TINY, **other), names)
        with pytest.raises(DataError, match="is another network"):
            initialise_from(tmp_path, mine, names)


def saved(directory: Path, seed: int, preset: Preset = TINY) -> keras.Model:
    """Write a network of random weights where a training would, and return it."""
    keras.utils.set_random_seed(seed)
    network = build(preset, SIZES)
    directory.mkdir()
    network.save(directory / "model.keras")
    ModelSpec.load(SHIPPED_MODEL).save(directory)
    return network


@pytest.mark.parametrize(
    ("names", "share", "shares"),
    [("", None, (1,)), ("ab", None, (1 / 3, 1 / 3, 1 / 3)), ("ab", 0.8, (0.8, 0.1, 0.1))],
)
def test_every_training_counts_alike_or_as_told(
    tmp_path: Path, names: str, share: float | None, shares: tuple[float, ...]
) -> None:
    others = [saved(tmp_path / name, seed) for seed, name in enumerate(names)]
    network = build(TINY, SIZES)
    parts = [model.get_weights() for model in (network, *others)]
    weights = [weights_of(tmp_path / name, network, FER2013_LABELS) for name in names]
    average(network, weights, share)
    for found, *each in zip(network.get_weights(), *parts, strict=True):
        expected = sum(w * part for w, part in zip(shares, each, strict=True))
        assert found == pytest.approx(expected, abs=1e-6)


def test_a_training_ends_with_the_mean_and_once_finished_asks_nobody(tmp_path: Path) -> None:
    """And with batch-norm statistics for it, which the mean of the statistics is not."""
    other = saved(tmp_path / "other", 8)
    short = dataclasses.replace(TINY, epochs=2, teacher_weight=0.5)
    asked = [teachers_for(short, [SHIPPED_MODEL], bars(32, 1)) for _ in "ab"]
    runs = [
        fitted(short, tmp_path, resume=True, averaged_with=averaged, teachers=teachers).model
        for averaged, teachers in zip(((), (tmp_path / "other",)), asked, strict=True)
    ]
    # Asking takes minutes: a finished run does without.
    assert ["answers" in vars(one) for one in asked] == [True, False]
    alone, mean = (run.trainable_variables for run in runs)
    for found, a, b in zip(mean, alone, other.trainable_variables, strict=True):
        assert np.asarray(found) == pytest.approx((np.asarray(a) + np.asarray(b)) / 2, abs=1e-6)
    statistics = [
        [np.asarray(w) for w in model.non_trainable_variables if "moving" in w.path]
        for model in (runs[1], runs[0], other)
    ]
    naive = [(a + b) / 2 for a, b in zip(*statistics[1:], strict=True)]
    assert any(np.abs(a - b).max() > 0.1 for a, b in zip(statistics[0], naive, strict=True))


@pytest.mark.parametrize(
    ("directory", "labels", "said"),
    [
        ("none", FER2013_LABELS, "is missing"),
        ("same", FER2013_LABELS[::-1], "the data set has neutral"),
        ("wide", FER2013_LABELS, "another network"),
    ],
)
def test_what_cannot_be_averaged_with_is_told_before_anything_is_learnt(
    tmp_path: Path, directory: str, labels: tuple[str, ...], said: str
) -> None:
    saved(tmp_path / "same", 1)
    saved(tmp_path / "wide", 1, TINY.override({"widths": (8, 16)}))
    faces = dataclasses.replace(bars(32, 1), class_names=labels)
    known = {"seed": 5, "work_dir": tmp_path / "work", "verbose": 0}
    with pytest.raises(DataError, match=said):
        fit(TINY, faces, faces, averaged_with=[tmp_path / directory], **known)
    assert not list((tmp_path / "work").iterdir())


class Model:
    """Its file is the number of its epoch."""

    def __init__(self) -> None:
        self.epoch, self.stop_training = 0, False
        self.optimizer = SimpleNamespace(learning_rate=0.1)

    def save(self, path: Path) -> None:
        path.write_text(str(self.epoch))


def lived(
    run: Run, losses: list[float], accuracies: list[float] | None = None, **settings: Any
) -> int:
    """Live through epochs as Keras would, and return how many there were."""
    model = Model()
    checkpoint = Checkpoint(run, {}, **{"keep_best": False, "patience": 0} | settings)
    checkpoint.set_model(model)
    for model.epoch, loss in enumerate(losses):
        checkpoint.on_epoch_begin(model.epoch)
        logs = {"loss": 1.0, "accuracy": 0.5, "val_loss": loss}
        logs["val_accuracy"] = accuracies[model.epoch] if accuracies else 0.5
        checkpoint.on_epoch_end(model.epoch, logs)
        if model.stop_training:
            break
    return model.epoch + 1


@pytest.mark.parametrize(
    ("losses", "patience", "epochs"),
    [
        ((3, 1, 2, 2, 2, 2), 0, 6),
        ((3, 1, 2, 2, 2, 2), 1, 3),
        ((3, 1, 2, 2, 2, 2), 3, 5),
        ((3, 1, 2, 2, 2, 2), 9, 6),
        ((1, 1, 1), 2, 3),
        ((3, 4, 2, 5), 2, 4),
    ],
)
def test_a_run_stops_once_it_has_stalled(
    tmp_path: Path, losses: tuple[float, ...], patience: int, epochs: int
) -> None:
    run = Run(tmp_path, {})
    assert lived(run, list(losses), patience=patience) == epochs
    assert run.stalled(patience) is (epochs < len(losses) or losses == (1, 1, 1))


@pytest.mark.parametrize(
    ("accuracies", "best"),
    [([0.5], "0"), ([0.3, 0.6, 0.5], "1"), ([0.3, 0.4, 0.5], "2"), ([0.3, 0.5, 0.5], "1")],
    ids=["one epoch", "in the middle", "rising", "the first of equals"],
)
@pytest.mark.parametrize("keep_best", [True, False])
def test_the_best_epoch_is_kept_beside_the_last_where_it_is_asked_for(
    tmp_path: Path, accuracies: list[float], best: str, keep_best: bool
) -> None:
    lived(Run(tmp_path, {}), [1.0] * len(accuracies), accuracies, keep_best=keep_best)
    found = Run.read(tmp_path, {})
    assert (found.best.read_text() if found.best.exists() else None) == (
        best if keep_best else None
    )
    assert found.checkpoint.read_text() == str(len(accuracies) - 1)
    assert [e.validation_accuracy for e in found.history] == accuracies


@pytest.mark.parametrize("figure", ["loss", "val_loss"])
def test_a_training_that_blows_up_says_so_and_keeps_the_epoch_before(
    figure: str, tmp_path: Path
) -> None:
    run = Run(tmp_path, {})
    lived(run, [1.0])
    checkpoint = Checkpoint(run, {}, keep_best=False, patience=0)
    checkpoint.set_model(Model())
    logs = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}
    with pytest.raises(DataError, match=r"epoch 2: .* lower --learning-rate"):
        checkpoint.on_epoch_end(1, logs | {figure: float("nan")})
    assert len(Run.read(tmp_path, {}).history) == 1


@pytest.mark.parametrize(
    ("changes", "seed", "faces", "reason"),
    [
        ({"name": "another name"}, 5, 1, ""),
        ({"learning_rate": 0.5}, 5, 1, "learning rate 0.05 (now 0.5)"),
        ({"label_smoothing": 0.3}, 5, 1, "label smoothing 0.0 (now 0.3)"),
        ({}, 6, 1, "seed 5 (now 6)"),
        ({}, 5, 2, "faces "),
    ],
)
def test_only_the_same_run_goes_on(
    tmp_path: Path, changes: dict, seed: int, faces: int, reason: str
) -> None:
    def of(preset: Any, seed: int, faces: int) -> dict[str, Any]:
        return fingerprint(preset, bars(4, faces), seed=seed, teachers=None, initial_model=None)

    begun = of(TINY, 5, 1)
    del begun["label_smoothing"]  # a run that is older than this setting used the usual one
    lived(Run(tmp_path, begun), [1.0])
    now = of(dataclasses.replace(TINY, **changes), seed, faces)
    if not reason:
        assert len(Run.read(tmp_path, now).history) == 1
        return
    with pytest.raises(DataError, match=re.escape(reason)):
        Run.read(tmp_path, now)


def test_a_run_without_its_checkpoint_cannot_go_on(tmp_path: Path) -> None:
    lived(Run(tmp_path, {}), [1.0])
    (tmp_path / "checkpoint.keras").unlink()
    with pytest.raises(DataError, match=r"has no checkpoint.keras beside it\. Start again with"):
        Run.read(tmp_path, {})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00",
        b"[]",
        b"{}",
        b'{"history": [], "seconds": "long"}',
        b'{"history": [{"loss": 1}], "seconds": 1}',
        b'{"history": [], "seconds": 1, "run": 3}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_record_of_a_run_cannot_be_resumed(content: bytes, tmp_path: Path) -> None:
    lived(Run(tmp_path, {}), [1.0])
    (tmp_path / "progress.json").write_bytes(content)
    with pytest.raises(DataError, match=r"progress.json is damaged: .* with --overwrite"):
        Run.read(tmp_path, {})


@pytest.fixture(scope="module")
def with_code(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A Keras file with Python code in it."""
    image = keras.Input((48, 48, 1))
    file = tmp_path_factory.mktemp("code") / "model.keras"
    keras.Model(image, keras.layers.Lambda(lambda x: x + 1)(image)).save(file)
    return file.read_bytes()


@pytest.mark.parametrize("kind", ["empty", "random", "truncated", "code"])
def test_a_damaged_or_unsafe_checkpoint_is_refused(
    kind: str, with_code: bytes, tmp_path: Path
) -> None:
    contents = {
        "empty": b"",
        "random": np.random.default_rng(0).bytes(5000),
        "truncated": (SHIPPED_MODEL / "model.keras").read_bytes()[:20_000],
        "code": with_code,
    }
    run = Run(tmp_path, {})
    for file, load in ((run.checkpoint, run.load_checkpoint), (run.best, run.load_best)):
        file.write_bytes(contents[kind])
        with pytest.raises(DataError, match=r"cannot be loaded: .* --overwrite") as said:
            load()
        assert str(file) in str(said.value)
        assert len(str(said.value)) < 600


def test_a_model_with_code_is_not_exported(with_code: bytes, tmp_path: Path) -> None:
    ModelSpec.load(SHIPPED_MODEL).save(tmp_path)
    (tmp_path / "model.keras").write_bytes(with_code)
    faces = bars(2, 1).images
    with pytest.raises(DataError, match=r"model.keras cannot be loaded"):
        export_format("float32", tmp_path, tmp_path, faces)


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_full_disk_is_named_and_nothing_unfinished_stays(epochs: int, tmp_path: Path) -> None:
    class Full(Model):
        def save(self, path: Path) -> None:
            path.write_text("a part")
            raise OSError(errno.ENOSPC, "No space left on device")

    run = Run(tmp_path, {})
    lived(run, [1.0] * (epochs - 1))
    before = sorted(tmp_path.iterdir())
    epoch = Epoch(loss=1, accuracy=1, validation_loss=1, validation_accuracy=1, learning_rate=0.1)
    with pytest.raises(OSError, match=r"No space left on device; make room.*") as said:
        run.add(epoch, 1.0, Full(), keep_best=True)
    assert (said.value.errno, said.value.filename) == (errno.ENOSPC, str(tmp_path))
    assert sorted(tmp_path.iterdir()) == before
    assert len(Run.read(tmp_path, {}).history) == epochs - 1


def test_another_backend_exports_in_a_process_with_tensorflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build(TINY, SIZES)
    here = export(model, tmp_path / "here", class_names=FER2013_LABELS)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    there = export(model, tmp_path / "there", class_names=FER2013_LABELS)
    assert there.heads == here.heads
    faces = bars(5, 1).images
    answers = [ExpressionClassifier(tmp_path / name).all_heads(faces) for name in ("here", "there")]
    for head, shares in answers[0].items():
        np.testing.assert_allclose(answers[1][head], shares, atol=1e-5)
    monkeypatch.setattr(training.export, "_WRITE_LITERT", "raise SystemExit('no TensorFlow here')")
    with pytest.raises(ModelError, match=r"could not export it: no TensorFlow here\. .* --resume"):
        export(model, tmp_path / "nowhere", class_names=FER2013_LABELS)


TRAIN_TWICE = """
import json, sys
from pathlib import Path
from tests.training.samples import TINY, bars
from training.fit.loop import distribute, fit

def trained(name):
    done = fit(TINY.override({"epochs": 1}), bars(64, 1), bars(32, 2), seed=5,
               work_dir=Path(sys.argv[1]) / name, verbose=0)
    [devices] = {len(variable.value.devices()) for variable in done.model.variables}
    return {"devices": devices, "loss": done.history[0].loss,
            "validation_loss": done.history[0].validation_loss}

print(json.dumps([trained("one"), distribute(), trained("two")]))
"""

#: Two devices on one processor; optimising what they run takes longer than running it.
XLA_FLAGS = "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0"


@pytest.mark.full
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs requirements-jax.txt")
def test_two_devices_learn_what_one_learns(tmp_path: Path) -> None:
    backend = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": XLA_FLAGS}
    done = subprocess.run(
        [sys.executable, "-c", TRAIN_TWICE, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | backend,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    one, devices, two = json.loads(done.stdout.splitlines()[-1])
    assert (one["devices"], devices, two["devices"]) == (1, 2, 2)
    assert two["loss"] == pytest.approx(one["loss"], rel=0.02)
    assert two["validation_loss"] == pytest.approx(one["validation_loss"], rel=0.05)


def test_tensorflow_is_told_what_it_would_need() -> None:
    with pytest.raises(DataError, match="KERAS_BACKEND=jax"):
        distribute()
