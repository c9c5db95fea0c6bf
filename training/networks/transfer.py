"""Transfer learning: a backbone trained on other images, with new dense layers on top."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
from keras import layers

from fer.errors import DataError
from training.networks.residual import image_input, logits
from training.presets.schema import Preset

#: Backbones that contain their preprocessing, so that all of them take inputs in 0…255.
BACKBONES = (
    "MobileNetV3Small",
    "MobileNetV3Large",
    "EfficientNetV2B0",
    "ConvNeXtTiny",
)

#: Least input side, in pixels, at which those backbones keep some resolution to the end.
BACKBONE_SIZE = 96


def transfer_network(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """Build a `keras.applications` backbone with average pooling and one dense layer per head.

    Inside the network, grey images are repeated over three channels, and images smaller than
    `BACKBONE_SIZE` are enlarged to it.

    Raises:
        DataError: the backbone is unknown, or its weights are not available.
    """
    if preset.backbone not in BACKBONES:
        raise DataError(f"no backbone {preset.backbone!r}; expected {', '.join(BACKBONES)}.")
    image = image_input(preset)
    x = image if preset.channels == 3 else layers.Concatenate(name="to_rgb")([image] * 3)
    side = max(BACKBONE_SIZE, preset.input_size)
    x = layers.Resizing(side, side, name="enlarge")(x)
    x = _backbone(preset, side)(x)
    if preset.dropout:
        x = layers.Dropout(preset.dropout, name="dropout")(x)
    return keras.Model(image, logits(x, heads), name="transfer")


def freeze(model: keras.Model, frozen: bool, *, norms: bool = False) -> None:
    """Freeze or unfreeze the backbone; in a network without one, all layers below the heads.

    Args:
        model: network, changed in place.
        frozen: whether the backbone is frozen.
        norms: whether batch norms are frozen in any case. Frozen, they use their statistics and
            leave them as they are.
    """
    backbones = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    body = backbones or [x for x in model.layers if x.name not in model.output_names]
    for layer in body:
        layer.trainable = not frozen
    for layer in _flat(model):
        if norms and isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


def _flat(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield the layers of a network, and those of the networks in it."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _flat(layer)
        else:
            yield layer


def _backbone(preset: Preset, side: int) -> keras.Model:
    if preset.weights not in ("imagenet", "none") and not Path(preset.weights).is_file():
        raise DataError(
            f"no weights {preset.weights!r}; expected imagenet, none, or a local .h5 file."
        )
    try:
        return getattr(keras.applications, preset.backbone)(
            include_top=False,
            weights=None if preset.weights == "none" else preset.weights,
            input_shape=(side, side, 3),
            pooling="avg",
            # Without a name of its own: EfficientNetV2 looks up its blocks by it (Keras 3.15).
        )
    except Exception as error:
        if preset.weights != "imagenet":
            raise
        # Keras downloads the weights and passes on every kind of network error.
        raise DataError(
            f"the ImageNet weights of {preset.backbone} cannot be downloaded ({error}). Fetch the "
            "file on a machine that can, and give it with --weights FILE."
        ) from error
