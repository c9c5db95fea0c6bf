"""Where an upload stands while it arrives. Does not use Streamlit."""

from __future__ import annotations

from starlette.formparsers import MultiPartParser


def hold_uploads(most_bytes: int) -> None:
    """Have uploads arrive in memory, in which they stay, not in a temporary file.

    By default Starlette writes what is larger than a megabyte to an unnamed file, and reads it when
    all is there. So a photograph was on the disk for a moment, and on a full one it was refused.

    Args:
        most_bytes: size of the largest that does; others, such as recordings, arrive in a file.
    """
    MultiPartParser.spool_max_size = most_bytes
