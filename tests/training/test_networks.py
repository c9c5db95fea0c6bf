"""The presets and their networks, what is read from layers, and what Keras keeps to itself."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from fer.errors import DataError
from fer.model.classifier import ExpressionClassifier
from tests.samples import ROOT, SHIPPED_MODEL
from tests.training.samples import TINY, bars
from training.__main__ import parser
from training.export import parity
from training.keras_private import made_by, start_averages
from training.networks import NETWORKS, build, freeze, layer_table, with_activation_maps
from training.presets import schema
from training.presets.catalogue import CATALOGUE, PRESETS, Entry
from training.presets.schema import Preset, overridable_fields

SHIPPED_KERAS = SHIPPED_MODEL / "model.keras"
HEADS = {"expression": 7}
BOTH = {"expression": 7, "ferplus": 8}


@pytest.fixture(autouse=True)
def _float32() -> None:
    keras.mixed_precision.set_global_policy("float32")


def small(name: str) -> Preset:
    size = "64" if name == "three-class-150" else "48"
    return PRESETS[name].override(
        {"widths": "4,8,8", "input_size": size, "weights": "none", "blocks_per_stage": "1"}
    )


#: A preset for each network.
OF_NETWORK = {preset.network: name for name, preset in PRESETS.items()}


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_maps_raw_images_to_logits_whatever_the_light(network: str) -> None:
    preset = small(OF_NETWORK[network])
    model = build(preset, HEADS)
    shape = (3, preset.input_size, preset.input_size, preset.channels)
    images = np.random.default_rng(0).integers(20, 200, shape).astype(np.float32)
    logits = np.asarray(model(images)["expression"])
    assert logits.shape == (3, 7)
    assert logits.dtype == np.float32
    if network != "transfer":  # its backbone has a preprocessing of its own
        dimmer = np.asarray(model(images * 0.5 + 10)["expression"])
        assert dimmer == pytest.approx(logits, abs=float(0.02 * np.abs(logits).max() + 1e-3))
        blank = np.full((1, *shape[1:]), 9.0)
        assert np.isfinite(np.asarray(model(blank)["expression"])).all()


@pytest.mark.parametrize(
    ("preset", "change", "message"),
    [
        ("compact", {"network": "magic"}, "no network 'magic'; expected residual"),
        ("transfer", {"backbone": "magic"}, "MobileNetV3Small"),
        ("transfer", {"weights": "no/such/file.h5"}, "imagenet, none, or a local"),
    ],
)
def test_an_unknown_part_names_those_there_are(preset: str, change: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        build(PRESETS[preset].override(change), HEADS)


def test_freezing_stops_the_body_alone_and_norms_where_they_stay_so() -> None:
    for name in ("transfer", "compact"):
        # A backbone that looks up its blocks by its own name can be built, too.
        model = build(small(name).override({"backbone": "EfficientNetV2B0"}), HEADS)
        everything = len(model.trainable_variables)
        freeze(model, True)
        assert len(model.trainable_variables) == 2, "those of the head"
        freeze(model, False)
        assert len(model.trainable_variables) == everything
        freeze(model, False, norms=True)
        paths = [variable.path for variable in model.trainable_variables]
        assert 2 < len(paths) < everything
        assert not any("gamma" in path for path in paths)


@pytest.mark.parametrize("name", ["compact", "transfer"])
def test_the_layer_table_counts_every_weight_and_names_its_inputs(name: str) -> None:
    model = build(small(name), HEADS)
    table = layer_table(model)
    assert sum(row.parameters for row in table) == model.count_params()
    assert all(row.inputs or row.kind == "InputLayer" for row in table)
    if name == "compact":
        assert {source for row in table for source in row.inputs} <= {row.name for row in table}
        of_kind = {row.kind: row for row in table}
        assert len(of_kind["Add"].inputs) == 2
        first = next(row for row in table if row.kind == "Conv2D")
        assert (first.kernel, first.stride, first.width, first.shape) == ((3, 3), 2, 4, (24, 24, 4))
        assert (of_kind["Dense"].width, of_kind["Dropout"].rate) == (7, 0.3)
        assert of_kind["Activation"].activation == "relu"


def test_the_shipped_file_answers_as_the_shipped_network_and_holds_its_maps() -> None:
    classifier, model = ExpressionClassifier(SHIPPED_MODEL), keras.models.load_model(SHIPPED_KERAS)
    images = np.random.default_rng(0).integers(0, 256, (100, 48, 48, 1), dtype=np.uint8)
    assert parity(model, classifier, images) < 1e-3
    faces = bars(3, 1).images
    expected = with_activation_maps(model).predict(faces.astype(np.float32), verbose=0)
    for head in classifier.spec.network_heads:
        maps = classifier.activation_maps(faces, head.name)
        theirs = expected[f"activation_map_{head.output}"]
        assert np.abs(maps - theirs).max() < 0.01 * np.abs(theirs).max()


def test_the_mean_of_a_map_and_the_bias_are_the_logit() -> None:
    model = build(TINY, BOTH)
    for head in BOTH:
        kernel, bias = model.get_layer(head).get_weights()
        rng = np.random.default_rng(1)
        model.get_layer(head).set_weights([kernel, rng.normal(size=bias.shape)])
    images = bars(3, 1).images.astype(np.float32)
    before = model.predict(images, verbose=0)
    found = with_activation_maps(model).predict(images, verbose=0)
    assert model.output_names == list(BOTH), "the network itself is left as it was"
    for head, classes in BOTH.items():
        assert found[head] == pytest.approx(before[head], abs=1e-5)
        assert found[f"activation_map_{head}"].shape == (3, 12, 12, classes)
        bias = model.get_layer(head).get_weights()[1]
        means = found[f"activation_map_{head}"].mean(axis=(1, 2))
        assert means + bias == pytest.approx(found[head], abs=1e-4)
    flat = build(Preset("flat", "cnn-basic", widths=(4, 4), precision="float32"), HEADS)
    assert with_activation_maps(flat) is flat, "without a global pool"


def public(thing: object) -> dict[str, Any]:
    return {n: getattr(thing, n, None) for n in dir(thing) if not n.startswith("_")}


def test_every_tensor_leads_to_what_made_it_and_has_no_public_way_to_it() -> None:
    """In a model in a model, with an addition that is no layer."""
    image, inside = keras.Input((4,), name="image"), keras.Input((4,))
    inner = keras.Model(inside, layers.Dense(3)(inside), name="inner")
    features = layers.Dropout(0.5, name="dropout")(inner(image))
    model = keras.Model(image, layers.Dense(2, name="head")(features + 1.0))
    inner, dropout, head = (model.get_layer(n) for n in ("inner", "dropout", "head"))
    assert made_by(model.input) is model.get_layer("image")
    assert made_by(dropout.input) is inner
    assert made_by(model.output) is head
    addition = made_by(head.input)
    assert not isinstance(addition, keras.layers.Layer)
    assert made_by(addition.input) is dropout
    known = public(model.output).values()
    assert not any(head is one or head in public(one).values() for one in known)
    assert inner.output is not dropout.input, "the output of a model is not what follows it takes"


@pytest.mark.parametrize(("started", "share"), [(True, 1), (False, 0.5)])
def test_averages_begin_with_the_weights_and_by_themselves_with_zeros(
    started: bool, share: float
) -> None:
    """Told from a step in a later phase that changes nothing."""
    weights = [keras.Variable([3.0, -5.0]), keras.Variable([8.0])]
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    optimizer.build(weights)
    optimizer.iterations.assign(7)
    if started:
        start_averages(optimizer, weights)
    (first, _) = optimizer._model_variables_moving_average
    ways = {
        name
        for name, value in public(optimizer).items()
        if isinstance(value, list | tuple) and any(one is first for one in value)
    }
    assert ways == {"variables"}  # all of them, told apart by their names alone
    optimizer.apply([keras.ops.zeros_like(weight) for weight in weights], weights)
    optimizer.finalize_variable_values(weights)
    averages = np.concatenate([np.asarray(weight) for weight in weights])
    assert averages.tolist() == [share * weight for weight in (3.0, -5.0, 8.0)]
    with pytest.raises(ValueError, match="shorter"):
        start_averages(optimizer, [])


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.preset.name)
def test_the_command_of_a_preset_is_one_that_is_understood(entry: Entry) -> None:
    program, options = shlex.split(entry.command)[:3], shlex.split(entry.command)[3:]
    assert program == ["python", "-m", "training"]
    understood = parser().parse_args(options)
    assert (understood.command, understood.preset) == ("train", entry.preset.name)
    assert bool(understood.teacher) == bool(entry.preset.teacher_weight)
    assert not (ROOT / understood.out).exists()  # it does not name a model that ships
    # What it begins with or learns from ships, or another command makes it.
    made = {parser().parse_args(shlex.split(one.command)[3:]).out for one in CATALOGUE}
    needed = {*filter(None, [understood.init]), *understood.teacher, *understood.average}
    assert all(one in made - {understood.out} or (ROOT / one).is_dir() for one in needed)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ({"epochs": "2"}, 2),
        ({"learning_rate": "3e-4"}, 3e-4),
        ({"widths": "8,16"}, (8, 16)),
        ({"classes": "happy,sad"}, ("happy", "sad")),
        ({"optimizer": "adam"}, "adam"),
        ({"patience": 3}, 3),
        ({"shift": "1.5"}, 1.5),
        ({"flip": "false"}, False),
        ({"flip": "No"}, False),
        ({"flip": "on"}, True),
        ({"erase_size": "3,4"}, (3, 4)),
    ],
)
def test_any_field_can_be_overridden_with_text(text: dict, value: object) -> None:
    """One of the augmentation by its own name."""
    (name,), preset = text, PRESETS["compact"]
    changed = preset.override(text)
    inner = name if hasattr(preset.augmentation, name) else ""
    assert getattr(changed.augmentation if inner else changed, name) == value
    same = {"augmentation": preset.augmentation} if inner else {name: getattr(preset, name)}
    assert dataclasses.replace(changed, **same) == preset, "and no other"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ({"epochs": "many"}, "--epochs expects int, got 'many'"),
        ({"optimizer": "lion"}, "--optimizer expects sgd|adam, got 'lion'"),
        ({"flip": "perhaps"}, "--flip expects true|false, got 'perhaps'"),
        ({"learning_rate": "0"}, "--learning-rate expects a number above 0, got 0"),
        ({"learning_rate": "-1"}, "--learning-rate expects a number above 0, got -1"),
        ({"learning_rate": "inf"}, "--learning-rate expects a number above 0, got inf"),
        ({"scale": "1"}, "--scale expects float,float, got '1'"),
        ({"blur_probability": "15"}, "--blur-probability expects 0 to 1, got 15"),
        ({"shoes": "2"}, "no field shoes"),
        ({"epochs": "0"}, "--epochs expects 1 or more, got 0"),
        ({"batch_size": "-1"}, "--batch-size expects 1 or more, got -1"),
        ({"dropout": "nan"}, "--dropout expects 0 to 0.99999, got nan"),
        ({"dropout": "1"}, "--dropout expects 0 to 0.99999, got 1"),
        ({"teacher_weight": "1.1"}, "--teacher-weight expects 0 to 1, got 1.1"),
        ({"vote_weight": "-1"}, "--vote-weight expects 0 or more, got -1"),
        ({"input_size": "7"}, "--input-size expects 8 to 1024, got 7"),
    ],
)
def test_what_does_not_fit_a_field_says_what_would(text: dict, message: str) -> None:
    with pytest.raises(DataError) as caught:
        PRESETS["compact"].override(text)
    assert message in str(caught.value)


def test_the_command_line_offers_every_field() -> None:
    offered = overridable_fields()
    assert {"epochs", "learning_rate", "widths", "rotate_degrees", "patience"} <= offered.keys()
    assert not {"name", "augmentation"} & offered.keys()


@pytest.mark.parametrize(
    ("flags", "backend", "precision"),
    [
        (None, "tensorflow", "float32"),
        ("flags : fpu avx2 fma", "tensorflow", "float32"),
        ("flags : avx512_bf16 avx2", "tensorflow", "mixed_bfloat16"),
        ("flags : avx2", "jax", "mixed_bfloat16"),
    ],
    ids=["no Linux", "no bfloat16", "bfloat16", "an accelerator"],
)
def test_bfloat16_is_used_where_it_is_not_emulated(
    flags: str | None,
    backend: str,
    precision: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if flags is not None:
        (tmp_path / "cpuinfo").write_text(flags)
    monkeypatch.setattr(schema, "_CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setenv("KERAS_BACKEND", backend)
    assert Preset("one").precision == precision
