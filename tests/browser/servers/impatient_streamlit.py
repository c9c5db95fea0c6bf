"""Streamlit that soon deletes the recordings of a tab that was closed, and analyses slowly."""

from __future__ import annotations

from streamlit.web.cli import main

from app.core import state
from app.core.server import cleanup
from tests.browser.servers import slow_streamlit

if __name__ == "__main__":
    cleanup.LOOK_SECONDS = 0.5
    state.KEEP_SECONDS = 1.0
    slow_streamlit.slow_down()
    main(prog_name="streamlit")
