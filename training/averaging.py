"""The mean of several trainings' weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from fer.errors import DataError
from fer.model_card import ModelSpec
from training.class_names import check_known
from training.export import KERAS_FILE, keras_file


def check(directory: Path, class_names: tuple[str, ...]) -> None:
    """Check before a training that its outcome can be averaged with a model.

    Raises:
        DataError: there is no trained model, or it knows other classes.
    """
    keras_file(directory, "only a trained model can be averaged with")
    check_known(str(directory), ModelSpec.load(directory).labels, class_names)


def average(model: keras.Model, directories: Sequence[Path]) -> None:
    """Replace the weights of a network by their mean with those of trained models, in equal parts.

    Ends of trainings of which one began where another ended can lie in one wide valley, and their
    mean nearer to its middle (Wortsman et al. 2022). Batch-norm statistics have to be computed anew
    afterwards.

    Args:
        model: changed in place.
        directories: of trained models, see `check`.

    Raises:
        DataError: a model is another network.
    """
    all_weights = [model.get_weights()]
    for directory in directories:
        trained = keras.models.load_model(directory / KERAS_FILE, compile=False)
        all_weights.append(trained.get_weights())
        theirs, ours = ([w.shape for w in weights] for weights in (all_weights[-1], all_weights[0]))
        if theirs != ours:
            raise DataError(f"{directory} is another network; its weights have no mean with these.")
    model.set_weights([np.mean(parts, axis=0) for parts in zip(*all_weights, strict=True)])
