"""Every preset, with the command, the time and the accuracy to expect.

Times are of two cores with bfloat16 (AMD EPYC, Zen 5) that did other work as well; accuracies are
on FER2013's PublicTest, single view, and come from the report of the run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from training.presets.schema import (
    LIGHT,
    MILD_DEGRADATION,
    NO_DEGRADATION,
    NONE,
    Augmentation,
    Preset,
)

#: Name of the preset that teaches a trained model one's own images, see `training.adapt`.
ADAPT = "adapt"


@dataclass(frozen=True)
class Entry:
    """A preset with its purpose, what its command is given, and its outcome.

    That is minutes, and accuracy on PublicTest; empty for what was not run.
    """

    preset: Preset
    purpose: str
    data: str = "fer2013.npz"
    options: str = ""
    outcome: str = ""

    @property
    def command(self) -> str:
        """What trains it."""
        name = self.preset.name
        out = f"models/my-{name}"  # not that of a model that ships
        command = f"python -m training train --preset {name} --data {self.data} --out {out}"
        return f"{command} {self.options}".rstrip()


_SMALL = Preset(
    name="small",
    widths=(48, 96, 192),
    dropout=0.3,
    epochs=60,
    batch_size=128,
    optimizer="sgd",
    learning_rate=0.1,
    schedule="cosine",
    warmup_epochs=3.0,
    weight_decay=5e-4,
    label_smoothing=0.1,
    vote_weight=0.4,
    ema_momentum=0.998,
    keep="last",
    augmentation=NO_DEGRADATION,
)

_COMPACT_START = replace(
    _SMALL,
    name="compact-start",
    widths=(64, 128, 256),
    epochs=56,
    small_epochs=24,
    label_smoothing=0.0,
    teacher_weight=0.5,
    augmentation=Augmentation(),
)

_COMPACT_MIDDLE = replace(
    _COMPACT_START,
    name="compact-middle",
    epochs=60,
    small_epochs=0,
    learning_rate=0.05,
    warmup_epochs=1.0,
)

_COMPACT_LATE = replace(
    _COMPACT_MIDDLE,
    name="compact-late",
    epochs=36,
    learning_rate=0.03,
    teacher_weight=1.0,
    teaching="pictures",
    augmentation=MILD_DEGRADATION,
)

_COMPACT = replace(_COMPACT_LATE, name="compact")

_COMPACT_PRESS = replace(
    _COMPACT,
    name="compact-press",
    epochs=10,
    learning_rate=0.015,
    teacher_weight=0.0,
    teaching="faces",
    memory_weight=0.7,
    replayed_per_face=0.2,
)

CATALOGUE: tuple[Entry, ...] = (
    Entry(
        Preset(
            name="cnn-basic",
            network="cnn-basic",
            widths=(32, 64, 128),
            dropout=0.3,
            epochs=25,
            batch_size=64,
            learning_rate=1e-3,
            patience=6,
        ),
        "A: three pairs of convolutions with pooling, then dense layers; a first network.",
        outcome="16 minutes beside other work, for 21 epochs, after which it stops early; 62.9 %.",
    ),
    Entry(
        Preset(
            name="three-class-150",
            network="three-class",
            input_size=150,
            channels=3,
            classes=("happy", "sad", "angry"),
            widths=(32, 64, 128),
            epochs=20,
            batch_size=32,
        ),
        "B: happy, sad or angry, from colour images of 150 pixels in a folder of classes.",
        data="FOLDER",
        outcome="72 minutes beside other work, 25 alone; 75.5 % of three classes after all 20 "
        "epochs.",
    ),
    Entry(
        Preset(
            name="cnn-dropout",
            network="cnn-dropout",
            epochs=20,
            batch_size=32,
            learning_rate=1e-4,
            patience=4,
            augmentation=NONE,
        ),
        "C: 32-64, pool, 128-256, pool, dense 256, with dropout after each; a small, constant "
        "rate.",
        outcome="27 minutes beside other work, for 12 epochs, after which it stops early; 58.0 %.",
    ),
    Entry(
        Preset(
            name="cnn-batchnorm",
            network="cnn-batchnorm",
            widths=(32, 64, 128),
            dropout=0.25,
            epochs=15,
            batch_size=64,
            learning_rate=1e-3,
            schedule="cosine",
            augmentation=LIGHT,
        ),
        "D: batch normalisation and dropout throughout; of all epochs the best is kept.",
        data="FER2013",
        outcome="19 minutes alone, 66 beside other work; 62.1 %.",
    ),
    Entry(
        Preset(
            name="cnn-csv",
            network="cnn-basic",
            widths=(64, 128),
            dropout=0.4,
            epochs=20,
            batch_size=64,
            patience=5,
        ),
        "E: from train.csv; `python -m training predict` then labels test.csv.",
        data="train.csv",
        outcome="21 minutes for all 20 epochs, beside other work; 60.1 %.",
    ),
    Entry(
        _SMALL,
        "A residual network of 1.6 million weights that learns from labels and votes alone.",
        outcome="83 minutes; 70.7 %, macro-F1 0.678, up to 13 points lost under moderate "
        "corruptions.",
    ),
    Entry(
        _COMPACT_START,
        "First part of `compact`: taught by `small` and hardened against corruptions. Small images "
        "first, which cost half.",
        options="--teacher models/my-small",
        outcome="106 minutes beside other work; 69.7 %, at most 4.3 points lost under moderate "
        "corruptions.",
    ),
    Entry(
        _COMPACT_MIDDLE,
        "Second part of `compact`: goes on from `compact-start`, and learns from both.",
        options="--seed 2 --init models/my-compact-start "
        "--teacher models/my-small models/my-compact-start",
        outcome="124 minutes; 70.5 %, macro-F1 0.690, at most 3.1 points lost under moderate "
        "corruptions.",
    ),
    Entry(
        _COMPACT_LATE,
        "Third part of `compact`: learns what `small` and `compact-middle` say together, and no "
        "label. They are asked about every changed picture before it is corrupted.",
        options="--seed 3 --init models/my-compact-middle "
        "--teacher models/my-small models/my-compact-middle",
        outcome="86 minutes; 70.7 %, macro-F1 0.685, at most 3.3 points lost under moderate "
        "corruptions.",
    ),
    Entry(
        _COMPACT,
        "What ships, 2.8 million weights: the mean of `compact-late` and of one more cycle like "
        "it.",
        options="--seed 4 --init models/my-compact-late "
        "--teacher models/my-small models/my-compact-middle --average models/my-compact-late",
        outcome="102 minutes; 71.1 %, macro-F1 0.691, at most 3.3 points lost under moderate "
        "corruptions.",
    ),
    Entry(
        _COMPACT_PRESS,
        "Goes on from `compact`, as that preset gives it, with faces of press photographs, a sixth "
        "of each epoch. Faces of FER2013 keep most of what it said of them.",
        data="fer2013.npz press=news_faces.npz",
        options="--seed 5 --init models/my-compact",
    ),
    Entry(
        replace(_SMALL, name="teacher", widths=(96, 192, 384), epochs=100),
        "The recipe of `small` at twice the width, for a GPU: to learn from, not to ship.",
    ),
    Entry(
        Preset(
            name="transfer",
            network="transfer",
            backbone="MobileNetV3Small",
            weights="imagenet",
            dropout=0.2,
            frozen_epochs=3,
            epochs=20,
            batch_size=64,
            learning_rate=5e-4,
            schedule="cosine",
            patience=6,
        ),
        "A backbone that has seen other images: frozen at first, then trained along.",
    ),
    Entry(
        Preset(
            name=ADAPT,
            frozen_epochs=4,
            frozen_learning_rate=5e-3,
            frozen_norms=True,
            least_faces=256,
            replayed_per_face=2.0,
            epochs=16,
            optimizer="sgd",
            learning_rate=3e-3,
            schedule="cosine",
            weight_decay=5e-4,
            memory_weight=1.0,
            vote_weight=0.4,
            keep="last",
            augmentation=MILD_DEGRADATION,
        ),
        "Teaches a trained model one's own images, from 20 of each expression: the heads first, "
        "then all layers at a low rate. It keeps the network of --init.",
        data="my-faces.zip",
        options="--init models/compact --replay fer2013.npz",
        outcome="1 to 2 minutes, and as long again to measure; drawn faces of another style 28 to "
        "over 96 %, PublicTest 71.1 to 70.2 %.",
    ),
)

PRESETS: dict[str, Preset] = {entry.preset.name: entry.preset for entry in CATALOGUE}
