"""Named training configurations. A preset is a frozen dataclass; each field has one reason."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

from fer.errors import DataError


@dataclass(frozen=True)
class Augmentation:
    """Random changes to a training image; geometry in pixels of a 48-pixel face.

    Attributes:
        rotate_degrees: heads tilt; the app's alignment removes most of it.
        scale: the detector's box varies by about a tenth.
        shift: likewise.
        flip: expressions are symmetric enough for a mirrored face to be real.
        erase_probability: hands, hair and masks hide parts of a face.
        erase_size: of the hidden rectangle.
        blur_probability: webcams are softer than FER2013.
        blur_sigma: of the Gaussian.
        shrink_probability: faces far from the camera have fewer pixels.
        shrink: share of the side that is left, before it is scaled up again.
        light_probability: rooms are darker, windows brighter; what is too bright is cut off.
        light: factor of all grey levels.
        noise_probability: sensors are noisy, in the dark above all.
        noise_sigma: of the Gaussian noise, in grey levels after the change of light.
        jpeg_probability: photographs and video are compressed.
        jpeg_quality: of that compression, 1…100.
    """

    rotate_degrees: float = 12.0
    scale: tuple[float, float] = (0.83, 1.15)
    shift: float = 5.0
    flip: bool = True
    erase_probability: float = 0.3
    erase_size: tuple[int, int] = (6, 16)
    blur_probability: float = 0.15
    blur_sigma: tuple[float, float] = (0.4, 1.2)
    shrink_probability: float = 0.2
    shrink: tuple[float, float] = (0.4, 0.8)
    light_probability: float = 0.3
    light: tuple[float, float] = (0.25, 1.7)
    noise_probability: float = 0.3
    noise_sigma: tuple[float, float] = (1.0, 6.0)
    jpeg_probability: float = 0.25
    jpeg_quality: tuple[int, int] = (20, 80)


#: Geometry, erasing and a little blur, with the picture itself as good as FER2013's.
GOOD_PICTURE = Augmentation(
    shrink_probability=0, light_probability=0, noise_probability=0, jpeg_probability=0
)

#: Half of the pictures are as good as FER2013's but for hidden parts, for the end of a training; of
#: the usual ones a quarter is.
MOSTLY_GOOD = Augmentation(
    erase_probability=0.2,
    blur_probability=0.08,
    shrink_probability=0.1,
    light_probability=0.15,
    noise_probability=0.15,
    jpeg_probability=0.12,
)

#: What the reference projects do: small shifts, turns and zooms, mirrored or not.
LIGHT = dataclasses.replace(
    GOOD_PICTURE,
    rotate_degrees=10,
    scale=(0.9, 1.1),
    shift=4,
    erase_probability=0,
    blur_probability=0,
)

#: Images as they are.
NONE = dataclasses.replace(LIGHT, rotate_degrees=0, scale=(1, 1), shift=0, flip=False)


@dataclass(frozen=True)
class Preset:
    """One reproducible training run.

    Attributes:
        name: what ``--preset`` calls it.
        network: a key of `training.networks.build.NETWORKS`.
        input_size: height and width in pixels; images of another size are scaled.
        channels: 1 for grey, 3 for RGB.
        classes: names of the classes to learn; none for all that the data set has.
        widths: channels of each stage, where the network has stages.
        blocks_per_stage: residual blocks in each stage.
        dropout: share of features dropped, where the network leaves it open.
        backbone: of ``transfer``, see `training.networks.transfer.BACKBONES`.
        weights: of the backbone: ``imagenet``, a local weights file, or ``none``.
        frozen_epochs: epochs in which the backbone does not move.
        epochs: at most; with a cosine schedule, its length.
        small_epochs: of these, how many at the beginning see smaller images, which cost less.
        small_size: their side in pixels.
        batch_size: images a step.
        optimizer: SGD is with Nesterov momentum.
        learning_rate: peak of the schedule.
        schedule: ``cosine`` falls to 0 over all epochs.
        warmup_epochs: epochs of linear rise, which a peak of 0.1 needs to stay stable.
        momentum: of SGD.
        weight_decay: L2, on kernels alone.
        label_smoothing: FER2013's labels are about 65 % right, so certainty is not the goal.
        teacher_weight: share of the teachers' answers in what the expression head learns; the rest
            is the label. Above 0.5 training accuracy tells agreement with the teachers.
        teaching: whether teachers answer once about each face as it is, or about every changed
            picture of it, which costs half as much again.
        mixup: shape of the Beta distribution that says how much of another face is mixed into each,
            so that no single label has to be learnt by heart; 0 for none.
        vote_weight: weight of the second head, which learns the distribution of FER+'s ten votes;
            0 for none.
        ema_momentum: moving average of the weights, per step, which is what ships; 0 for none.
        keep: the model of the last epoch, or of the one with the best validation accuracy.
        patience: epochs without a lower validation loss after which training stops; 0 for never.
        precision: Keras dtype policy; bfloat16 is up to twice as fast on recent processors.
        augmentation: random changes to training images.
    """

    name: str
    network: str = "residual"
    input_size: int = 48
    channels: int = 1
    classes: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    blocks_per_stage: int = 2
    dropout: float = 0.0
    backbone: str = ""
    weights: str = "none"
    frozen_epochs: int = 0
    epochs: int = 20
    small_epochs: int = 0
    small_size: int = 32
    batch_size: int = 64
    optimizer: Literal["sgd", "adam"] = "adam"
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_epochs: float = 0.0
    momentum: float = 0.9
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    teacher_weight: float = 0.0
    teaching: Literal["faces", "pictures"] = "faces"
    mixup: float = 0.0
    vote_weight: float = 0.0
    ema_momentum: float = 0.0
    keep: Literal["last", "best"] = "best"
    patience: int = 0
    precision: Literal["float32", "mixed_bfloat16"] = "mixed_bfloat16"
    augmentation: Augmentation = field(default_factory=lambda: LIGHT)

    def override(self, fields: dict[str, Any]) -> Preset:
        """Return a copy with some fields changed.

        Args:
            fields: name → value, or text as typed on a command line; a field of the augmentation
                by its own name.

        Raises:
            DataError: there is no such field, or the text does not fit it.
        """
        own, inner = _types(Preset), _types(Augmentation)
        changed = {n: _parsed(n, v, own[n]) for n, v in fields.items() if n in own}
        augmentation = {n: _parsed(n, v, inner[n]) for n, v in fields.items() if n in inner}
        unknown = fields.keys() - own.keys() - inner.keys()
        if unknown:
            raise DataError(f"a preset has no field {', '.join(sorted(unknown))}.")
        if augmentation:
            changed["augmentation"] = dataclasses.replace(self.augmentation, **augmentation)
        return dataclasses.replace(self, **changed)


def overridable_fields() -> dict[str, str]:
    """Return every field that a command line may change, and what values it takes."""
    kinds = _types(Preset) | _types(Augmentation)
    return {name: _kind(kind) for name, kind in kinds.items() if name not in _NOT_OVERRIDABLE}


#: A run of another name, or a nested record, is not an override.
_NOT_OVERRIDABLE = ("name", "augmentation")


def _types(record: type) -> dict[str, Any]:
    return typing.get_type_hints(record)


def _kind(kind: Any) -> str:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return " | ".join(arguments)
    if origin is tuple:
        return f"{arguments[0].__name__},…"
    return str(kind.__name__)


def _parsed(name: str, value: Any, kind: Any) -> Any:
    if not isinstance(value, str):
        return value
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    try:
        if origin is Literal:
            if value not in arguments:
                raise ValueError
            return value
        if origin is tuple:
            return tuple(arguments[0](part) for part in value.split(",") if part)
        if kind is bool:
            return {"true": True, "false": False}[value.lower()]
        return kind(value)
    except (ValueError, KeyError) as error:
        option = f"--{name.replace('_', '-')}"
        raise DataError(f"{option} expects {_kind(kind)}, got {value!r}.") from error
