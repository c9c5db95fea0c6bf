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
from fer.types import Floats

#: Confidence under which a face is called "not sure". Below it the other expressions together are
#: more probable than the first.
SURE = 0.5

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

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=&])")


@dataclass(frozen=True)
class Verdict:
    """What is said about one face: the two most probable expressions, and their shares."""

    expression: str
    confidence: float
    second: str
    second_share: float

    @property
    def sure(self) -> bool:
        """Whether the first expression is more probable than all others together."""
        return self.confidence >= SURE

    @property
    def sentence(self) -> str:
        """The verdict in one line."""
        first = f"{self.expression} {self.confidence:.0%}"
        if self.sure:
            return first
        return f"not sure: {first}, next {self.second} {self.second_share:.0%}"


def verdict(probabilities: Floats, labels: Sequence[str]) -> Verdict:
    """Return what to say about a face, from its ``(k,)`` probabilities, k ≥ 2."""
    first, second = (int(i) for i in (-probabilities).argsort(kind="stable")[:2])
    return Verdict(
        labels[first], float(probabilities[first]), labels[second], float(probabilities[second])
    )


def verdicts(faces: Faces) -> list[Verdict]:
    """Return what to say about each face, in order."""
    return [verdict(row, faces.labels) for row in faces.probabilities]


def icon_of(label: str) -> str:
    """Return the icon of an expression; one common icon for unknown names."""
    return ICONS.get(label, OTHER_ICON)


def counted(count: int, noun: str) -> str:
    """Return ``1 face``, ``2 faces``, ``no faces``."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def expression_counts(results: Iterable[Faces]) -> Counter[str]:
    """Count the expressions of all faces."""
    return Counter(expression for faces in results for expression in faces.expressions)


def describe_picture(name: str, faces: Faces) -> str:
    """Return the alternative text of an annotated picture."""
    if not len(faces):
        return f"{name}: no face found."
    found = "; ".join(v.sentence for v in verdicts(faces))
    return f"{name} with {counted(len(faces), 'face')} marked, from left to right: {found}."


def describe_probabilities(face: str, probabilities: Floats, labels: Sequence[str]) -> str:
    """Return the alternative text of one face's chart, most probable first."""
    order = (-probabilities).argsort(kind="stable")
    shares = ", ".join(f"{labels[i]} {probabilities[i]:.0%}" for i in order)
    return f"Bar chart of {face}: {shares}."


def describe_mix(counts: Counter[str]) -> str:
    """Return the alternative text of the chart of all faces' expressions."""
    shares = ", ".join(f"{label} {count}" for label, count in counts.most_common())
    return f"Faces by most probable expression: {shares}."


def plain(text: str) -> str:
    """Return `text` such that Markdown shows it letter by letter: file names are not ours."""
    return _MARKDOWN.sub(r"\\\1", text)
