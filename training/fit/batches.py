"""Training batches for Keras: shuffled and augmented on the fly, the same on every backend."""

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
from training.fit.augment import degrade, warp
from training.fit.distillation import OnlineTeachers, SoftTargets
from training.fit.mixture import Mixture
from training.fit.mixup import Mixup
from training.presets.schema import Augmentation

Targets = dict[str, NDArray[np.float32]]
Images = NDArray[np.uint8]


def targets_and_weights(
    faces: LabelledFaces,
    heads: Container[str],
    soft_targets: SoftTargets | OnlineTeachers | None = None,
) -> tuple[Targets, Targets]:
    """Return the targets and sample weights of each head from labels and FER+ votes.

    Args:
        faces: faces with or without votes.
        heads: names of the network's outputs.
        soft_targets: the teachers' predictions for the faces; of those that predict each augmented
            image, only the votes are taken here.

    Returns:
        Targets ``{head: (n, classes)}``, rows of which sum to 1 (or 0 without votes), and sample
        weights ``{head: (n,)}``.
    """
    one_hot = np.eye(len(faces.class_names), dtype=np.float32)[faces.labels]
    mixed = soft_targets.mixed(one_hot) if isinstance(soft_targets, SoftTargets) else one_hot
    targets = {EXPRESSION_HEAD: mixed}
    weights = {EXPRESSION_HEAD: np.ones(len(faces), np.float32)}
    if FERPLUS_HEAD in heads and faces.votes is not None:
        votes, voted = vote_distribution(faces.votes)
        if soft_targets and soft_targets.ferplus is not None:
            votes = np.where(voted[:, None] > 0, votes, soft_targets.ferplus)
            voted = np.ones_like(voted)
        targets[FERPLUS_HEAD], weights[FERPLUS_HEAD] = votes, voted
    return targets, weights


class TrainingBatches(keras.utils.PyDataset):
    """Yields the training images in a new order and with new augmentation in every epoch.

    Randomness depends only on (seed, epoch, batch), so a resumed run draws the same batches as an
    uninterrupted one.

    Args:
        faces: the training faces.
        heads: names of the network's outputs.
        batch_size: images per step.
        augmentation: settings of the random augmentation.
        seed: seed of all randomness.
        first_epoch: first epoch, counted from 0.
        size: side in pixels to which augmented images are scaled; ``None`` keeps their size.
        soft_targets: the teachers' predictions for the faces, or teachers that predict every
            augmented image.
        mixup: parameter of the Beta distribution, see `training.fit.mixup`; 0 turns mixup off.
        mixture: which faces are in an epoch; None for each of them once.
        kwargs: arguments of Keras's ``PyDataset``.
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
        mixture: Mixture | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._faces = faces
        self._online = soft_targets if isinstance(soft_targets, OnlineTeachers) else None
        self._targets, self._weights = targets_and_weights(faces, heads, soft_targets)
        self._batch_size = batch_size
        self._augmentation = augmentation
        self._seed = seed
        self._epoch = first_epoch
        self._size = size
        self._mixup = mixup
        self._mixture = mixture
        self._order = self._shuffled()

    def __len__(self) -> int:
        """Return the number of full batches; the remaining images are skipped in this epoch."""
        return steps_per_epoch(len(self._order), self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Targets, Targets]:
        indices = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        rng = np.random.default_rng([self._seed, self._epoch, index])
        clean, degraded = self._augmented(indices, rng)
        images = scaled(np.stack(degraded), self._size).astype(np.float32)
        targets = {head: target[indices] for head, target in self._targets.items()}
        weights = {head: weight[indices] for head, weight in self._weights.items()}
        mixup = Mixup.draw(len(indices), self._mixup, rng) if self._mixup else None
        if mixup:
            images = mixup.images(images)
            targets, weights = mixup.targets(targets, weights)
        if self._online:
            teacher_images = np.stack(clean).astype(np.float32)
            teacher_images = mixup.images(teacher_images) if mixup else teacher_images
            targets[EXPRESSION_HEAD] = self._online.mixed(
                targets[EXPRESSION_HEAD], teacher_images, rng, indices
            )
        return images, targets, weights

    def _augmented(
        self, indices: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.uint8]]]:
        """Return the warped images, and the same images degraded."""
        clean, degraded = [], []
        for i in indices:
            clean.append(warp(self._faces.images[i], self._augmentation, rng))
            degraded.append(degrade(clean[-1], self._augmentation, rng))
        return clean, degraded

    def on_epoch_end(self) -> None:
        """Draw a new order; Keras calls this between epochs."""
        self._epoch += 1
        self._order = self._shuffled()

    def _shuffled(self) -> NDArray[np.int64]:
        rng = np.random.default_rng([self._seed, self._epoch])
        if self._mixture:
            return rng.permutation(self._mixture.draw(rng))
        return rng.permutation(len(self._faces))


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
