"""The player of the Video page, and what takes it to a place: the timeline, and moments."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app.core.components import mount
from app.core.layout import CONTENT_WIDTH
from app.live.charts.timeline import Timeline, person_name
from fer.labels import colour_of, person_colour
from fer.text import chance, clock
from fer.video.recording import Moment

#: Pixels: greatest width and height of the player, the gap to what stands beside it, and the width
#: of that.
PLAYER_WIDTH, PLAYER_HEIGHT = 640, 520
GAP = 24
PANEL_WIDTH = CONTENT_WIDTH - PLAYER_WIDTH - GAP

#: Key of the container of the player.
_PLAYER = "video_player"


def show_player(video: Path, alt: str, width: int, subtitles: str = "") -> None:
    """Show a video.

    Args:
        video: the file.
        alt: what it is.
        width: of the player in pixels, where the screen has room.
        subtitles: WebVTT to show over it, if any.
    """
    with st.container(key=_PLAYER):
        tracks: dict[str, Any] | None = {"Expressions": subtitles} if subtitles else None
        st.video(str(video), subtitles=tracks, alt=alt, width=width)


def show_places(moments: Sequence[Moment], line: Timeline | None, chart: str, video: str) -> None:
    """Show moments that take the player to their time, and let a chart do the same.

    Args:
        moments: what to show.
        line: the timeline of the chart; None if there is none.
        chart: key of the chart's container.
        video: name of the recording, so that another one begins at its start.
    """
    data = {
        "player": _PLAYER,
        "chart": chart,
        "start": line.start if line else 0.0,
        "end": line.end if line else 0.0,
        "video": video,
        "people": _people(moments),
    }
    mount("video/places", data, key="video_places")


def _people(moments: Sequence[Moment]) -> list[dict[str, Any]]:
    return [
        {
            "name": person_name(person),
            "colour": person_colour(person),
            "moments": [_moment(moment) for moment in moments if moment.person == person],
        }
        for person in sorted({moment.person for moment in moments})
    ]


def _moment(moment: Moment) -> dict[str, Any]:
    time, share = clock(moment.seconds), chance(moment.confidence)
    return {
        "seconds": moment.seconds,
        "time": time,
        "answer": moment.expression,
        "colour": colour_of(moment.expression),
        "label": f"{person_name(moment.person)}, {moment.expression} {share}: go to {time}",
        "portrait": base64.b64encode(moment.portrait).decode(),
    }
