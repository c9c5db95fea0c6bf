"""Every preset, with the command, the time and the accuracy to expect.

Times are of two cores with bfloat16 (AMD EPYC, Zen 5) that did other work as well; accuracies are
on FER2013's PublicTest, single view, and come from the report of the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from training.presets.schema import GOOD_PICTURE, LIGHT, MOSTLY_GOOD, NONE, Augmentation, Preset


@dataclass(frozen=True)
class CnnBasic(Preset):
    """A: three pairs of convolutions with pooling, then dense layers; a first network.

    python -m training train --preset cnn-basic --data fer2013.npz --out models/cnn-basic

    0.5 minutes an epoch; 41.7 % after the first. Not run to the end yet.
    """

    name: str = "cnn-basic"
    network: str = "cnn-basic"
    widths: tuple[int, ...] = (32, 64, 128)
    dropout: float = 0.3
    epochs: int = 25
    batch_size: int = 64
    learning_rate: float = 1e-3
    patience: int = 6


@dataclass(frozen=True)
class ThreeClass150(Preset):
    """B: happy, sad or angry, from colour images of 150 pixels in a folder of classes.

    python -m training train --preset three-class-150 --data FOLDER --out models/three-class

    0.9 minutes an epoch; 56.0 % of three classes after the first. Not run to the end yet.
    """

    name: str = "three-class-150"
    network: str = "three-class"
    input_size: int = 150
    channels: int = 3
    classes: tuple[str, ...] = ("happy", "sad", "angry")
    widths: tuple[int, ...] = (32, 64, 128)
    epochs: int = 20
    batch_size: int = 32


@dataclass(frozen=True)
class CnnDropout(Preset):
    """C: 32-64, pool, 128-256, pool, dense 256, with dropout after each; a small, constant rate.

    python -m training train --preset cnn-dropout --data fer2013.npz --out models/cnn-dropout

    27 minutes for 10 epochs, after which it stops early; 57.5 %.
    """

    name: str = "cnn-dropout"
    network: str = "cnn-dropout"
    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 1e-4
    patience: int = 4
    augmentation: Augmentation = NONE


@dataclass(frozen=True)
class CnnBatchnorm(Preset):
    """D: batch normalisation and dropout throughout; of all epochs the best is kept.

    python -m training train --preset cnn-batchnorm --data FER2013 --out models/cnn-batchnorm

    19 minutes; 61.7 %.
    """

    name: str = "cnn-batchnorm"
    network: str = "cnn-batchnorm"
    widths: tuple[int, ...] = (32, 64, 128)
    dropout: float = 0.25
    epochs: int = 15
    batch_size: int = 64
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine"] = "cosine"
    augmentation: Augmentation = LIGHT


@dataclass(frozen=True)
class CnnCsv(Preset):
    """E: from ``train.csv``; ``python -m training predict`` then labels ``test.csv``.

    python -m training train --preset cnn-csv --data train.csv --out models/cnn-csv

    0.9 minutes an epoch; 39.3 % after the first. Not run to the end yet.
    """

    name: str = "cnn-csv"
    network: str = "cnn-basic"
    widths: tuple[int, ...] = (64, 128)
    dropout: float = 0.4
    epochs: int = 20
    batch_size: int = 64
    patience: int = 5


@dataclass(frozen=True)
class Small(Preset):
    """A residual network of 1.6 million weights that learns from labels and votes alone.

    python -m training train --preset small --data fer2013.npz --out models/small

    83 minutes; 70.7 %, macro-F1 0.678, up to 13 points lost in moderately poor pictures.
    """

    name: str = "small"
    widths: tuple[int, ...] = (48, 96, 192)
    dropout: float = 0.3
    epochs: int = 60
    batch_size: int = 128
    optimizer: Literal["sgd", "adam"] = "sgd"
    learning_rate: float = 0.1
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup_epochs: float = 3.0
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    vote_weight: float = 0.4
    ema_momentum: float = 0.998
    keep: Literal["last", "best"] = "last"
    augmentation: Augmentation = field(default_factory=lambda: GOOD_PICTURE)


@dataclass(frozen=True)
class CompactStart(Small):
    """First part of `compact`: taught by `small` and hardened against poor pictures.

    python -m training train --preset compact-start --data fer2013.npz --out models/compact-start
    --teacher models/small

    Small images first, which cost half. 106 minutes beside other work; 69.7 %, and at most 4.3
    points lost in moderately poor pictures.
    """

    name: str = "compact-start"
    widths: tuple[int, ...] = (64, 128, 256)
    epochs: int = 56
    small_epochs: int = 24
    label_smoothing: float = 0.0
    teacher_weight: float = 0.5
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True)
class CompactMiddle(CompactStart):
    """Second part of `compact`: goes on from `compact-start`, and learns from both.

    python -m training train --preset compact-middle --data fer2013.npz --out models/compact-middle
    --seed 2 --init models/compact-start --teacher models/small models/compact-start

    124 minutes; 70.5 %, macro-F1 0.690, at most 3.1 points lost in moderately poor pictures.
    """

    name: str = "compact-middle"
    epochs: int = 60
    small_epochs: int = 0
    learning_rate: float = 0.05
    warmup_epochs: float = 1.0


@dataclass(frozen=True)
class CompactLate(CompactMiddle):
    """Third part of `compact`: learns what `small` and `compact-middle` say together.

    python -m training train --preset compact-late --data fer2013.npz --out models/compact-late
    --seed 3 --init models/compact-middle --teacher models/small models/compact-middle

    They are asked about every changed picture before it is made poor, and the expression head looks
    at no label. 86 minutes; 70.7 %, macro-F1 0.685, at most 3.3 points lost in moderately poor
    pictures.
    """

    name: str = "compact-late"
    epochs: int = 36
    learning_rate: float = 0.03
    teacher_weight: float = 1.0
    teaching: Literal["faces", "pictures"] = "pictures"
    augmentation: Augmentation = field(default_factory=lambda: MOSTLY_GOOD)


@dataclass(frozen=True)
class Compact(CompactLate):
    """What ships, 2.8 million weights: the mean of `compact-late` and of one more cycle like it.

    python -m training train --preset compact --data fer2013.npz --out models/compact --seed 4
    --init models/compact-late --teacher models/small models/compact-middle
    --average models/compact-late

    102 minutes; 71.1 %, macro-F1 0.691, at most 3.3 points lost in moderately poor pictures.
    """

    name: str = "compact"


@dataclass(frozen=True)
class Teacher(Small):
    """The same recipe at twice the width, for a GPU: to learn from, not to ship.

    python -m training train --preset teacher --data fer2013.npz --out models/teacher
    """

    name: str = "teacher"
    widths: tuple[int, ...] = (96, 192, 384)
    epochs: int = 100


@dataclass(frozen=True)
class Transfer(Preset):
    """A backbone that has seen other images: frozen at first, then trained along.

    python -m training train --preset transfer --data fer2013.npz --out models/transfer
    """

    name: str = "transfer"
    network: str = "transfer"
    backbone: str = "MobileNetV3Small"
    weights: str = "imagenet"
    dropout: float = 0.2
    frozen_epochs: int = 3
    epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 5e-4
    schedule: Literal["constant", "cosine"] = "cosine"
    patience: int = 6


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        CnnBasic(),
        ThreeClass150(),
        CnnDropout(),
        CnnBatchnorm(),
        CnnCsv(),
        Small(),
        CompactStart(),
        CompactMiddle(),
        CompactLate(),
        Compact(),
        Teacher(),
        Transfer(),
    )
}
