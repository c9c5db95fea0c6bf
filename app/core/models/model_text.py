"""What is said of a model beside its name. Does not use Streamlit."""

from __future__ import annotations

from app.core.models.head_text import head_name
from app.core.models.runnable import ModelEntry
from app.core.text import escape_markdown


def in_short(entry: ModelEntry) -> str:
    """Return a model's name and accuracy, as Markdown: ``compact · 71%``."""
    name = escape_markdown(entry.name)
    return name if entry.accuracy is None else f"{name} · {entry.accuracy:.0%}"


def facts(entry: ModelEntry) -> str:
    """Return a model's accuracy, size, and what it was trained on, as Markdown."""
    known = [f"{len(entry.labels)} expressions", _accuracy(entry), _size(entry), *_training(entry)]
    return escape_markdown(" · ".join(known))


def _accuracy(entry: ModelEntry) -> str:
    low, high = entry.accuracy_low, entry.accuracy_high
    if entry.accuracy is None or low is None or high is None:
        return "not measured"
    return (
        f"{entry.accuracy:.1%} right on its validation data ({100 * low:.1f}–{high:.1%}), "
        f"{head_name(entry.spec.default_head)} head"
    )


def _size(entry: ModelEntry) -> str:
    return f"{entry.bytes / 1e6:.1f} MB"


def _training(entry: ModelEntry) -> list[str]:
    if not entry.trained_on:
        return []
    begun = f", begun with {entry.begun_with}" if entry.begun_with else ""
    return [f"trained on {entry.trained_on}{begun}"]
