"""Measure every model on a visitor's own faces. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from fer.detection.blazeface import photo_detector
from fer.errors import DataError
from fer.evaluation.metrics import LabelledEvaluation, evaluate_labelled
from fer.evaluation.other_data import OtherData, PhotoSearch
from fer.model.spec import Head, ModelSpec
from fer.types import Floats


@dataclass(frozen=True)
class LabelledAnswer:
    """A labelled face, or a labelled photograph in which none was found, and all answers to it.

    Attributes:
        name: of the photograph, and which of its faces, such as "party.jpg, face 2".
        truth: the label, by its name in this project (`canonical`).
        found: False if no face was found in a labelled photograph: a miss of the detector.
        probabilities: by model and head, ``(k,)`` in the order of the head's labels; empty if no
            face was found.
        flawed: whether the face's picture has a flaw, see `fer.quality`.
        crop_jpeg: a small picture of the face, JPEG or PNG; empty if there is none.
        photo: name of the photograph.
        answer_seen: whether the model's answer was shown when the label was given.
    """

    name: str
    truth: str
    found: bool = True
    probabilities: Mapping[tuple[str, str], Floats] = field(default_factory=dict, repr=False)
    flawed: bool = False
    crop_jpeg: bytes = field(default=b"", repr=False)
    photo: str = ""
    answer_seen: bool = False


@dataclass(frozen=True)
class Measured:
    """What one head reaches.

    Attributes:
        evaluation: on the faces that were found.
        search: on all, those in whose photograph no face was found as misses.
        record: both, with all that it takes to understand them.
    """

    evaluation: LabelledEvaluation
    search: PhotoSearch
    record: OtherData


@dataclass(frozen=True)
class OwnFigures:
    """What every model and head reaches on the same faces.

    Attributes:
        data: name of the visitor's data.
        answers: the labelled faces, and photographs without one.
        specs: the models, by name.
        measured: by model and head, in order; without heads that know none of the labels, or have
            answered about no face.
    """

    data: str
    answers: tuple[LabelledAnswer, ...]
    specs: Mapping[str, ModelSpec]
    measured: Mapping[tuple[str, str], Measured]


def measure_own(
    answers: Sequence[LabelledAnswer], specs: Mapping[str, ModelSpec], data: str
) -> OwnFigures:
    """Measure every head of every model on a visitor's faces.

    Args:
        answers: the labelled faces, and photographs without one.
        specs: the models, by the names that the answers have.
        data: name of the data.
    """
    made = datetime.now(UTC).isoformat(timespec="seconds")
    measured = {}
    for model, spec in specs.items():
        for head in spec.heads:
            evaluation = _evaluated(answers, (model, head.name), head)
            if evaluation is None:
                continue
            search = _search(answers, head, evaluation)
            record = OtherData(
                kind="other",
                model=model,
                sha256=spec.sha256,
                head=head.name,
                blend=head.blend,
                data=data,
                how="photos",
                search=search,
                measured_by="a visitor of FER Lens, on faces of their own",
                created=made,
                figures=evaluation,
            )
            measured[model, head.name] = Measured(evaluation, search, record)
    return OwnFigures(data, tuple(answers), specs, measured)


def _evaluated(
    answers: Sequence[LabelledAnswer], key: tuple[str, str], head: Head
) -> LabelledEvaluation | None:
    known = [answer for answer in answers if key in answer.probabilities]
    if not known:
        return None
    try:
        return evaluate_labelled(
            [answer.truth for answer in known],
            np.stack([answer.probabilities[key] for answer in known]),
            head,
            np.array([answer.flawed for answer in known]),
        )
    except DataError:  # it knows none of the labels
        return None


def _search(
    answers: Sequence[LabelledAnswer], head: Head, figures: LabelledEvaluation
) -> PhotoSearch:
    misses = sum(not answer.found and answer.truth in head.labels for answer in answers)
    return PhotoSearch(
        detector=photo_detector(),
        images=figures.as_answered.count + misses,
        found=figures.as_answered.count,
        right=figures.as_answered.right,
        right_restricted=figures.restricted.right
        if figures.missing and figures.restricted
        else None,
    )
