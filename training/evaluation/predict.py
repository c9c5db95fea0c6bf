"""Predict every face of a split under all measured conditions, on every core."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.evaluation.report import ALL_DOMAINS
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier, NetworkPool
from fer.types import Floats
from training.data.dataset import DataSet
from training.evaluation.predictions import (
    Predictions,
    SplitPredictions,
    ferplus_predictions,
    truths,
)

Face = NDArray[np.uint8]

#: Shift of the four outer views, in pixels of a 48-pixel image.
SHIFT = 3

#: Description in the report.
TEN_VIEWS = f"mean of ten views: unmoved and moved by {SHIFT} pixels to each corner, all mirrored"


@dataclass(frozen=True)
class Corruption:
    """A corruption of ``(size, size, channels)`` uint8 images; lengths scale with their size."""

    name: str
    description: str
    apply: Callable[[Face], NDArray]

    def __call__(self, images: Face) -> Face:
        """Return corrupted copies of ``(n, size, size, channels)`` images."""
        changed = [np.clip(np.round(self.apply(image)), 0, 255) for image in images]
        return np.array(changed, np.uint8).reshape(images.shape)


def _blur(image: Face, sigma: float) -> NDArray:
    return cv2.GaussianBlur(image, (0, 0), sigma * image.shape[0] / 48)


def _warp(image: Face, degrees: float, shift: float) -> NDArray:
    size = image.shape[0]
    middle = (size - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), degrees, 1.0)
    matrix[:, 2] += shift * size
    return cv2.warpAffine(image, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)


def _shrunk(image: Face, pixels: float) -> NDArray:
    size, target_size = image.shape[0], round(pixels * image.shape[0] / 48)
    small = cv2.resize(image, (target_size, target_size), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)


def compressed(image: Face, quality: int) -> Face:
    """Return an image as it comes out of a JPEG of a quality from 1 to 100."""
    success, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert success
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), np.uint8)


def _dark(image: Face, light: float) -> NDArray:
    # Seeded by the image, so that images get different noise but each run gets the same.
    rng = np.random.default_rng(int(image.astype(np.int64).sum()))
    return image * light + rng.normal(0, 4, image.shape)


#: Corruptions of moderate strength, as in usable but poor webcam images.
CORRUPTIONS: tuple[Corruption, ...] = (
    Corruption(
        "darker",
        "30 % of the light, with sensor noise (σ = 4 grey levels)",
        lambda i: _dark(i, 0.3),
    ),
    Corruption("brighter", "60 % more light, highlights clipped", lambda image: image * 1.6),
    Corruption("blurred", "Gaussian blur, σ = 1 pixel of 48", lambda i: _blur(i, 1)),
    Corruption("rotated", "turned by 15°", lambda image: _warp(image, 15, 0)),
    Corruption("24 px", "scaled to 24 pixels and back", lambda i: _shrunk(i, 24)),
    Corruption("JPEG 30", "JPEG of quality 30", lambda i: compressed(i, 30)),
    Corruption("off centre", "shifted by 10 % to the right and down", lambda i: _warp(i, 0, 0.1)),
)

#: Corruptions beyond the limits at which the app calls a face degraded. The thresholds for degraded
#: faces are chosen on them. Turned faces are missing, because an image of a face cannot be turned
#: sideways afterwards.
DEGRADATIONS: tuple[Corruption, ...] = (
    Corruption("very dark", "20 % of the light, with sensor noise", lambda i: _dark(i, 0.2)),
    Corruption("very blurred", "Gaussian blur, σ = 1.6 pixels of 48", lambda i: _blur(i, 1.6)),
    Corruption("18 px", "scaled to 18 pixels and back", lambda i: _shrunk(i, 18)),
)


def ten_views(
    classifier: Callable[[NDArray[np.uint8]], Floats], images: NDArray[np.uint8]
) -> Floats:
    """Return the mean probabilities of ten views, ``(n, k)`` float32."""
    size = images.shape[1]
    reach = max(1, round(SHIFT * size / 48))
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    starts = [(reach, reach), *((y, x) for y in (0, 2 * reach) for x in (0, 2 * reach))]
    views = [padded[:, y : y + size, x : x + size] for y, x in starts]
    views += [view[:, :, ::-1] for view in views]
    predictions = [classifier(np.ascontiguousarray(view)) for view in views]
    return np.mean(predictions, axis=0, dtype=np.float32)


#: Faces of one call to a network. Few, so that no core waits long for the last ones.
_CHUNK = 32

#: Times that `predict_split` asks the network about each face: as it is, ten views, corrupted; and
#: without what may be left out.
PASSES = 11 + len(CORRUPTIONS) + len(DEGRADATIONS)
QUICK_PASSES = 1 + len(DEGRADATIONS)

Logits = dict[str, Floats]


class SpreadClassifier(ExpressionClassifier):
    """The network of a model directory, once per core: a call shares out its faces among them.

    Attributes:
        advance: is told how many more faces are done, on the thread that called.
    """

    advance: Callable[[int], object]

    def __init__(self, directory: Path, threads: int | None = None) -> None:
        super().__init__(directory)
        self._threads = threads or os.cpu_count() or 1
        others = [ExpressionClassifier(directory).logits for _ in range(self._threads - 1)]
        self._pool = NetworkPool([super().logits, *others])
        self.advance = lambda count: None

    def logits(self, crops: NDArray[np.uint8]) -> Logits:
        """Return the logits of every head; see `ExpressionClassifier.logits`."""

        def run(chunk: NDArray[np.uint8]) -> Logits:
            with self._pool.borrow() as network:
                return network(chunk)

        chunks = [crops[i : i + _CHUNK] for i in range(0, len(crops), _CHUNK)] or [crops]
        parts = []
        with ThreadPoolExecutor(self._threads) as pool:
            for chunk, part in zip(chunks, pool.map(run, chunks), strict=True):
                self.advance(len(chunk))
                parts.append(part)
        return {head: np.concatenate([part[head] for part in parts]) for head in parts[0]}


def passes(data: DataSet, *, quick: bool = False) -> int:
    """Return how many views of faces `predict_validation` asks the network about."""
    return sum(
        (PASSES if name in data.splits and not quick else QUICK_PASSES) * len(faces)
        for name, faces in data.split_by_domain("validation").items()
    )


def passes_text(*, quick: bool = False) -> str:
    """Return what `predict_split` asks about each face."""
    degraded = f"in {len(DEGRADATIONS)} degraded versions"
    if quick:
        return f"as it is and {degraded}; not in ten views, nor corrupted (--quick)"
    return f"as it is, in ten views, in {len(CORRUPTIONS)} corrupted and {degraded}"


def predict_validation(
    classifier: ExpressionClassifier, data: DataSet, *, quick: bool = False
) -> dict[str, SplitPredictions]:
    """Predict the validation faces of each domain; see `predict_split`.

    A training looks at no test faces, so that they can be measured once, at the end.
    """
    return {
        name: predict_split(classifier, data, name, quick=quick)
        for name, faces in data.split_by_domain("validation").items()
        if len(faces)
    }


def predict_split(
    classifier: ExpressionClassifier, data: DataSet, split: str, *, quick: bool = False
) -> SplitPredictions:
    """Predict every face of a split, or of ``split, domain``, under all conditions.

    With `quick`, and for domains after the first, ten views and corruptions are left out, on which
    nothing is chosen.
    """
    faces = data.split_by_domain(split.partition(", ")[0])[split]
    by_head = classifier.all_heads(faces.images)
    plain = Predictions(faces.labels, by_head[EXPRESSION_HEAD])
    parts = {"plain": plain}
    if split != "train" and "train" in data.splits and (new := data.new_among(faces)).any():
        parts["without_duplicates"] = Predictions(plain.labels[new], plain.probabilities[new])
    if BALANCED_HEAD in by_head:
        parts["balanced"] = Predictions(faces.labels, by_head[BALANCED_HEAD])
    degraded = [classifier.all_heads(degrade(faces.images)) for degrade in DEGRADATIONS]
    for head, truth in truths(classifier.spec, faces).items():
        if head != EXPRESSION_HEAD:
            parts[f"{head}/plain"] = truth.of(by_head[head])
        parts[f"{head}/degraded"] = Predictions.pooled([truth.of(one[head]) for one in degraded])
    if not quick and split in data.splits:
        parts["tta"] = Predictions(faces.labels, ten_views(classifier, faces.images))
        for corrupt in CORRUPTIONS:
            answers = classifier(corrupt(faces.images))
            parts[f"corrupted/{corrupt.name}"] = Predictions(faces.labels, answers)
    agreement = ferplus_predictions(by_head, classifier.spec, faces)
    parts |= {f"agreement/{name}": part for name, part in agreement.items()}
    return SplitPredictions(split, parts)


def all_domains(splits: dict[str, SplitPredictions]) -> dict[str, SplitPredictions]:
    """Return the predictions for all domains together, of each split that has several."""
    results = {}
    for split, first in splits.items():
        several = [first, *(one for name, one in splits.items() if name.startswith(f"{split}, "))]
        if len(several) == 1:
            continue
        parts = {}
        for name in ("plain", "balanced", f"{BALANCED_HEAD}/plain"):
            if all(name in one.parts for one in several):
                parts[name] = Predictions.pooled([one.parts[name] for one in several])
        for name in (f"{EXPRESSION_HEAD}/degraded", f"{BALANCED_HEAD}/degraded"):
            if all(name in one.parts for one in several):
                # Each version of all faces stands in one piece.
                versions = zip(*(_versions(one.parts[name]) for one in several), strict=True)
                parts[name] = Predictions.pooled([part for version in versions for part in version])
        name = f"{split}{ALL_DOMAINS}"
        results[name] = SplitPredictions(name, parts)
    return results


def _versions(part: Predictions) -> list[Predictions]:
    count = len(DEGRADATIONS)
    pieces = np.split(part.labels, count), np.split(part.probabilities, count)
    return [Predictions(*piece) for piece in zip(*pieces, strict=True)]
