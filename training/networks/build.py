"""The networks of the presets. Each contains its preprocessing and ends in logits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keras
from keras import layers

from fer.errors import DataError
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


def cnn_basic(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """Pairs of convolutions, pooled after each pair, and two dense layers (presets A and E)."""
    image = image_input(preset)
    x = standardise(image)
    for width in preset.widths:
        x = _pool(_relu_conv(_relu_conv(x, width), width))
    x = layers.Flatten()(x)
    x = layers.Dense(128, activation="relu")(x)
    x = layers.Dropout(preset.dropout)(x)
    return keras.Model(image, logits(x, heads), name="cnn_basic")


def three_class(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """Three times convolution and pooling, then two dense layers (preset B)."""
    image = image_input(preset)
    x = standardise(image)
    for width in preset.widths:
        x = _pool(_relu_conv(x, width))
    x = layers.Dense(128, activation="relu")(layers.Flatten()(x))
    return keras.Model(image, logits(x, heads), name="three_class")


def cnn_dropout(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """32-64, pool, dropout; 128-256, pool, dropout; dense 256, dropout (preset C)."""
    image = image_input(preset)
    x = standardise(image)
    for first, second in ((32, 64), (128, 256)):
        x = layers.Dropout(0.25)(_pool(_relu_conv(_relu_conv(x, first), second)))
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


def _relu_conv(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    return layers.Conv2D(width, 3, padding="same", activation="relu")(x)


def _normalised(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))


def _pool(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.MaxPooling2D()(x)


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


#: Network name → function that builds a model from a preset and head sizes; `residual_network`
#: documents its inputs and outputs.
NETWORKS: dict[str, Callable[[Preset, dict[str, int]], keras.Model]] = {
    "residual": residual_network,
    "cnn-basic": cnn_basic,
    "three-class": three_class,
    "cnn-dropout": cnn_dropout,
    "cnn-batchnorm": cnn_batchnorm,
    "transfer": transfer_network,
}


def build(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """Build the network of a preset.

    Raises:
        DataError: the preset names an unknown network.
    """
    if preset.network not in NETWORKS:
        raise DataError(f"no network {preset.network!r}; expected {', '.join(NETWORKS)}.")
    return NETWORKS[preset.network](preset, heads)
