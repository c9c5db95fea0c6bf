"""Small data sets in the layouts that people have, faces that can be learnt, a tiny network."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer.labels import EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD, FERPLUS_LABELS
from fer.model.spec import Head
from training.__main__ import main
from training.data.dataset import DataSet, LabelledFaces
from training.presets.schema import Preset

SIDE = 16

#: Runs a command; see the fixture `ran`.
Ran = Callable[..., tuple[str, str]]

#: FER+'s word for each label of FER2013, in order; and its columns.
VOTE_OF_LABEL = (4, 5, 6, 1, 3, 2, 0)
VOTE_COLUMNS = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
    *("unknown", "NF"),
)

#: The two heads of a network, as a specification names them.
HEADS = (
    Head(name=EXPRESSION_HEAD, output="a", labels=FER2013_LABELS, meaning="a label"),
    Head(name=FERPLUS_HEAD, output="b", labels=FERPLUS_LABELS, meaning="a vote"),
)

#: A network that is trained in seconds.
TINY = Preset(
    name="tiny",
    widths=(8, 8),
    blocks_per_stage=1,
    epochs=4,
    batch_size=16,
    optimizer="sgd",
    learning_rate=0.05,
    schedule="cosine",
    warmup_epochs=1,
    vote_weight=0.4,
    ema_momentum=0.5,
    keep="last",
    precision="float32",
)


def random_faces(n: int, seed: int = 0, side: int = SIDE) -> NDArray[np.uint8]:
    """Return ``(n, side, side)`` noise; no two alike."""
    return np.random.default_rng(seed).integers(0, 256, (n, side, side), dtype=np.uint8)


def pixels(face: NDArray[np.uint8]) -> str:
    return " ".join(map(str, face.ravel()))


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_votes(path: Path, labels: Iterable[int], names: Sequence[str] | None = None) -> Path:
    """Write FER+ votes that agree with the labels, nine of ten; the tenth is "unknown"."""
    rows = []
    for row, label in enumerate(labels):
        votes = [0] * 10
        votes[VOTE_OF_LABEL[label]], votes[8] = 9, 1
        rows.append(["Training", names[row] if names else f"fer{row:07d}.png", *votes])
    return write_csv(path, ["Usage", "Image name", *VOTE_COLUMNS], rows)


def png(image: NDArray[np.uint8]) -> bytes:
    """Return grey ``(height, width)`` or RGB ``(height, width, 3)`` as PNG."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG")
    return out.getvalue()


def save_image(path: Path, image: NDArray[np.uint8]) -> Path:
    """Write an image as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(image))
    return path


def write_classes(
    folder: Path, per_class: int, classes: Sequence[str] = FER2013_LABELS, seed: int = 0
) -> Path:
    """Write ``<folder>/<class>/<number>.png``."""
    faces = random_faces(per_class * len(classes), seed).reshape(-1, per_class, SIDE, SIDE)
    for name, images in zip(classes, faces, strict=True):
        for number, image in enumerate(images):
            save_image(folder / name / f"{number:03d}.png", image)
    return folder


def bars(n: int, seed: int) -> LabelledFaces:
    """Images whose class is the height of a bright bar; one that flipping leaves alone."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(FER2013_LABELS), n)
    images = rng.integers(0, 60, (n, 48, 48, 1), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[6 * label + 2 : 6 * label + 7, 4:44] += 150
    votes = np.zeros((n, 10), np.uint8)
    votes[np.arange(n), labels] = 9
    votes[:, 8] = 1
    return LabelledFaces(images, labels, FER2013_LABELS, votes)


def data_set(name: str, sizes: dict[str, int]) -> DataSet:
    """Return a data set of `bars`, with as many in each split."""
    splits = {split: bars(size, seed) for seed, (split, size) in enumerate(sizes.items())}
    return DataSet(name, f"hash of {name}", splits)


def sizes(data: DataSet) -> dict[str, int]:
    """Return the number of faces of each split."""
    return {name: len(faces) for name, faces in data.splits.items()}


def write_bars(path: Path, train: int = 96, validation: int = 32, test: int = 16) -> Path:
    """Write `bars` as an archive of arrays with votes and three splits."""
    counts = [train, validation, test]
    parts = [bars(count, seed) for seed, count in enumerate(counts, start=1)]
    np.savez(
        path,
        image=np.concatenate([part.images for part in parts])[..., 0],
        label=np.concatenate([part.labels for part in parts]),
        usage=np.repeat(["Training", "PublicTest", "PrivateTest"], counts),
        votes=np.concatenate([part.votes for part in parts]),
    )
    return path


#: A network of the command line that is trained in seconds, and how.
NETWORK = (
    *("--network", "residual", "--widths", "12,24,48", "--blocks-per-stage", "1"),
    *("--dropout", "0", "--batch-size", "24", "--learning-rate", "0.1", "--warmup-epochs", "1"),
    *("--ema-momentum", "0.5"),
)


def train(preset: str, data: Path, out: Path, *options: str) -> int:
    """Run a training, and return its status."""
    places = ["--data", str(data), "--out", str(out), "--work-dir", f"{out}-work"]
    return main(["train", "--preset", preset, *places, "--precision", "float32", *options])
