"""Batches for Keras: shuffled and augmented on the fly, the same on every backend."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from training.data.dataset import LabelledFaces
from training.data.load import vote_distribution
from training.fit.augment import move, spoil
from training.fit.distillation import OnlineTeachers, SoftTargets
from training.fit.mixup import Mixup
from training.presets.schema import Augmentation

Targets = dict[str, NDArray[np.float32]]
Images = NDArray[np.uint8]


def targets_and_weights(
    faces: LabelledFaces, heads: Container[str], soft_targets: SoftTargets | None = None
) -> tuple[Targets, Targets]:
    """Turn labels and FER+ votes into what each head learns, and how much each face counts there.

    Args:
        faces: with or without votes.
        heads: names of the network's outputs.
        soft_targets: what teachers say about the faces.

    Returns:
        ``{head: (n, classes)}`` shares that sum to 1 (or 0 without votes) and ``{head: (n,)}``
        weights.
    """
    one_hot = np.eye(len(faces.class_names), dtype=np.float32)[faces.labels]
    targets = {EXPRESSION_HEAD: soft_targets.mixed(one_hot) if soft_targets else one_hot}
    weights = {EXPRESSION_HEAD: np.ones(len(faces), np.float32)}
    if FERPLUS_HEAD in heads and faces.votes is not None:
        targets[FERPLUS_HEAD], weights[FERPLUS_HEAD] = vote_distribution(faces.votes)
    return targets, weights


class TrainingBatches(keras.utils.PyDataset):
    """Every training image once an epoch, in a new order and with new augmentation.

    Chance comes from (seed, epoch, batch) alone, so a resumed run draws what an unbroken one would
    have drawn.

    Args:
        faces: to learn from.
        heads: names of the network's outputs.
        batch_size: images a step.
        augmentation: random changes.
        seed: of all chance.
        first_epoch: counted from 0.
        size: side in pixels that the images are scaled to in the end; ``None`` keeps theirs.
        soft_targets: what teachers say about the faces, or who says it about every picture.
        mixup: see `training.fit.mixup`; 0 for none.
        kwargs: of Keras's ``PyDataset``.
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
        soft_targets: SoftTargets | OnlineTeachers | None = None,
        mixup: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._faces = faces
        self._online = soft_targets if isinstance(soft_targets, OnlineTeachers) else None
        told = soft_targets if isinstance(soft_targets, SoftTargets) else None
        self._targets, self._weights = targets_and_weights(faces, heads, told)
        self._batch_size = batch_size
        self._augmentation = augmentation
        self._seed = seed
        self._epoch = first_epoch
        self._size = size
        self._mixup = mixup
        self._order = self._shuffled()

    def __len__(self) -> int:
        """Return the number of full batches; the remainder waits for another epoch's order."""
        return steps_per_epoch(len(self._faces), self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Targets, Targets]:
        chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        rng = np.random.default_rng([self._seed, self._epoch, index])
        good, seen = self._pictures(chosen, rng)
        images = scaled(np.stack(seen), self._size).astype(np.float32)
        targets = {head: target[chosen] for head, target in self._targets.items()}
        weights = {head: weight[chosen] for head, weight in self._weights.items()}
        mixture = Mixup.draw(len(chosen), self._mixup, rng) if self._mixup else None
        if mixture:
            images = mixture.images(images)
            targets, weights = mixture.targets(targets, weights)
        if self._online:
            shown = np.stack(good).astype(np.float32)
            shown = mixture.images(shown) if mixture else shown
            targets[EXPRESSION_HEAD] = self._online.mixed(targets[EXPRESSION_HEAD], shown, rng)
        return images, targets, weights

    def _pictures(
        self, chosen: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.uint8]]]:
        """Return changed faces as good pictures, and as a camera may show them."""
        good, seen = [], []
        for i in chosen:
            good.append(move(self._faces.images[i], self._augmentation, rng))
            seen.append(spoil(good[-1], self._augmentation, rng))
        return good, seen

    def on_epoch_end(self) -> None:
        """Keras's hook between epochs: draw a new order."""
        self._epoch += 1
        self._order = self._shuffled()

    def _shuffled(self) -> NDArray[np.int64]:
        return np.random.default_rng([self._seed, self._epoch]).permutation(len(self._faces))


def steps_per_epoch(faces: int, batch_size: int) -> int:
    """Return how many optimizer steps an epoch of `faces` images takes."""
    return max(1, faces // batch_size)


def scaled(images: Images, size: int | None) -> Images:
    """Return ``(n, side, side, channels)`` images in another size; ``None`` keeps theirs."""
    if size is None or images.shape[1] == size:
        return images
    shape = (len(images), size, size, images.shape[3])
    small = [cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in images]
    return np.array(small, np.uint8).reshape(shape)
