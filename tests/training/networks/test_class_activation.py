import keras
import numpy as np
import pytest

from fer.model.classifier import ExpressionClassifier
from tests.conftest import SHIPPED_MODEL
from tests.training.commands.test_train import TINY, bars
from training.evaluation.tta import ten_views
from training.networks.build import build
from training.networks.class_activation import with_activation_maps
from training.presets.schema import Preset

HEADS = {"expression": 7, "votes": 8}


def test_the_mean_of_a_map_and_the_bias_are_the_logit() -> None:
    model = build(TINY, HEADS)
    for head in HEADS:
        kernel, bias = model.get_layer(head).get_weights()
        rng = np.random.default_rng(1)
        model.get_layer(head).set_weights([kernel, rng.normal(size=bias.shape)])
    found = with_activation_maps(model).predict(bars(3, 1).images.astype(np.float32), verbose=0)
    for head, classes in HEADS.items():
        assert found[f"evidence_{head}"].shape == (3, 6, 6, classes)
        bias = model.get_layer(head).get_weights()[1]
        means = found[f"evidence_{head}"].mean(axis=(1, 2))
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
    classifier = ExpressionClassifier(SHIPPED_MODEL)
    names = {head.evidence for head in classifier.spec.heads}
    assert names == {"evidence_expression", "evidence_votes"}
    keras_model = with_activation_maps(keras.models.load_model(SHIPPED_MODEL / "model.keras"))
    assert names <= set(keras_model.output_names)


@pytest.mark.parametrize("count", [0, 3])
def test_ten_views_are_a_face_moved_and_mirrored(count: int) -> None:
    seen = []

    def classifier(images: np.ndarray) -> np.ndarray:
        seen.append(images)
        return np.full((len(images), 2), len(seen), np.float32)

    faces = bars(count, 1).images
    assert ten_views(classifier, faces) == pytest.approx(np.full((count, 2), 5.5))
    assert [view.shape for view in seen] == [faces.shape] * 10
    assert (seen[0] == faces).all()
    assert (seen[5] == faces[:, :, ::-1]).all()
    if count:
        assert (seen[1][:, 3:, 3:] == faces[:, :-3, :-3]).all()
