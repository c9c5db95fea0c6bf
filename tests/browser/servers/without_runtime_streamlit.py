"""Streamlit where the runtime for browsers was not built, as without npm."""

from __future__ import annotations

import fer_lens_ondevice
from streamlit.web.cli import main

if __name__ == "__main__":
    fer_lens_ondevice.runtime = lambda *_: None
    fer_lens_ondevice.missing = lambda *_: "LiteRT's runtime is not installed: npm was not there."
    main(prog_name="streamlit")
