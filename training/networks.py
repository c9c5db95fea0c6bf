"""The networks of the presets, from images to logits, and what is read from their layers."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from fer.errors import DataError, failures_as
from fer.evaluation.report import Layer
from fer.text import shortened
from training.keras_private import made_by
from training.presets.schema import Preset

#: Characters of Keras's own reason that an error message keeps.
_REASON = 200

#: Standard deviation in grey levels below which an image counts as flat. It keeps a blank image
#: near zero instead of amplifying its quantisation noise.
FLAT_STD = 1.0


def _residual(preset: Preset, x: keras.KerasTensor) -> keras.KerasTensor:
    """Full 3×3 convolutions in residual blocks; the resolution halves between stages.

    Blocks are post-activation (He et al. 2016a), so that every batch norm can be folded into its
    convolution on export. The stem halves the resolution; at 48 px, this leaves stages at 24, 12
    and 6 px, which is the cheapest arrangement on a CPU at equal accuracy. Depthwise convolutions
    were slower than these full ones, because they are memory-bound there.
    """
    x = _conv(x, preset.widths[0], stride=2, name="stem")
    x = layers.Activation("relu", name="stem_relu")(x)
    for stage, width in enumerate(preset.widths):
        for block in range(preset.blocks_per_stage):
            stride = 2 if stage > 0 and block == 0 else 1
            x = _residual_block(x, width, stride=stride, name=f"stage{stage + 1}_block{block + 1}")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return layers.Dropout(preset.dropout, name="dropout")(x) if preset.dropout else x


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


def _cnn_basic(preset: Preset, x: keras.KerasTensor) -> keras.KerasTensor:
    """Pairs of convolutions, pooled after each pair, and a dense layer (presets A and E)."""
    for width in preset.widths:
        x = _pool(_relu_conv(_relu_conv(x, width), width))
    x = layers.Dense(128, activation="relu")(layers.Flatten()(x))
    return layers.Dropout(preset.dropout)(x)


def _three_class(preset: Preset, x: keras.KerasTensor) -> keras.KerasTensor:
    """Three times convolution and pooling, then a dense layer (preset B)."""
    for width in preset.widths:
        x = _pool(_relu_conv(x, width))
    return layers.Dense(128, activation="relu")(layers.Flatten()(x))


def _cnn_dropout(preset: Preset, x: keras.KerasTensor) -> keras.KerasTensor:
    """32-64, pool, dropout; 128-256, pool, dropout; dense 256, dropout (preset C)."""
    for first, second in ((32, 64), (128, 256)):
        x = layers.Dropout(0.25)(_pool(_relu_conv(_relu_conv(x, first), second)))
    x = layers.Dense(256, activation="relu")(layers.Flatten()(x))
    return layers.Dropout(0.5)(x)


def _cnn_batchnorm(preset: Preset, x: keras.KerasTensor) -> keras.KerasTensor:
    """Pairs of convolutions with batch normalisation, dropout after each pair (preset D)."""
    for width in preset.widths:
        x = _normalised(_normalised(x, width), width)
        x = layers.Dropout(preset.dropout)(_pool(x))
    x = layers.Dense(256, use_bias=False)(layers.Flatten()(x))
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    return layers.Dropout(2 * preset.dropout)(x)


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


def _transfer(preset: Preset, x: keras.KerasTensor) -> keras.KerasTensor:
    """A `keras.applications` backbone with average pooling.

    Grey images are repeated over three channels, and those smaller than `BACKBONE_SIZE` enlarged.
    """
    if preset.backbone not in BACKBONES:
        raise DataError(f"no backbone {preset.backbone!r}; expected {', '.join(BACKBONES)}.")
    if preset.channels == 1:
        x = layers.Concatenate(name="to_rgb")([x] * 3)
    side = max(BACKBONE_SIZE, preset.input_size)
    x = _backbone(preset, side)(layers.Resizing(side, side, name="enlarge")(x))
    return layers.Dropout(preset.dropout, name="dropout")(x) if preset.dropout else x


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


#: What makes the features of a network, by its name: from a preset and an image ``(n, size, size,
#: channels)`` that is standardised, except for ``transfer``, whose backbones have their own way.
NETWORKS: dict[str, Callable[[Preset, keras.KerasTensor], keras.KerasTensor]] = {
    "residual": _residual,
    "cnn-basic": _cnn_basic,
    "three-class": _three_class,
    "cnn-dropout": _cnn_dropout,
    "cnn-batchnorm": _cnn_batchnorm,
    "transfer": _transfer,
}


def build(preset: Preset, heads: dict[str, int]) -> keras.Model:
    """Build the network of a preset, with a linear layer for each head and its number of classes.

    It maps ``(n, size, size, channels)`` float32 in 0…255 to a dictionary of logits,
    ``(n, classes)`` float32 per head.

    Raises:
        DataError: network or backbone are unknown, or its weights are not available.
    """
    if preset.network not in NETWORKS:
        raise DataError(f"no network {preset.network!r}; expected {', '.join(NETWORKS)}.")
    image = keras.Input((preset.input_size, preset.input_size, preset.channels), name="image")
    x = image if preset.network == "transfer" else _standardise(image)
    features = NETWORKS[preset.network](preset, x)
    logits = {
        head: layers.Dense(classes, dtype="float32", name=head)(features)
        for head, classes in heads.items()
    }
    return keras.Model(image, logits, name=preset.network.replace("-", "_"))


def _standardise(image: keras.KerasTensor) -> keras.KerasTensor:
    """Standardise each image to zero mean and unit variance, which cancels brightness and contrast.

    As a layer, it cannot be forgotten by a caller.
    """
    return layers.LayerNormalization(
        axis=(1, 2, 3),
        center=False,
        scale=False,
        epsilon=FLAT_STD**2,
        dtype="float32",
        name="standardise",
    )(image)


def freeze(model: keras.Model, frozen: bool, *, norms: bool = False) -> None:
    """Freeze or unfreeze the backbone; in a network without one, all layers below the heads.

    With `norms`, batch norms are frozen in any case: they use their statistics and keep them.
    """
    backbones = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    body = backbones or [x for x in model.layers if x.name not in model.output_names]
    for layer in body:
        layer.trainable = not frozen
    for layer in _flat(model):
        if norms and isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


def _flat(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _flat(layer)
        else:
            yield layer


#: The map of a head is the output named by this prefix and the head's name.
MAP_PREFIX = "activation_map_"


def load_network(file: Path, remedy: str = "", *, compile: bool = True) -> keras.Model:
    """Load a network that a training has saved; with `compile`, its optimizer too.

    Python code inside the file, such as that of a Lambda layer, is never run.

    Raises:
        DataError: the file is truncated, no Keras file, or contains code; `remedy` ends the
            message.
    """

    def failure(error: Exception) -> DataError:
        if not zipfile.is_zipfile(file):  # of which Keras says that it is not there
            reason = "a file that is empty, truncated or of another kind."
        else:
            reason = " ".join(str(error).split()) or type(error).__name__
        return DataError(
            f"{file} cannot be loaded: expected a network that `python -m training train` saved, "
            f"got: {shortened(reason, _REASON)} {remedy}".rstrip()
        )

    with failures_as(failure):
        return keras.models.load_model(file, compile=compile)


def with_activation_maps(model: keras.Model) -> keras.Model:
    """Add a class activation map per head (Zhou et al. 2016, section 2).

    A logit is the mean over all positions of the products of dense weights and features, plus a
    bias. These products are the map, without any approximation: another output
    ``activation_map_<head>``, ``(n, rows, columns, classes)``. A model whose heads do not follow
    one global average pooling layer stays as it is.
    """
    pool = _pool_below(model)
    if pool is None:
        return model
    outputs = dict(zip(model.output_names, model.outputs, strict=True))
    for head in model.output_names:
        dense, name = model.get_layer(head), f"{MAP_PREFIX}{head}"
        layer = layers.Conv2D(dense.units, 1, use_bias=False, dtype="float32", name=name)
        outputs[name] = layer(pool.input)
        layer.set_weights([np.asarray(dense.kernel)[None, None]])
    return keras.Model(model.inputs[0], outputs, name=model.name)


def _pool_below(model: keras.Model) -> keras.Layer | None:
    """Return the pooling layer below all heads; only dropout, inactive in inference, may follow."""
    pools = set()
    for head in model.output_names:
        below = made_by(model.get_layer(head).input)
        while isinstance(below, layers.Dropout):
            below = made_by(below.input)
        pools.add(below)
    (below,) = pools if len(pools) == 1 else (None,)
    return below if isinstance(below, layers.GlobalAveragePooling2D) else None


def layer_table(model: keras.Model) -> tuple[Layer, ...]:
    """Return one row per layer in order of computation; nested models are expanded."""
    rows: list[Layer] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            rows += layer_table(layer)
            continue
        output = layer.output[0] if isinstance(layer.output, list | tuple) else layer.output
        tensors = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
        is_input = isinstance(layer, layers.InputLayer)
        rows.append(
            Layer(
                name=layer.name,
                kind=type(layer).__name__,
                shape=tuple(int(n or 0) for n in output.shape[1:]),
                parameters=layer.count_params(),
                inputs=() if is_input else tuple(made_by(tensor).name for tensor in tensors),
                **_settings(layer),
            )
        )
    return tuple(rows)


def _settings(layer: keras.Layer) -> dict[str, Any]:
    match layer:
        case layers.Conv2D():
            stride, width = layer.strides[0], layer.filters
            return {"kernel": layer.kernel_size, "stride": stride, "width": width}
        case layers.MaxPooling2D():
            return {"kernel": layer.pool_size}
        case layers.Dense():
            return {"width": layer.units}
        case layers.Dropout():
            return {"rate": layer.rate}
        case layers.Activation():
            return {"activation": layer.activation.__name__}
    return {}
