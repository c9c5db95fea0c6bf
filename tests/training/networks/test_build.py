import keras
import numpy as np
import pytest

from fer.errors import DataError
from training.networks.build import NETWORKS, build
from training.networks.layer_table import layer_table
from training.networks.transfer import freeze
from training.presets.catalogue import PRESETS
from training.presets.schema import Preset

HEADS = {"expression": 7}


@pytest.fixture(autouse=True)
def _float32() -> None:
    keras.mixed_precision.set_global_policy("float32")


def small(name: str) -> Preset:
    size = "64" if name == "three-class-150" else "48"
    return PRESETS[name].override(
        {"widths": "4,8,8", "input_size": size, "weights": "none", "blocks_per_stage": "1"}
    )


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_network_maps_raw_images_to_logits_whatever_the_light(name: str) -> None:
    preset = small(name)
    model = build(preset, HEADS)
    shape = (3, preset.input_size, preset.input_size, preset.channels)
    images = np.random.default_rng(0).integers(20, 200, shape).astype(np.float32)
    logits = np.asarray(model(images)["expression"])
    assert logits.shape == (3, 7)
    assert logits.dtype == np.float32
    if name != "transfer":  # its backbone has a preprocessing of its own
        dimmer = np.asarray(model(images * 0.5 + 10)["expression"])
        assert dimmer == pytest.approx(logits, abs=float(0.02 * np.abs(logits).max() + 1e-3))


def test_every_network_is_used_by_a_preset() -> None:
    assert {preset.network for preset in PRESETS.values()} == NETWORKS.keys()


def test_a_backbone_that_looks_itself_up_by_its_name_can_be_built() -> None:
    preset = PRESETS["transfer"].override({"weights": "none", "backbone": "EfficientNetV2B0"})
    model = build(preset, {"expression": 3})
    assert model.output_names == ["expression"]
    assert any(isinstance(layer, keras.Model) for layer in model.layers)


def test_a_blank_image_gives_numbers() -> None:
    model = build(small("compact"), HEADS)
    assert np.isfinite(np.asarray(model(np.full((1, 48, 48, 1), 9.0))["expression"])).all()


def test_an_unknown_network_or_backbone_names_those_there_are() -> None:
    with pytest.raises(DataError, match="residual"):
        build(PRESETS["compact"].override({"network": "magic"}), HEADS)
    with pytest.raises(DataError, match="MobileNetV3Small"):
        build(PRESETS["transfer"].override({"backbone": "magic"}), HEADS)
    with pytest.raises(DataError, match="imagenet, none, or a local"):
        build(PRESETS["transfer"].override({"weights": "no/such/file.h5"}), HEADS)


def test_freezing_stops_the_backbone_alone() -> None:
    model = build(small("transfer"), HEADS)
    everything = len(model.trainable_variables)
    freeze(model, True)
    assert len(model.trainable_variables) == 2
    freeze(model, False)
    assert len(model.trainable_variables) == everything


@pytest.mark.parametrize("name", ["compact", "transfer"])
def test_the_layer_table_counts_every_weight_and_names_its_inputs(name: str) -> None:
    model = build(small(name), HEADS)
    table = layer_table(model)
    assert sum(row.parameters for row in table) == model.count_params()
    names = {row.name for row in table}
    assert all(row.inputs or row.kind == "InputLayer" for row in table)
    if name == "compact":
        assert all(source in names for row in table for source in row.inputs)
        add = next(row for row in table if row.kind == "Add")
        assert len(add.inputs) == 2
