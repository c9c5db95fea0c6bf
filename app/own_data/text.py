"""Texts of the Your data page that depend on its faces. Does not use Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from app.core.photo import Missing
from app.core.text import counted, escape_markdown
from app.own_data.session import OwnSession

#: Files without faces of their own which are named at most.
_MOST_NAMED = 100


def facts(session: OwnSession) -> str:
    """Return what there is, in a line."""
    own = session.own
    if own is None:
        return ""
    photos = own.photos
    empty = sum(not photo.face_count for photo in photos.values())
    parts = [counted(len(photos), "photo"), counted(len(own.faces), "face")]
    if empty:
        parts.append(f"{counted(empty, 'photo')} without a face")
    return " · ".join(filter(None, [*parts, missing_line(session)]))


def folder_line(counts: Mapping[str, int], misses: int) -> str:
    """Return what folders said of the faces, in Markdown.

    Args:
        counts: number of faces by expression.
        misses: number of labelled photos in which no face was found.
    """
    said = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    missed = f" In {counted(misses, 'photo')} no face was found, which is a miss." if misses else ""
    return f"**The labels are those of the folders:** {said or 'none'}.{missed}"


def missing_line(session: OwnSession) -> str:
    """Return how many files have no faces of their own; "" if all have."""
    counts = Counter(one.missing for one in session.unread)
    return " · ".join(f"{counted(counts[one], 'file')} {one}" for one in Missing if counts[one])


def unread_lines(session: OwnSession) -> str:
    """Return the files without faces of their own with the reasons, in Markdown."""
    unread = session.unread
    lines = [f"- **{escape_markdown(one.name)}** {escape_markdown(one.error)}" for one in unread]
    more = len(lines) - _MOST_NAMED
    return "\n".join(lines[:_MOST_NAMED] + ([f"- … and {more:,} more"] if more > 0 else []))
