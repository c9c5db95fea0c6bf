"""The residual network, and the parts that all networks share.

Every network contains its preprocessing and ends in logits.
"""

from __future__ import annotations

import keras
from keras import layers

from training.presets.schema import Preset

#: Standard deviation in grey levels below which an image counts as flat. It keeps a blank image
#: near zero instead of amplifying its quantisation noise.
FLAT_STD = 1.0


def residual_network(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """Build a residual network of full 3×3 convolutions with one dense layer per head.

    Blocks are post-activation (He et al. 2016a), so that every batch norm can be folded into its
    convolution on export. The stem halves the resolution; at 48 px, this leaves stages at 24, 12
    and 6 px, which is the cheapest arrangement on a CPU at equal accuracy. Depthwise convolutions
    were slower than these full ones, because they are memory-bound there.

    Args:
        preset: configuration; `widths` are the channels of each stage, and the resolution halves
            between stages.
        heads: output name → number of classes; see `training.fit.loop.head_sizes`.

    Returns:
        A model from ``(n, size, size, channels)`` float32 in 0…255 to a dictionary of logits,
        ``(n, classes)`` float32 per head.
    """
    image = image_input(preset)
    x = _conv(standardise(image), preset.widths[0], stride=2, name="stem")
    x = layers.Activation("relu", name="stem_relu")(x)
    for stage, width in enumerate(preset.widths):
        for block in range(preset.blocks_per_stage):
            stride = 2 if stage > 0 and block == 0 else 1
            x = _residual_block(x, width, stride=stride, name=f"stage{stage + 1}_block{block + 1}")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    if preset.dropout:
        x = layers.Dropout(preset.dropout, name="dropout")(x)
    return keras.Model(image, logits(x, heads), name="residual")


def image_input(preset: Preset) -> keras.KerasTensor:
    """Return the input tensor of a network: ``(n, size, size, channels)`` in 0…255."""
    return keras.Input((preset.input_size, preset.input_size, preset.channels), name="image")


def standardise(image: keras.KerasTensor) -> keras.KerasTensor:
    """Standardise each image to zero mean and unit variance, as a layer of the network.

    This cancels brightness and contrast, and as a layer it cannot be forgotten by a caller.
    """
    return layers.LayerNormalization(
        axis=(1, 2, 3),
        center=False,
        scale=False,
        epsilon=FLAT_STD**2,
        dtype="float32",
        name="standardise",
    )(image)


def logits(features: keras.KerasTensor, heads: dict[str, int]) -> dict[str, keras.KerasTensor]:
    """Return the logits of one linear layer per head, always in float32."""
    return {
        head: layers.Dense(classes, dtype="float32", name=head)(features)
        for head, classes in heads.items()
    }


def _conv(
    x: keras.KerasTensor, width: int, *, stride: int, name: str, kernel: int = 3
) -> keras.KerasTensor:
    x = layers.Conv2D(
        width,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    # With 0.9, statistics follow the weights within about ten steps; Keras's default of 0.99 lags
    # behind in a short schedule.
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)


def _residual_block(
    x: keras.KerasTensor, width: int, *, stride: int, name: str
) -> keras.KerasTensor:
    shortcut = x
    if stride != 1 or x.shape[-1] != width:
        shortcut = _conv(x, width, stride=stride, kernel=1, name=f"{name}_shortcut")
    x = _conv(x, width, stride=stride, name=f"{name}_a")
    x = layers.Activation("relu", name=f"{name}_a_relu")(x)
    x = _conv(x, width, stride=1, name=f"{name}_b")
    x = layers.Add(name=f"{name}_add")([x, shortcut])
    return layers.Activation("relu", name=f"{name}_relu")(x)
