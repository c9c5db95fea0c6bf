"""Build the network of a preset."""

from __future__ import annotations

from collections.abc import Callable

import keras

from fer.errors import DataError
from training.networks.reference import cnn_basic, cnn_batchnorm, cnn_dropout, three_class
from training.networks.residual import residual_network
from training.networks.transfer import transfer_network
from training.presets.schema import Preset

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

    Args:
        preset: the configuration.
        heads: output name → number of classes.

    Raises:
        DataError: the preset names an unknown network.
    """
    if preset.network not in NETWORKS:
        raise DataError(f"no network {preset.network!r}; expected {', '.join(NETWORKS)}.")
    return NETWORKS[preset.network](preset, heads)
