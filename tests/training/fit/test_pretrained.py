"""Weights of trained models, to begin with and to average with."""

import dataclasses
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from fer.model.spec import Head, ModelSpec
from tests.samples import SHIPPED_MODEL
from tests.training.samples import TINY, bars
from training.fit.loop import fit
from training.fit.pretrained import average, initialise_from, weights_of
from training.networks.build import build
from training.presets.catalogue import PRESETS
from training.presets.schema import Preset


def test_a_training_begins_where_another_ended(tmp_path: Path) -> None:
    train, validation = bars(32, 1), bars(8, 2)
    still = dataclasses.replace(TINY, learning_rate=1e-12, weight_decay=0.0, epochs=1)
    spec = ModelSpec.load(SHIPPED_MODEL)
    begun = build(TINY, {head.output: len(head.labels) for head in spec.heads if head.output})
    begun.save(tmp_path / "model.keras")
    spec.save(tmp_path)
    found = fit(
        still, train, validation, seed=9, work_dir=tmp_path, verbose=0, initial_model=tmp_path
    ).model
    for weight, before in zip(found.trainable_variables, begun.trainable_variables, strict=True):
        assert np.asarray(weight) == pytest.approx(np.asarray(before), abs=1e-4)


def trained(directory: Path, spec: ModelSpec, preset: Preset, labels: tuple[str, ...]) -> Path:
    """Write what a training can begin with, and return the directory."""
    build(preset, {"expression": len(labels)}).save(directory / "model.keras")
    head = Head(name="expression", output="expression", labels=labels, meaning="a label")
    spec.model_copy(update={"heads": (head,)}).save(directory)
    return directory


@pytest.mark.parametrize(
    ("classes", "anew"),
    [(("a", "b", "c"), False), (("a", "c", "b"), True), (("d", "e", "f"), True), (("a",), True)],
)
def test_a_head_for_other_classes_is_learnt_anew(
    tmp_path: Path, spec: ModelSpec, classes: tuple[str, ...], anew: bool
) -> None:
    trained(tmp_path, spec, TINY, ("a", "b", "c"))
    mine = build(TINY, {"expression": len(classes)})
    head, stem = (mine.get_layer(n).get_weights()[0] for n in ("expression", "stem_conv"))
    initialise_from(tmp_path, mine, classes)
    assert (mine.get_layer("expression").get_weights()[0] == head).all() == anew
    assert (mine.get_layer("stem_conv").get_weights()[0] != stem).any()


def test_a_head_whose_output_had_another_name_is_taken_over(
    tmp_path: Path, spec: ModelSpec
) -> None:
    trained(tmp_path, spec, TINY, ("a", "b"))
    build(TINY, {"expression": 2, "votes": 8}).save(tmp_path / "model.keras")
    made = ModelSpec.load(tmp_path)
    voters = Head(name="ferplus", output="votes", labels=tuple("abcdefgh"), meaning="votes")
    made.model_copy(update={"heads": (*made.heads, voters)}).save(tmp_path)
    mine = build(TINY, {"expression": 2, "ferplus": 8})
    initialise_from(tmp_path, mine, ("a", "b"))
    theirs = keras.models.load_model(tmp_path / "model.keras").get_layer("votes").get_weights()
    for ours, taken in zip(mine.get_layer("ferplus").get_weights(), theirs, strict=True):
        np.testing.assert_array_equal(ours, taken)


def test_layers_without_a_name_of_their_own_are_taken_over_too(
    tmp_path: Path, spec: ModelSpec
) -> None:
    names = ("a", "b")
    basic = PRESETS["cnn-basic"]
    trained(tmp_path, spec, basic, names)
    mine = build(basic, {"expression": 2})  # Keras has counted on
    initialise_from(tmp_path, mine, names)
    for ours, theirs in zip(
        mine.weights, keras.models.load_model(tmp_path / "model.keras").weights, strict=True
    ):
        assert (np.asarray(ours) == np.asarray(theirs)).all()


def test_a_training_cannot_begin_with_another_network(tmp_path: Path, spec: ModelSpec) -> None:
    names = ("a", "b")
    mine = build(TINY, {"expression": 2})
    with pytest.raises(DataError, match=r"model\.keras is missing"):
        initialise_from(tmp_path, mine, names)
    for other in ({"widths": (8, 16)}, {"blocks_per_stage": 2}):
        trained(tmp_path, spec, dataclasses.replace(TINY, **other), names)
        with pytest.raises(DataError, match="is another network"):
            initialise_from(tmp_path, mine, names)


@pytest.mark.parametrize(
    ("changed", "seed", "faces", "reason"),
    [
        ({"name": "another name"}, 5, 1, ""),
        ({"learning_rate": 0.5}, 5, 1, "learning rate 0.1 (now 0.5)"),
        ({"epochs": 1}, 5, 1, "epochs 2 (now 1)"),
        ({}, 6, 1, "seed 5 (now 6)"),
        ({}, 5, 2, "faces "),
    ],
)
def test_only_the_same_run_goes_on(
    tmp_path: Path, changed: dict, seed: int, faces: int, reason: str
) -> None:
    short = dataclasses.replace(TINY, epochs=2, learning_rate=0.1)
    fit(short, bars(32, 1), bars(8, 2), seed=5, work_dir=tmp_path, verbose=0)
    again = dataclasses.replace(short, **changed)

    def go_on() -> None:
        fit(
            again, bars(32, faces), bars(8, 2),
            seed=seed, work_dir=tmp_path, verbose=0, resume=True,
        )  # fmt: skip

    if reason:
        with pytest.raises(DataError, match=re.escape(reason)):
            go_on()
    else:
        go_on()


def test_a_run_that_is_older_than_a_setting_goes_on_with_the_usual_one(tmp_path: Path) -> None:
    short = dataclasses.replace(TINY, epochs=1)
    train, validation = bars(32, 1), bars(8, 2)
    fit(short, train, validation, seed=5, work_dir=tmp_path, verbose=0)
    file = tmp_path / "progress.json"
    record = json.loads(file.read_text())
    del record["run"]["mixup"]
    file.write_text(json.dumps(record))
    fit(short, train, validation, seed=5, work_dir=tmp_path, verbose=0, resume=True)
    mixed = dataclasses.replace(short, mixup=0.3)
    with pytest.raises(DataError, match=re.escape("mixup 0.0 (now 0.3)")):
        fit(mixed, train, validation, seed=5, work_dir=tmp_path, verbose=0, resume=True)


HEADS = {"expression": 7, "ferplus": 8}


def saved(directory: Path, seed: int, preset: Preset = TINY) -> keras.Model:
    """Write a network of random weights where a training would, and return it."""
    keras.utils.set_random_seed(seed)
    network = build(preset, HEADS)
    directory.mkdir()
    network.save(directory / "model.keras")
    ModelSpec.load(SHIPPED_MODEL).save(directory)
    return network


def test_with_nothing_else_the_weights_stay() -> None:
    network = build(TINY, HEADS)
    before = network.get_weights()
    average(network, [])
    assert all((a == b).all() for a, b in zip(before, network.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("share", "shares"), [(None, (1 / 3, 1 / 3, 1 / 3)), (0.8, (0.8, 0.1, 0.1))]
)
def test_every_training_counts_alike_or_as_told(
    tmp_path: Path, share: float | None, shares: tuple[float, ...]
) -> None:
    others = [saved(tmp_path / name, seed) for seed, name in enumerate("ab")]
    network = build(TINY, HEADS)
    parts = [model.get_weights() for model in (network, *others)]
    average(network, [weights_of(tmp_path / name, network, FER2013_LABELS) for name in "ab"], share)
    for found, *three in zip(network.get_weights(), *parts, strict=True):
        expected = sum(w * part for w, part in zip(shares, three, strict=True))
        assert found == pytest.approx(expected, abs=1e-6)


def test_a_training_ends_with_the_mean(tmp_path: Path) -> None:
    """And with batch-norm statistics for it, which the mean of the statistics is not."""
    other = saved(tmp_path / "other", 8)
    runs = {
        name: fit(
            TINY, bars(32, 1), bars(8, 2), seed=5, work_dir=tmp_path / "work", resume=True,
            verbose=0, averaged_with=averaged,
        ).model
        for name, averaged in (("alone", ()), ("mean", (tmp_path / "other",)))
    }  # fmt: skip
    alone, mean = (runs[name].trainable_variables for name in ("alone", "mean"))
    for found, a, b in zip(mean, alone, other.trainable_variables, strict=True):
        assert np.asarray(found) == pytest.approx((np.asarray(a) + np.asarray(b)) / 2, abs=1e-6)
    statistics = [
        [np.asarray(w) for w in model.non_trainable_variables if "moving" in w.path]
        for model in (runs["mean"], runs["alone"], other)
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
def test_what_cannot_be_averaged_with_is_told_before_the_training(
    tmp_path: Path, directory: str, labels: tuple[str, ...], said: str
) -> None:
    saved(tmp_path / "same", 1)
    saved(tmp_path / "wide", 1, TINY.override({"widths": (8, 16)}))
    network = build(TINY, HEADS)
    assert weights_of(tmp_path / "same", network, FER2013_LABELS)
    with pytest.raises(DataError, match=said):
        weights_of(tmp_path / directory, network, labels)


def test_the_mistake_is_told_before_anything_is_learnt(tmp_path: Path) -> None:
    saved(tmp_path / "wide", 1, TINY.override({"widths": (8, 16)}))
    with pytest.raises(DataError, match="another network"):
        fit(
            TINY, bars(32, 1), bars(8, 2), seed=5, work_dir=tmp_path / "work", verbose=0,
            averaged_with=[tmp_path / "wide"],
        )  # fmt: skip
    assert not list((tmp_path / "work").iterdir())
