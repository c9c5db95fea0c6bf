"""The mean of several trainings' weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from fer.errors import DataError
from fer.model.spec import ModelSpec
from fer.types import Floats
from training.data.class_names import check_known
from training.export.litert import keras_file

Weights = list[Floats]


def weights_of(directory: Path, model: keras.Model, class_names: tuple[str, ...]) -> Weights:
    """Return the weights of a trained model, to be averaged with those of another.

    Args:
        directory: of the trained model.
        model: what they are to be averaged with; its weights may be any yet.
        class_names: the classes that both have to know.

    Raises:
        DataError: there is no trained model, it knows other classes, or it is another network.
    """
    file = keras_file(directory, "only a trained model can be averaged with")
    check_known(str(directory), ModelSpec.load(directory).labels, class_names)
    weights: Weights = keras.models.load_model(file, compile=False).get_weights()
    if [w.shape for w in weights] != [w.shape for w in model.get_weights()]:
        raise DataError(f"{directory} is another network; its weights have no mean with these.")
    return weights


def average(model: keras.Model, others: Sequence[Weights]) -> None:
    """Replace the weights of a network by their mean with those of others, in equal parts.

    Ends of trainings of which one began where another ended can lie in one wide valley, and their
    mean nearer to its middle (Wortsman et al. 2022). Batch-norm statistics have to be computed anew
    afterwards.

    Args:
        model: changed in place.
        others: see `weights_of`.
    """
    parts = zip(model.get_weights(), *others, strict=True)
    model.set_weights([np.mean(part, axis=0) for part in parts])
