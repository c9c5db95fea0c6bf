"""Pasting pictures from the clipboard into a file uploader, which Streamlit's own does not do."""

from __future__ import annotations

from functools import cache

import streamlit as st

#: Hands pasted images to the uploader's own input, so that they take the way of every other
#: upload: its size limit, its list with a cross behind each file. The listener is exchanged, not
#: added, when the page runs again.
_SCRIPT = """
let forget = () => {};

function named(file, index) {
  const time = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");
  const kind = file.type.split("/")[1].split("+")[0];
  return new File([file], `pasted ${time} ${index + 1}.${kind}`, { type: file.type });
}

export default function ({ data }) {
  const paste = (event) => {
    const images = [...(event.clipboardData?.files ?? [])]
      .filter((file) => file.type.startsWith("image/"));
    const input = document.querySelector(`.st-key-${data.uploader} input[type="file"]`);
    if (!images.length || !input) return;
    const carrier = new DataTransfer();
    images.map(named).forEach((file) => carrier.items.add(file));
    input.files = carrier.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    event.preventDefault();
  };
  forget();
  document.addEventListener("paste", paste);
  forget = () => document.removeEventListener("paste", paste);
  return forget;
}
"""


def paste_into(uploader_key: str) -> None:
    """Let a picture that is pasted anywhere on the page go to the uploader with this key."""
    _component()(data={"uploader": uploader_key}, key=f"{uploader_key}_paste")


@cache
def _component() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component("fer_lens_paste", js=_SCRIPT)
