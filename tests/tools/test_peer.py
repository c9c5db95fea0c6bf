"""The usual recipe in a process of its own, and what is told when it does not run."""

import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peer import VARIANTS, Peer, compare

FRAMES = [np.full((4, 6, 3), shade, np.uint8) for shade in (10, 20)]

#: Stands for the Python of another environment: it runs this instead of the worker.
WORKER = """#!{python}
import json, sys
import numpy as np
print(json.dumps([]), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    shades = np.load(request["frames"])[request["indices"], 0, 0, 0].tolist()
    print(json.dumps([[shade, shade / 2, 1] for shade in shades]), flush=True)
    if request["variant"] == "the last":
        break
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    file = tmp_path / "python"
    file.write_text(WORKER.format(python=sys.executable))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def test_no_frame_has_no_measurement(python: Path) -> None:
    with Peer(python, FRAMES) as peer:
        assert peer.measure("tflite", []) == []
        assert peer.measure("tflite", [1, 0]) == [[20, 10, 1], [10, 5, 1]]


def test_a_process_that_has_ended_is_told(python: Path) -> None:
    with Peer(python, FRAMES) as peer:
        peer.measure("the last", [0])
        with pytest.raises(RuntimeError, match=r"peer_worker\.py gave no answer.*package fer"):
            peer.measure("tflite", [0])


def test_each_variant_is_compared_on_the_same_frames(python: Path) -> None:
    done = compare(python, FRAMES, lambda: ({"total": 1.5, "processor": 1.5}, 1), seconds=0)
    assert [comparison.recipe for comparison in done] == list(VARIANTS.values())
    assert {comparison.ratio for comparison in done} == {10.0}
    assert {comparison.processor_ratio for comparison in done} == {5.0}
