"""Texts that describe results. Does not use Streamlit.

An expression is what a face shows. A picture does not show what somebody feels, and no text here
may claim that it does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from fer.labelled.names import flat_name
from fer.labels import colour_of
from fer.text import chance, one_of
from fer.types import UNCERTAIN, Faces, Floats

#: Material symbol of each expression.
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

#: Icon for class names of other data sets.
OTHER_ICON = ":material/face:"

#: Icon of "uncertain", which is not an expression.
UNCERTAIN_ICON = ":material/help:"

#: Icon of each issue that the image of a face may have; see `fer.types.ISSUES`.
ISSUE_ICONS = {
    "small": ":material/photo_size_select_small:",
    "blurred": ":material/blur_on:",
    "dark": ":material/dark_mode:",
    "turned": ":material/3d_rotation:",
}

#: Names that are listed before they are only counted.
_NAMED = 3

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=&])")


@dataclass(frozen=True)
class Verdict:
    """The result for one face, as the page states it.

    The confidence is the probability of the most probable expression, which is the only candidate;
    if uncertain, the two or three most probable are. Issues are those of `fer.types.ISSUES`, and
    the width is in pixels.
    """

    answer: str
    confidence: float
    candidates: tuple[str, ...]
    shares: tuple[float, ...]
    issues: tuple[str, ...]
    width: int

    @property
    def sure(self) -> bool:
        """Whether the answer is an expression."""
        return self.answer != UNCERTAIN

    @property
    def alternatives(self) -> str:
        """The candidates with their probabilities: ``sad 46% or neutral 38%``."""
        pairs = zip(self.candidates, self.shares, strict=True)
        return one_of([f"{name} {chance(share)}" for name, share in pairs])

    @property
    def sentence(self) -> str:
        """The verdict in one line, including the issues of the image."""
        answer = self.alternatives if self.sure else f"{UNCERTAIN}: {self.alternatives}"
        reasons = ", ".join(self.reasons)
        return f"{answer} ({reasons})" if reasons else answer

    @property
    def reasons(self) -> list[str]:
        """A short description of each issue of the image."""
        words = {"small": f"small: {self.width} pixels wide", "turned": "turned away"}
        return [words.get(issue, issue) for issue in self.issues]


def verdicts(faces: Faces) -> list[Verdict]:
    """Return the verdict on each face, in the order of `faces`."""
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
    """Return the icon of an answer; `OTHER_ICON` for unknown names."""
    return UNCERTAIN_ICON if label == UNCERTAIN else ICONS.get(label, OTHER_ICON)


def mark(answer: str) -> str:
    """Return the coloured mark of an answer; "uncertain" has no colour and is hatched in charts."""
    return "▨" if answer == UNCERTAIN else f':color[●]{{foreground="{colour_of(answer)}"}}'


def legend(answers: Sequence[str], values: Mapping[str, str] | None = None) -> str:
    """Return a coloured mark and a name for each answer, as Markdown, which wraps on a phone.

    The value of an answer, if there are any, stands in bold after its name.
    """
    parts = []
    for answer in answers:
        value = f"\u00a0**{values[answer]}**" if values else ""
        parts.append(f"{mark(answer)}\u00a0{answer}{value}")
    return "\u2002 ".join(parts)


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 face``, ``2 faces``, ``no faces``."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are: ``a, b, c and 2 more``."""
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    *others, last = [*names[:_NAMED], *more]
    return f"{', '.join(others)} and {last}" if others else last


def answer_counts(results: Iterable[Faces]) -> Counter[str]:
    """Count the answers of all faces, the most frequent first, and "uncertain" last."""
    counts = Counter(answer for faces in results for answer in faces.answers)
    order = sorted(counts, key=lambda answer: (answer == UNCERTAIN, -counts[answer], answer))
    return Counter({answer: counts[answer] for answer in order})


def describe_picture(name: str, faces: Faces) -> str:
    """Return the alternative text of an annotated picture."""
    if not len(faces):
        return f"{name}: no face found."
    sentences = "; ".join(v.sentence for v in verdicts(faces))
    return f"{name} with {counted(len(faces), 'face')} marked, from left to right: {sentences}."


def describe_probabilities(face: str, probabilities: Floats, labels: Sequence[str]) -> str:
    """Return the alternative text of one face's bar chart, most probable expression first."""
    order = (-probabilities).argsort(kind="stable")
    shares = ", ".join(f"{labels[i]} {chance(probabilities[i])}" for i in order)
    return f"Bar chart of {face}: {shares}."


def describe_mix(counts: Counter[str]) -> str:
    """Return the alternative text of the strip with the answers of all faces."""
    shares = ", ".join(f"{label} {count}" for label, count in counts.items())
    return f"Faces by answer: {shares}."


def describe_activation(face: str, expression: str) -> str:
    """Return the alternative text of a face with its class activation map."""
    return f"Map of {face}: orange where it raised {expression}, blue where it lowered it."


def left(seconds: float) -> str:
    """Return how long something will take, no more exact than it is known."""
    return "some seconds left" if seconds < 10 else f"{about(seconds)} left"


def about(seconds: float) -> str:
    """Return a rounded duration, 10 seconds at least: ``about 20 seconds``, ``about 3 minutes``."""
    if seconds < 90:
        return f"about {10 * max(1, round(seconds / 10))} seconds"
    return f"about {round(seconds / 60)} minutes"


def waiting_line(ahead: int, places: int, noun: str) -> str:
    """Return why an analysis has not begun, for which so many others wait, in Markdown."""
    one = f"one {noun}" if places == 1 else f"{places} {noun}s"
    before = {0: "Yours is next.", 1: "One more is before yours."}.get(
        ahead, f"{ahead} more are before yours."
    )
    return (
        f"**All places are taken.** This server analyses {one} at a time. {before} It starts by "
        "itself."
    )


def stem_of(name: str, default: str) -> str:
    """Return the name of a visitor's file without its ending and folders, or else the default.

    Names come from the browser; whoever unpacks what is called like them must not get files
    elsewhere, nor names that a system does not allow.
    """
    last = PurePath(name.replace("\\", "/")).stem
    return flat_name(last) if last else default


def escape_markdown(text: str) -> str:
    """Escape Markdown syntax; needed for text from outside, such as file names."""
    return _MARKDOWN.sub(r"\\\1", text)
