"""Why there is no picture from the visitor's camera, which Streamlit does not report."""

from __future__ import annotations

from enum import Enum
from functools import cache

import streamlit as st

from app.live.webrtc_patches import camera_error


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

#: Reports only changes of the problem, because every report makes the page rerun. Browsers without
#: a permission query for the camera report only whether there is one.
_SCRIPT = """
export default function ({ setStateValue }) {
  let reported = "";
  let permission = null;
  const devices = navigator.mediaDevices;
  const find = async () => {
    if (!devices?.enumerateDevices) return "insecure";
    const found = await devices.enumerateDevices();
    if (!found.some((device) => device.kind === "videoinput")) return "missing";
    return permission?.state === "denied" ? "denied" : "";
  };
  const report = async () => {
    const problem = await find().catch(() => "");
    if (problem === reported) return;
    reported = problem;
    setStateValue("problem", problem);
  };
  devices?.addEventListener?.("devicechange", report);
  navigator.permissions?.query({ name: "camera" }).then((status) => {
    permission = status;
    permission.addEventListener("change", report);
  }).catch(() => {}).finally(report);
  return () => {
    devices?.removeEventListener?.("devicechange", report);
    permission?.removeEventListener("change", report);
  };
}
"""


def camera_problem() -> CameraProblem | None:
    """Return why there can be no picture of a camera; None if nothing is known against it.

    Mounts two elements that show nothing, but take the room of a gap.
    """
    state = _component()(key="camera_state", on_problem_change=lambda: None)
    known, error = str(getattr(state, "problem", "") or ""), camera_error()
    if known:
        return CameraProblem(known)
    return problem_of(error) if error else None


def problem_of(error: str) -> CameraProblem:
    """Return the problem that the name of a browser's error stands for."""
    return _ERRORS.get(error, CameraProblem.OTHER)


@cache
def _component() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component("fer_lens_camera", js=_SCRIPT)
