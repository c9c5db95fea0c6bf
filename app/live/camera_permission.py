"""Whether the browser has refused this page the camera, which Streamlit does not tell."""

from __future__ import annotations

from functools import cache

import streamlit as st

#: Speaks only when the answer is, or was, a refusal: every word makes the page run again. Browsers
#: that cannot be asked say nothing.
_SCRIPT = """
export default function ({ setStateValue }) {
  let told = false;
  let status = null;
  const tell = () => {
    const denied = status.state === "denied";
    if (denied === told) return;
    told = denied;
    setStateValue("denied", denied);
  };
  navigator.permissions?.query({ name: "camera" }).then((found) => {
    status = found;
    status.addEventListener("change", tell);
    tell();
  }).catch(() => {});
  return () => status?.removeEventListener("change", tell);
}
"""


def camera_refused() -> bool:
    """Tell whether the browser refuses the camera; False where it does not say."""
    answer = _component()(key="camera_permission", on_denied_change=lambda: None)
    return bool(getattr(answer, "denied", False))


@cache
def _component() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component("fer_lens_camera_permission", js=_SCRIPT)
