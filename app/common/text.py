"""Results in words. No streamlit in here.

An expression is what a face shows; what somebody feels is not in a picture, and no sentence here
claims it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fer import Faces
from fer.text import chance, one_of
from fer.types import UNCERTAIN, Floats

#: Material symbols, one per expression.
ICONS: dict[str, str] = {
    "angry": ":material/sentiment_extremely_dissatisfied:",
    "disgust": ":material/sick:",
    "fear": ":material/sentiment_worried:",
    "happy": ":material/sentiment_very_satisfied:",
    "sad": ":material/sentiment_sad:",
    "surprise": ":material/sentiment_excited:",
    "neutral": ":material/sentiment_neutral:",
    "contempt": ":material/sentiment_frustrated:",
}

#: For class names of other data sets.
OTHER_ICON = ":material/face:"

#: No expression, so none of their icons.
UNCERTAIN_ICON = ":material/help:"

#: Icons of what may be wrong with the picture of a face, see `fer.types.FLAWS`.
FLAW_ICONS = {
    "small": ":material/photo_size_select_small:",
    "blurred": ":material/blur_on:",
    "dark": ":material/dark_mode:",
    "turned": ":material/3d_rotation:",
}

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=&])")


@dataclass(frozen=True)
class Verdict:
    """What is said about one face.

    Attributes:
        answer: an expression, or `fer.types.UNCERTAIN`.
        confidence: probability of the most probable expression.
        candidates: that expression; where uncertain, the likeliest two or three.
        shares: probability of each candidate.
        flaws: what is wrong with the face's picture, names of `fer.types.FLAWS`.
        width: of the face in pixels.
    """

    answer: str
    confidence: float
    candidates: tuple[str, ...]
    shares: tuple[float, ...]
    flaws: tuple[str, ...]
    width: int

    @property
    def sure(self) -> bool:
        """Whether there is an answer."""
        return self.answer != UNCERTAIN

    @property
    def alternatives(self) -> str:
        """The candidates with their shares: ``sad 46% or neutral 38%``."""
        pairs = zip(self.candidates, self.shares, strict=True)
        return one_of([f"{name} {chance(share)}" for name, share in pairs])

    @property
    def sentence(self) -> str:
        """The verdict in one line, with what is wrong with the picture."""
        said = self.alternatives if self.sure else f"{UNCERTAIN}: {self.alternatives}"
        reasons = ", ".join(self.reasons)
        return f"{said} ({reasons})" if reasons else said

    @property
    def reasons(self) -> list[str]:
        """What is wrong with the picture, in words that need nothing around them."""
        words = {"small": f"small: {self.width} pixels wide", "turned": "turned away"}
        return [words.get(flaw, flaw) for flaw in self.flaws]


def verdicts(faces: Faces) -> list[Verdict]:
    """Return what to say about each face, in order."""
    widths = faces.xyxy[:, 2] - faces.xyxy[:, 0]
    rows = zip(faces.answers, faces.candidates, faces.quality, widths.tolist(), strict=True)
    return [
        Verdict(
            answer,
            float(faces.confidence[face]),
            candidates,
            tuple(float(faces.probabilities[face, faces.labels.index(n)]) for n in candidates),
            quality,
            round(width),
        )
        for face, (answer, candidates, quality, width) in enumerate(rows)
    ]


def icon_of(label: str) -> str:
    """Return the icon of an answer; one common icon for unknown names."""
    return UNCERTAIN_ICON if label == UNCERTAIN else ICONS.get(label, OTHER_ICON)


def counted(count: int, noun: str) -> str:
    """Return ``1 face``, ``2 faces``, ``no faces``."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def answer_counts(results: Iterable[Faces]) -> Counter[str]:
    """Count the answers for all faces, uncertain ones among them."""
    return Counter(answer for faces in results for answer in faces.answers)


def describe_picture(name: str, faces: Faces) -> str:
    """Return the alternative text of an annotated picture."""
    if not len(faces):
        return f"{name}: no face found."
    found = "; ".join(v.sentence for v in verdicts(faces))
    return f"{name} with {counted(len(faces), 'face')} marked, from left to right: {found}."


def describe_probabilities(face: str, probabilities: Floats, labels: Sequence[str]) -> str:
    """Return the alternative text of one face's chart, most probable first."""
    order = (-probabilities).argsort(kind="stable")
    shares = ", ".join(f"{labels[i]} {chance(probabilities[i])}" for i in order)
    return f"Bar chart of {face}: {shares}."


def describe_mix(counts: Counter[str]) -> str:
    """Return the alternative text of the chart of all faces' answers."""
    shares = ", ".join(f"{label} {count}" for label, count in counts.most_common())
    return f"Faces by answer: {shares}."


def describe_activation(face: str, expression: str) -> str:
    """Return the alternative text of a face under its class activation map."""
    return f"Map of {face}: orange where it raised {expression}, blue where it lowered it."


def plain(text: str) -> str:
    """Return `text` such that Markdown shows it letter by letter: file names are not ours."""
    return _MARKDOWN.sub(r"\\\1", text)
