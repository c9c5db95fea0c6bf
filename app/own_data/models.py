"""The models that answer on the Your data page: the chosen one and all others that are here."""

from __future__ import annotations

import logging

from app.common import running_model
from app.common.model_choice import chosen_entry
from app.common.runnable import ModelEntry, runnable_models
from app.own_data.reading import Answerer
from fer import ModelError

_log = logging.getLogger(__name__)


def entries() -> list[ModelEntry]:
    """Return what is known of all models that can answer, the chosen one first.

    Raises:
        ModelError: none can.
    """
    chosen = chosen_entry()
    if chosen is None:
        running_model.model_spec()  # which says what is wrong with it
        raise ModelError("no model can answer here.")
    return [chosen, *(entry for entry in runnable_models() if entry.key != chosen.key)]


def expressions() -> tuple[str, ...]:
    """Return all expressions that a model here knows, in the order of the chosen one's heads."""
    heads = (head for entry in entries() for head in entry.spec.heads)
    return tuple(dict.fromkeys(label for head in heads for label in head.labels))


def answerers() -> list[Answerer]:
    """Return all models, loaded.

    Raises:
        ModelError: none can be loaded.
    """
    found, faults = [], []
    for entry in entries():
        try:
            analyzer = running_model.photo_analyzer(entry.directory)
        except ModelError as error:
            _log.warning("the model %s does not answer: %s", entry.name, error)
            faults.append(error)
            continue
        found.append(Answerer(entry.name, entry.key, analyzer))
    if not found:
        raise faults[0]
    return found
