"""A backbone that was trained on other images, under a new dense layer."""

from __future__ import annotations

from pathlib import Path

import keras
from keras import layers

from fer.errors import DataError
from training.networks.residual import image_input, logits
from training.presets.schema import Preset

#: Backbones whose own preprocessing is part of the network, so that 0…255 is what all of them take.
BACKBONES = (
    "MobileNetV3Small",
    "MobileNetV3Large",
    "EfficientNetV2B0",
    "ConvNeXtTiny",
)

#: Least side, in pixels, at which those backbones keep some resolution to the end.
BACKBONE_SIZE = 96


def transfer_network(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """Build a `keras.applications` backbone under average pooling and one dense layer per head.

    Grey images are repeated over three channels and all are enlarged to `BACKBONE_SIZE`, inside
    the network.

    Raises:
        DataError: there is no such backbone, or its weights cannot be had.
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


def freeze(model: keras.Model, frozen: bool) -> None:
    """Stop or resume learning in the backbone."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            layer.trainable = not frozen


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
            name="backbone",
        )
    except Exception as error:
        if preset.weights != "imagenet":
            raise
        # Keras downloads them and lets every kind of network error through.
        raise DataError(
            f"the ImageNet weights of {preset.backbone} cannot be downloaded ({error}). Fetch the "
            "file on a machine that can, and give it with --weights FILE."
        ) from error
