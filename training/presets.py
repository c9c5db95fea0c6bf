"""Named training configurations. A preset is a frozen dataclass; each field has one reason."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Augmentation:
    """Random changes to a training image; geometry in pixels of a 48-pixel face."""

    rotate_degrees: float = 12.0  # heads tilt; the detector's alignment removes most of it
    scale: tuple[float, float] = (0.83, 1.15)  # the detector's box varies by about a tenth
    shift: float = 5.0  # likewise
    flip: bool = True  # expressions are symmetric enough for a mirrored face to be real
    erase_probability: float = 0.3  # hands, hair and masks hide parts of a face
    erase_size: tuple[int, int] = (6, 16)
    blur_probability: float = 0.15  # webcams are softer than FER2013
    blur_sigma: tuple[float, float] = (0.4, 1.2)


@dataclass(frozen=True)
class Preset:
    """One reproducible training run.

    Attributes:
        name: what ``--preset`` calls it.
        input_size: height and width in pixels.
        widths: channels of each residual stage.
        blocks_per_stage: residual blocks in each stage.
        dropout: share of pooled features dropped.
        epochs: length of the one cosine.
        warmup_epochs: epochs of linear warm-up, which a peak of 0.1 needs to stay stable.
        batch_size: images a step.
        learning_rate: peak of the schedule.
        weight_decay: decoupled from neither momentum nor schedule (L2), kernels only.
        label_smoothing: FER2013's labels are about 65 % right, so certainty is not the goal.
        vote_weight: weight of the second head, which learns the distribution of FER+'s ten votes.
        ema_momentum: moving average of the weights, per step; the average is what ships.
        precision: Keras dtype policy; bfloat16 is up to twice as fast on recent processors.
    """

    name: str
    input_size: int = 48
    widths: tuple[int, ...] = (48, 96, 192)
    blocks_per_stage: int = 2
    dropout: float = 0.3
    epochs: int = 60
    warmup_epochs: float = 3.0
    batch_size: int = 128
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    vote_weight: float = 0.4
    ema_momentum: float = 0.998
    precision: str = "mixed_bfloat16"
    augmentation: Augmentation = Augmentation()

    def override(self, **fields: object) -> Preset:
        """Return a copy with some fields changed; ``None`` leaves a field as it is."""
        return dataclasses.replace(self, **_given(fields))


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


PRESETS: dict[str, Preset] = {preset.name: preset for preset in (Preset(name="compact"),)}
