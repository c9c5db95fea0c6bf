"""Training batches for Keras: drawn, augmented and mixed on the fly, alike on every backend."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from training.data.dataset import LabelledFaces
from training.data.load import vote_distribution
from training.evaluation.predict import compressed
from training.fit.other_models import Teachers
from training.presets.schema import Augmentation

#: Image side, in pixels, to which the lengths in `Augmentation` refer.
REFERENCE_SIZE = 48


def warp(
    image: NDArray[np.uint8], settings: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Rotate, scale, mirror and shift a face ``(size, size, channels)``; it is not degraded."""
    size = image.shape[0]
    unit = size / REFERENCE_SIZE
    angle = np.deg2rad(rng.uniform(-settings.rotate_degrees, settings.rotate_degrees))
    scale = np.exp(rng.uniform(*np.log(settings.scale)))
    mirror = -1.0 if settings.flip and rng.random() < 0.5 else 1.0
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cos * mirror, -sin], [sin * mirror, cos]])
    centre = np.full(2, (size - 1) / 2)
    shift = rng.uniform(-settings.shift, settings.shift, 2) * unit
    affine = np.column_stack([linear, centre + shift - linear @ centre])
    warped = cv2.warpAffine(
        image, affine, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    # OpenCV drops a single channel.
    return np.asarray(warped, np.uint8).reshape(image.shape)


def degrade(
    image: NDArray[np.uint8], settings: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Simulate a camera and erase a random rectangle; arguments and result as in `warp`."""
    degraded = _photographed(image, settings, rng).reshape(image.shape)
    if rng.random() >= settings.erase_probability:
        return degraded
    degraded = degraded.copy()  # it may be the input itself if no camera effect was applied
    size = image.shape[0]
    low, high = (max(1, round(s * size / REFERENCE_SIZE)) for s in settings.erase_size)
    height, width = rng.integers(low, high + 1, 2)
    top, left = rng.integers(0, size - height + 1), rng.integers(0, size - width + 1)
    patch = degraded[top : top + height, left : left + width]
    noise = rng.uniform(0, 255) + rng.normal(0, 25, patch.shape)
    patch[...] = np.clip(noise, 0, 255).astype(np.uint8)
    return degraded


def _photographed(
    image: NDArray[np.uint8], settings: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Apply camera effects in physical order: lens, distance, light, sensor, compression."""
    size = image.shape[0]
    result: NDArray = image
    if rng.random() < settings.blur_probability:
        sigma = rng.uniform(*settings.blur_sigma) * size / REFERENCE_SIZE
        result = cv2.GaussianBlur(result, (0, 0), sigma)
    if rng.random() < settings.shrink_probability:
        target_size = max(1, round(size * rng.uniform(*settings.shrink)))
        result = cv2.resize(result, (target_size, target_size), interpolation=cv2.INTER_AREA)
        result = cv2.resize(result, (size, size), interpolation=cv2.INTER_LINEAR)
    if rng.random() < settings.light_probability:
        result = cv2.convertScaleAbs(result, alpha=rng.uniform(*settings.light))
    if rng.random() < settings.noise_probability:
        sigma = rng.uniform(*settings.noise_sigma)
        noisy = result + rng.normal(0, sigma, result.shape)
        result = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
    if rng.random() < settings.jpeg_probability:
        low, high = settings.jpeg_quality
        result = compressed(result, int(rng.integers(low, high + 1)))
    return np.asarray(result, np.uint8)


Targets = dict[str, NDArray[np.float32]]
Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Mixture:
    """Epochs of one's own faces, the first of the training faces, and of a draw of replayed ones.

    Attributes:
        own: number of own faces, at least 1.
        labels: ``(n,)`` classes of all training faces.
        least: least number of own faces in an epoch; fewer are repeated.
        replay: replayed faces per own face in an epoch.
        balanced: as many of each class are replayed, as far as there are (Rebuffi et al. 2017);
            else all faces are as likely, and none comes twice.
    """

    own: int
    labels: NDArray[np.int64]
    least: int
    replay: float
    balanced: bool = True

    def __len__(self) -> int:
        """Return the number of faces in an epoch, repeats counted."""
        return self._shown + self.replayed

    @property
    def _shown(self) -> int:
        return self.own * math.ceil(max(self.least, self.own) / self.own)

    @property
    def replayed(self) -> int:
        """Number of replayed faces in an epoch."""
        pool = len(self.labels) - self.own
        count = round(self.replay * self._shown) if pool else 0
        return count if self.balanced else min(count, pool)

    def draw(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the positions of an epoch's faces, in no order."""
        own = np.resize(np.arange(self.own), self._shown)
        pool = np.arange(self.own, len(self.labels))
        if not self.balanced:
            return np.concatenate([own, rng.permutation(pool)[: self.replayed]])
        # From every class as many, as far as it has them; the rest from all.
        classes = np.unique(self.labels[pool])
        drawn = [
            rng.permutation(pool[self.labels[pool] == label])[: self.replayed // len(classes)]
            for label in classes
        ]
        if missing := self.replayed - sum(map(len, drawn)):
            drawn.append(rng.choice(pool, missing))
        return np.concatenate([own, *drawn])


def targets_and_weights(
    faces: LabelledFaces, heads: Container[str], teachers: Teachers | None = None
) -> tuple[Targets, Targets]:
    """Return the targets and sample weights of each head from labels and FER+ votes.

    Of teachers that predict each augmented image, only the votes are taken here. Targets are
    ``{head: (n, classes)}``, rows of which sum to 1 (or 0 without votes), and sample weights
    ``{head: (n,)}``.
    """
    shares = np.eye(len(faces.class_names), dtype=np.float32)[faces.labels]
    if teachers and not teachers.see_pictures:
        shares = teachers.on_faces(shares)
    targets = {EXPRESSION_HEAD: shares}
    weights = {EXPRESSION_HEAD: np.ones(len(faces), np.float32)}
    if FERPLUS_HEAD in heads and faces.votes is not None:
        votes, voted = vote_distribution(faces.votes)
        if teachers and teachers.of_ferplus:
            votes = np.where(voted[:, None] > 0, votes, teachers.answers[FERPLUS_HEAD])
            voted = np.ones_like(voted)
        targets[FERPLUS_HEAD], weights[FERPLUS_HEAD] = votes, voted
    return targets, weights


class TrainingBatches(keras.utils.PyDataset):
    """Yields the training images in a new order and with new augmentation in every epoch.

    Randomness depends only on (seed, epoch, batch), so a resumed run draws the same batches as an
    uninterrupted one. Augmented images are scaled to a side of `size` pixels, if it is given.
    Without a mixture, each face is in an epoch once.
    """

    def __init__(
        self,
        faces: LabelledFaces,
        *,
        heads: Container[str],
        batch_size: int,
        augmentation: Augmentation,
        seed: int,
        first_epoch: int = 0,
        size: int | None = None,
        teachers: Teachers | None = None,
        mixture: Mixture | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._faces = faces
        self._teachers = teachers if teachers and teachers.see_pictures else None
        self._targets, self._weights = targets_and_weights(faces, heads, teachers)
        self._batch_size = batch_size
        self._augmentation = augmentation
        self._seed = seed
        self._epoch = first_epoch
        self._size = size
        self._mixture = mixture
        self._order = self._shuffled()

    def __len__(self) -> int:
        """Return the number of full batches; the remaining images are skipped in this epoch."""
        return steps_per_epoch(len(self._order), self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Targets, Targets]:
        indices = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        rng = np.random.default_rng([self._seed, self._epoch, index])
        clean, degraded = [], []
        for i in indices:
            clean.append(warp(self._faces.images[i], self._augmentation, rng))
            degraded.append(degrade(clean[-1], self._augmentation, rng))
        images = scaled(np.stack(degraded), self._size).astype(np.float32)
        targets = {head: target[indices] for head, target in self._targets.items()}
        weights = {head: weight[indices] for head, weight in self._weights.items()}
        if self._teachers:
            seen = np.stack(clean).astype(np.float32)
            shares = targets[EXPRESSION_HEAD]
            targets[EXPRESSION_HEAD] = self._teachers.on_pictures(shares, seen, rng, indices)
        return images, targets, weights

    def on_epoch_end(self) -> None:
        """Draw a new order; Keras calls this between epochs."""
        self._epoch += 1
        self._order = self._shuffled()

    def _shuffled(self) -> NDArray[np.int64]:
        rng = np.random.default_rng([self._seed, self._epoch])
        return rng.permutation(self._mixture.draw(rng) if self._mixture else len(self._faces))


def steps_per_epoch(faces: int, batch_size: int) -> int:
    """Return the number of optimizer steps per epoch for `faces` images."""
    return max(1, faces // batch_size)


def scaled(images: Images, size: int | None) -> Images:
    """Resize ``(n, side, side, channels)`` images; ``None`` keeps their size."""
    if size is None or images.shape[1] == size:
        return images
    shape = (len(images), size, size, images.shape[3])
    small = [cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in images]
    return np.array(small, np.uint8).reshape(shape)
