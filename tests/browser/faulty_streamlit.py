"""Streamlit with a fault in FER Lens: in every stream the fifth frame cannot be analysed."""

from __future__ import annotations

from collections import Counter

from streamlit.web.cli import main

from fer import Faces, FaceStream
from fer.types import Image

_FAULTY_FRAME = 5

_analyse = FaceStream.__call__
_frames: Counter[int] = Counter()


def _fail_once(self: FaceStream, image: Image, seconds: float) -> Faces:
    _frames[id(self)] += 1
    if _frames[id(self)] == _FAULTY_FRAME:
        raise RuntimeError("a fault that nobody thought of")
    return _analyse(self, image, seconds)


if __name__ == "__main__":
    FaceStream.__call__ = _fail_once  # type: ignore[method-assign]
    main(prog_name="streamlit")
