"""What the models answered about a face whose expression the visitor says. No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
