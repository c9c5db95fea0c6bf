import keras
import numpy as np
import pytest

from fer.model.classifier import ExpressionClassifier
from tests.samples import SHIPPED_MODEL
from tests.training.samples import TINY, bars
from training.networks.build import build
from training.networks.class_activation import with_activation_maps
from training.presets.schema import Preset

HEADS = {"expression": 7, "ferplus": 8}


def test_the_mean_of_a_map_and_the_bias_are_the_logit() -> None:
    model = build(TINY, HEADS)
    for head in HEADS:
        kernel, bias = model.get_layer(head).get_weights()
        rng = np.random.default_rng(1)
        model.get_layer(head).set_weights([kernel, rng.normal(size=bias.shape)])
    found = with_activation_maps(model).predict(bars(3, 1).images.astype(np.float32), verbose=0)
    for head, classes in HEADS.items():
        assert found[f"activation_map_{head}"].shape == (3, 12, 12, classes)
        bias = model.get_layer(head).get_weights()[1]
        means = found[f"activation_map_{head}"].mean(axis=(1, 2))
        assert means + bias == pytest.approx(found[head], abs=1e-4)


def test_the_network_itself_is_left_as_it_was() -> None:
    model = build(TINY, HEADS)
    images = bars(2, 1).images.astype(np.float32)
    before = model.predict(images, verbose=0)
    extended = with_activation_maps(model)
    assert model.output_names == list(HEADS)
    after = extended.predict(images, verbose=0)
    for head in HEADS:
        assert after[head] == pytest.approx(before[head], abs=1e-5)


def test_a_network_without_a_global_pool_has_no_map() -> None:
    preset = Preset(name="flat", network="cnn-basic", widths=(4, 4), precision="float32")
    model = build(preset, {"expression": 7})
    assert with_activation_maps(model) is model


def test_the_shipped_file_holds_the_maps_of_the_shipped_network() -> None:
    classifier, faces = ExpressionClassifier(SHIPPED_MODEL), bars(3, 1).images
    keras_model = with_activation_maps(keras.models.load_model(SHIPPED_MODEL / "model.keras"))
    expected = keras_model.predict(faces.astype(np.float32), verbose=0)
    own = classifier.spec.network_heads
    assert len(own) == 2
    for head in own:
        maps = classifier.activation_maps(faces, head.name)
        theirs = expected[f"activation_map_{head.output}"]
        assert np.abs(maps - theirs).max() < 0.01 * np.abs(theirs).max()
