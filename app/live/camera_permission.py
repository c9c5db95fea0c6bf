"""Whether the browser denies this page the camera, which Streamlit does not report."""

from __future__ import annotations

from functools import cache

import streamlit as st

#: Reports only changes from or to "denied", because every report makes the page rerun. Browsers
#: without a permission query for the camera report nothing.
_SCRIPT = """
export default function ({ setStateValue }) {
  let reported = false;
  let status = null;
  const report = () => {
    const denied = status.state === "denied";
    if (denied === reported) return;
    reported = denied;
    setStateValue("denied", denied);
  };
  navigator.permissions?.query({ name: "camera" }).then((result) => {
    status = result;
    status.addEventListener("change", report);
    report();
  }).catch(() => {});
  return () => status?.removeEventListener("change", report);
}
"""


def camera_refused() -> bool:
    """Return whether the browser denies the camera; False if the browser does not report it."""
    state = _component()(key="camera_permission", on_denied_change=lambda: None)
    return bool(getattr(state, "denied", False))


@cache
def _component() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component("fer_lens_camera_permission", js=_SCRIPT)
