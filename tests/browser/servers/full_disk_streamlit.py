"""Streamlit on a full disk: no file of the process can grow beyond a few kilobytes."""

from __future__ import annotations

import resource

from streamlit.web.cli import main

#: Bytes of the largest file: enough for the log.
MOST = 32 * 1024

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, MOST))
    main(prog_name="streamlit")
