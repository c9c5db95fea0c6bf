"""Streamlit with an analysis that takes long: each frame waits before it begins."""

from __future__ import annotations

import os
import time
from typing import Any

from streamlit.web.cli import main

from fer.stream import FaceStream, FrameResult

#: Environment variable with the seconds that each frame waits.
SECONDS_VARIABLE = "SLOW_SECONDS"

_analyse = FaceStream.__call__


def _slowly(self: FaceStream, *arguments: Any, **options: Any) -> FrameResult:
    time.sleep(float(os.environ[SECONDS_VARIABLE]))
    return _analyse(self, *arguments, **options)


def slow_down() -> None:
    """Let every frame wait from now on."""
    FaceStream.__call__ = _slowly  # type: ignore[method-assign]


if __name__ == "__main__":
    slow_down()
    main(prog_name="streamlit")
