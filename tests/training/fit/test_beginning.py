"""Beginning with a trained model, and going on with a run: with the right one only."""

import dataclasses
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from fer.errors import DataError
from fer.model.spec import Head, ModelSpec
from tests.conftest import SHIPPED_MODEL
from tests.training.commands.test_train import TINY, bars
from training.fit.loop import fit
from training.fit.pretrained import initialise_from
from training.networks.build import build
from training.presets.catalogue import PRESETS
from training.presets.schema import Preset


def test_a_training_begins_where_another_ended(tmp_path: Path) -> None:
    train, validation = bars(32, 1), bars(8, 2)
    still = dataclasses.replace(TINY, learning_rate=1e-12, weight_decay=0.0, epochs=1)
    begun = build(TINY, {"expression": 7, "votes": 8})
    begun.save(tmp_path / "model.keras")
    ModelSpec.load(SHIPPED_MODEL).save(tmp_path)
    found = fit(
        still, train, validation, seed=9, work_dir=tmp_path, verbose=0, initial_model=tmp_path
    ).model
    for weight, before in zip(found.trainable_variables, begun.trainable_variables, strict=True):
        assert np.asarray(weight) == pytest.approx(np.asarray(before), abs=1e-4)


def trained(directory: Path, spec: ModelSpec, preset: Preset, labels: tuple[str, ...]) -> Path:
    """Write what a training can begin with, and return the directory."""
    build(preset, {"expression": len(labels)}).save(directory / "model.keras")
    head = Head(name="expression", labels=labels, meaning="a label")
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
    for other in ({"widths": (8, 8, 16)}, {"blocks_per_stage": 2}):
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
