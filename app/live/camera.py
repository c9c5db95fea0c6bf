"""Why there is no picture from the visitor's camera, which Streamlit does not report."""

from __future__ import annotations

from enum import Enum

import streamlit as st

from app.core.components import mount

_KEY = "live_camera"


class CameraProblem(Enum):
    """Why the browser gives this page no picture of a camera."""

    DENIED = "denied"
    MISSING = "missing"
    BUSY = "busy"
    GONE = "gone"
    INSECURE = "insecure"
    OTHER = "other"


#: Problems by the name of the browser's error; see `MediaDevices.getUserMedia`.
_ERRORS = {
    "NotAllowedError": CameraProblem.DENIED,
    "SecurityError": CameraProblem.DENIED,
    "NotFoundError": CameraProblem.MISSING,
    "OverconstrainedError": CameraProblem.MISSING,
    "NotReadableError": CameraProblem.BUSY,
    "AbortError": CameraProblem.BUSY,
    # Names of our own, in ``ondevice``: the connection is not safe; the camera was taken away.
    "insecure": CameraProblem.INSECURE,
    "ended": CameraProblem.GONE,
}


def camera_problem() -> CameraProblem | None:
    """Return why there can be no picture of a camera; None if nothing is known against it.

    Mounts an element that shows nothing, but takes the room of a gap. streamlit-webrtc's component
    shows the browser's own words, has no translation for them, and does not report them: the
    element reports the name of the error, and hides it.
    """
    mount("live/camera", {}, _KEY, on_problem_change=_noted, on_error_change=_noted)
    state = st.session_state.get(_KEY)
    if known := getattr(state, "problem", ""):
        return CameraProblem(known)
    error = str(getattr(state, "error", "") or "")
    return problem_of(error) if error else None


def _noted() -> None:
    """Nothing more is to be done than the run of the page that follows."""


def problem_of(error: str) -> CameraProblem:
    """Return the problem that the name of a browser's error stands for."""
    return _ERRORS.get(error, CameraProblem.OTHER)
