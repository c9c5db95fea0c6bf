"""Beginning with what another training has learnt."""

from __future__ import annotations

from pathlib import Path

import keras

from fer.errors import DataError
from training.export import KERAS_FILE


def take_over(directory: Path, model: keras.Model) -> None:
    """Copy weights from a trained model, layer by layer, where name and shapes agree.

    A head for other classes does not, and keeps its random weights.

    Args:
        directory: of the trained model.
        model: changed in place.

    Raises:
        DataError: there is no trained network, or it is another one.
    """
    file = directory / KERAS_FILE
    if not file.is_file():
        raise DataError(f"{file} is missing; a training can begin with a trained model only.")
    trained = {layer.name: layer.get_weights() for layer in keras.models.load_model(file).layers}
    heads = set(model.output_names)
    for layer in model.layers:
        ours, theirs = layer.get_weights(), trained.get(layer.name, [])
        if [w.shape for w in ours] == [w.shape for w in theirs]:
            layer.set_weights(theirs)
        elif layer.name not in heads:
            raise DataError(
                f"{directory} is another network: its layer {layer.name!r} has the weights "
                f"{[w.shape for w in theirs]}, expected {[w.shape for w in ours]}."
            )
