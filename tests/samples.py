"""What all tests share: where things are, drawn detections, and fakes at the boundary."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fer.alignment import Framing
from fer.evaluation.report import FileCard, Report
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import Abstention, Head, ModelSpec
from fer.records import file_sha256
from fer.types import Detections, Floats, Image

ROOT = Path(__file__).parent.parent


#: Of a head that is never uncertain.
ALWAYS_ANSWERS = Abstention(threshold=0, degraded_threshold=0)


SHIPPED_MODEL = ROOT / "models" / "compact"

#: Where made-up networks have faces.
FRAMING = Framing(
    side=48,
    points=((15.0, 19.0), (33.0, 19.0), (24.0, 29.0), (24.0, 37.5)),
    box_centre=(24.0, 27.0),
    box_side=41.0,
)


FAKE_HEAD = Head(
    name=EXPRESSION_HEAD,
    output=EXPRESSION_HEAD,
    labels=("happy", "sad", "neutral"),
    meaning="a fake",
    abstention=ALWAYS_ANSWERS,
)


def fake_spec(*heads: Head) -> ModelSpec:
    """Return the record of a made-up network, with `FAKE_HEAD` if no others are given."""
    return ModelSpec(
        name="fake",
        file="model.tflite",
        sha256="0" * 64,
        input_size=48,
        channels=1,
        framing=FRAMING,
        heads=heads or (FAKE_HEAD,),
    )


def asked_for(file: str) -> list[str]:
    """Return the requirements of a file, without comments, other files and folders."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    bare = [line.partition("#")[0].strip() for line in lines]
    return [line for line in bare if line and not line.startswith("-")]


def as_in_a_terminal() -> None:
    """Let a process that is started be ended by signals, as ``preexec_fn`` of `subprocess.Popen`.

    What runs in the background of a shell script, as tests may, ignores Ctrl-C, and what it starts
    inherits that.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def make_detections(*boxes: tuple[float, float, float, float], score: float = 0.9) -> Detections:
    """Return detections with landmarks where an upright face has them in its box."""
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    share = np.array([[0.3, 0.3], [0.7, 0.3], [0.5, 0.55], [0.5, 0.75], [0.0, 0.35], [1.0, 0.35]])
    size = (xyxy[:, 2:] - xyxy[:, :2])[:, None]
    landmarks = xyxy[:, None, :2] + share.astype(np.float32) * size
    return Detections(xyxy, np.full(len(xyxy), score, np.float32), landmarks)


def fake_detector(found: Detections) -> Callable[[Image], Detections]:
    """Return a detector that always finds the same."""
    return lambda image: found


class FakeClassifier:
    """Answers with the mean brightness of a crop: dark is the first label, bright the last."""

    def __init__(self, labels: int) -> None:
        self.labels = labels
        self.seen: list[np.ndarray] = []

    def __call__(self, crops: np.ndarray, head: str = EXPRESSION_HEAD) -> Floats:
        self.seen.append(crops)
        out = np.zeros((len(crops), self.labels), np.float32)
        if len(crops):
            level = np.minimum(crops.reshape(len(crops), -1).mean(axis=1) / 256, 0.999)
            out[np.arange(len(crops)), (level * self.labels).astype(int)] = 1
        return out


def write_copy(folder: Path, name: str, *, one_head: bool = False) -> Path:
    """Write a model that runs: the shipped network in a file of its own hash, with its report.

    Args:
        folder: gets the model's directory.
        name: of the model.
        one_head: whether it has the expression head only, with other names for its expressions.
    """
    directory = folder / name
    directory.mkdir(parents=True)
    spec, report = ModelSpec.load(SHIPPED_MODEL), Report.load(SHIPPED_MODEL)
    network = directory / spec.file
    network.write_bytes((SHIPPED_MODEL / spec.file).read_bytes() + name.encode())  # is not read
    card = FileCard(sha256=file_sha256(network), bytes=network.stat().st_size)
    heads = spec.heads
    if one_head:
        labels = tuple(f"style {i}" for i in range(len(spec.labels)))
        heads = (spec.head(EXPRESSION_HEAD).model_copy(update={"labels": labels}),)
    spec.model_copy(update={"name": name, "sha256": card.sha256, "heads": heads}).save(directory)
    report.model_copy(update={"name": name, "files": {spec.file: card}}).save(directory)
    return directory
