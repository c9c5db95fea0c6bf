"""Pasting pictures from the clipboard into a file uploader, which Streamlit does not support."""

from __future__ import annotations

from functools import cache

import streamlit as st

#: Puts pasted images into the uploader's own input element, so that they are handled like every
#: other upload, with the same size limit and file list. When the page reruns, the event listener
#: is replaced instead of being added a second time.
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
    """Send pictures that are pasted anywhere on the page to the uploader with this key."""
    _component()(data={"uploader": uploader_key}, key=f"{uploader_key}_paste")


@cache
def _component() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component("fer_lens_paste", js=_SCRIPT)
