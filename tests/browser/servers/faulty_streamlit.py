"""Streamlit with a fault in FER Lens: in every stream the fifth frame cannot be analysed."""

from __future__ import annotations

from typing import Any

from streamlit.web.cli import main

from fer import FaceStream
from fer.stream import FrameResult

_FAULTY_FRAME = 5

_analyse = FaceStream.__call__


def _fail_once(self: FaceStream, *arguments: Any, **options: Any) -> FrameResult:
    frame = vars(self).setdefault("frames_seen", 0) + 1
    vars(self)["frames_seen"] = frame
    if frame == _FAULTY_FRAME:
        raise RuntimeError("a fault that nobody thought of")
    return _analyse(self, *arguments, **options)


if __name__ == "__main__":
    FaceStream.__call__ = _fail_once  # type: ignore[method-assign]
    main(prog_name="streamlit")
