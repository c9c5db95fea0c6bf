"""What the documents show from Python runs as it stands there."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from fer.types import Image
from tests.samples import ROOT

EXAMPLES = [
    pytest.param(code, id=f"{document}-{index}")
    for document in ("README.md", "docs/commands.md")
    for index, code in enumerate(
        re.findall(r"^```python\n(.*?)^```", (ROOT / document).read_text("utf-8"), re.M | re.S)
    )
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_runs(
    code: str,
    astronaut: Image,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    frames = [(True, np.ascontiguousarray(astronaut[..., ::-1]))] * 2

    class Camera:
        def __init__(self, index: int) -> None:
            assert index == 0

        def read(self) -> tuple[bool, Image | None]:
            return frames.pop() if frames else (False, None)

    PillowImage.fromarray(astronaut).save(tmp_path / "picture.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    exec(compile(code, "example", "exec"), {})
    assert "happy" in capsys.readouterr().out
    if ".save(" in code:
        assert list(tmp_path.glob("annotated.*"))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 3
