"""The plain networks of presets A to E, as described by the projects that they reproduce.

Standardisation is a layer here, whereas those projects do it outside the network. All kernels are
3×3 and followed by ReLU, and max pooling halves the resolution.
"""

from __future__ import annotations

import keras
from keras import layers

from training.networks.residual import image_input, logits, standardise
from training.presets.schema import Preset


def cnn_basic(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """Pairs of convolutions, pooled after each pair, and two dense layers (presets A and E)."""
    image = image_input(preset)
    x = standardise(image)
    for width in preset.widths:
        x = _pool(_conv(_conv(x, width), width))
    x = layers.Flatten()(x)
    x = layers.Dense(128, activation="relu")(x)
    x = layers.Dropout(preset.dropout)(x)
    return keras.Model(image, logits(x, heads), name="cnn_basic")


def three_class(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """Three times convolution and pooling, then two dense layers (preset B)."""
    image = image_input(preset)
    x = standardise(image)
    for width in preset.widths:
        x = _pool(_conv(x, width))
    x = layers.Dense(128, activation="relu")(layers.Flatten()(x))
    return keras.Model(image, logits(x, heads), name="three_class")


def cnn_dropout(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """32-64, pool, dropout; 128-256, pool, dropout; dense 256, dropout (preset C)."""
    image = image_input(preset)
    x = standardise(image)
    for first, second in ((32, 64), (128, 256)):
        x = layers.Dropout(0.25)(_pool(_conv(_conv(x, first), second)))
    x = layers.Dense(256, activation="relu")(layers.Flatten()(x))
    x = layers.Dropout(0.5)(x)
    return keras.Model(image, logits(x, heads), name="cnn_dropout")


def cnn_batchnorm(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """Pairs of convolutions with batch normalisation, dropout after each pair (preset D)."""
    image = image_input(preset)
    x = standardise(image)
    for width in preset.widths:
        x = _normalised(_normalised(x, width), width)
        x = layers.Dropout(preset.dropout)(_pool(x))
    x = layers.Dense(256, use_bias=False)(layers.Flatten()(x))
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Dropout(2 * preset.dropout)(x)
    return keras.Model(image, logits(x, heads), name="cnn_batchnorm")


def _conv(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    return layers.Conv2D(width, 3, padding="same", activation="relu")(x)


def _normalised(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))


def _pool(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.MaxPooling2D()(x)
