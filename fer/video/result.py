"""What the files of a recording tell of it."""

from __future__ import annotations

from fer.export.stream_result import StreamResult
from fer.video.recording import Recording


def result_of(recording: Recording, name: str) -> StreamResult:
    """Return what was found in a recording, for the files that are made of it.

    Args:
        recording: what was found.
        name: name of its file, without folders.
    """
    video = recording.video
    source = {
        "file": name,
        "width": video.width,
        "height": video.height,
        "frame_rate": video.frame_rate,
        "codec": video.codec,
        "has_sound": video.has_sound,
    }
    return StreamResult(
        recording.rows,
        recording.info,
        recorded=True,
        cuts=recording.cuts,
        end=recording.end,
        note=recording.note,
        source=source,
    )
