"""The fields of training configurations. A preset is a frozen dataclass."""

from __future__ import annotations

import dataclasses
import math
import os
import sys
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fer.errors import DataError


@dataclass(frozen=True)
class Augmentation:
    """Settings of the random augmentation; lengths are in pixels of a 48-pixel image.

    A pair is the range of a random value.

    Attributes:
        rotate_degrees: largest rotation. Heads tilt, although the app's alignment removes most.
        scale: scale factor. The detector's box varies by about a tenth.
        shift: largest shift in each direction, for the same reason.
        flip: mirror half of the images. Expressions are nearly symmetric.
        erase_probability: random erasing. Hands, hair and masks hide parts of a face.
        blur_probability: Gaussian blur. Webcams are softer than FER2013.
        shrink_probability: downscaling. Faces far from the camera have fewer pixels.
        shrink: fraction of the side to which the image is downscaled before it is upscaled again.
        light_probability: change of brightness. Rooms are darker and windows brighter; highlights
            are clipped.
        noise_probability: Gaussian noise. Sensors are noisy, especially in low light.
        noise_sigma: standard deviation of the noise, in grey levels after the change of brightness.
        jpeg_probability: JPEG compression. Photographs and videos are compressed.
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

    def __post_init__(self) -> None:
        for field_ in dataclasses.fields(self):
            if field_.name.endswith("_probability"):
                check_range(field_.name, getattr(self, field_.name), 0, 1)


def check_range(name: str, value: float, least: float, most: float) -> None:
    """Raise DataError if the value of a field is not finite or not within its range."""
    if math.isfinite(value) and least <= value <= most:
        return
    if 0 < least < 1e-300:
        expected = "a number above 0"
    elif math.isfinite(most):
        expected = f"{least:g} to {most:g}"
    else:
        expected = f"{least:g} or more"
    raise DataError(f"--{name.replace('_', '-')} expects {expected}, got {value:g}.")


#: Geometric augmentation, random erasing and a little blur, without other degradation.
NO_DEGRADATION = Augmentation(
    shrink_probability=0, light_probability=0, noise_probability=0, jpeg_probability=0
)

#: Degrades half of the images, apart from random erasing; the default settings degrade three
#: quarters. For the end of a training.
MILD_DEGRADATION = Augmentation(
    erase_probability=0.2,
    blur_probability=0.08,
    shrink_probability=0.1,
    light_probability=0.15,
    noise_probability=0.15,
    jpeg_probability=0.12,
)

#: Light augmentation as in the reference projects: small shifts, rotations and zooms, and
#: mirroring.
LIGHT = dataclasses.replace(
    NO_DEGRADATION,
    rotate_degrees=10,
    scale=(0.9, 1.1),
    shift=4,
    erase_probability=0,
    blur_probability=0,
)

#: No augmentation.
NONE = dataclasses.replace(LIGHT, rotate_degrees=0, scale=(1, 1), shift=0, flip=False)


#: Where Linux says what a processor can do, and the words for arithmetic in bfloat16.
_CPU_INFO = Path("/proc/cpuinfo")
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


def native_precision() -> Literal["float32", "mixed_bfloat16"]:
    """Return the faster precision of this machine.

    A processor that computes in bfloat16 is up to twice as fast with it. Others emulate it: an AMD
    EPYC of the third generation trained `compact` on 4 images/s with it, on 55 with float32. JAX is
    what runs on accelerators here, all of which have it.
    """
    if os.environ.get("KERAS_BACKEND") == "jax":
        return "mixed_bfloat16"
    flags = set(_CPU_INFO.read_text().split()) if _CPU_INFO.is_file() else set()
    return "mixed_bfloat16" if flags & _BFLOAT16_FLAGS else "float32"


#: Least and greatest value of fields that have one.
_RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("epochs", "batch_size", "blocks_per_stage"), (1, math.inf)),
    **dict.fromkeys(("input_size", "small_size"), (8, 1024)),
    **dict.fromkeys(
        (
            *("frozen_epochs", "small_epochs", "warmup_epochs", "patience", "least_faces"),
            *("replayed_per_face", "frozen_learning_rate", "weight_decay"),
            "vote_weight",
        ),
        (0, math.inf),
    ),
    **dict.fromkeys(("teacher_weight", "memory_weight", "label_smoothing"), (0, 1)),
    **dict.fromkeys(("dropout", "momentum", "ema_momentum"), (0, 0.99999)),
    # With a rate of 0, a training would take its time and learn nothing.
    "learning_rate": (sys.float_info.min, math.inf),
    "channels": (1, 3),
}

#: Words for the values of a field that is a switch.
_SWITCH = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}

#: Meaning of the fields that the command line can override, for its help.
FIELD_HELP = {
    "network": "architecture, see the command presets",
    "input_size": "side of the images in pixels",
    "channels": "1 for grey, 3 for RGB",
    "classes": "only these classes of the data; empty for all",
    "widths": "filters of each stage",
    "blocks_per_stage": "residual blocks of each stage",
    "dropout": "share of features left out before the heads while learning",
    "backbone": "pretrained backbone of the network transfer",
    "weights": "initial weights of the backbone: imagenet, none, or a .h5 file",
    "frozen_epochs": "first epochs that train the heads alone",
    "frozen_learning_rate": "constant learning rate of those epochs; 0 for that of the schedule",
    "frozen_norms": "keep the statistics of all batch norms",
    "least_faces": "least number of one's own faces in an epoch; fewer are repeated",
    "replayed_per_face": "replayed faces in an epoch per new face; 0 for all",
    "memory_weight": "weight of the initial model's answers on replayed faces, 0 to 1",
    "epochs": "passes over the training faces",
    "small_epochs": "first epochs on smaller images",
    "small_size": "side of those images in pixels",
    "batch_size": "faces in a training step",
    "optimizer": "optimizer",
    "learning_rate": "learning rate, the highest of a schedule; above 0",
    "schedule": "course of the learning rate; cosine falls to 0 over all epochs",
    "warmup_epochs": "epochs in which the learning rate rises from 0",
    "momentum": "momentum of sgd",
    "weight_decay": "L2 weight decay of kernels",
    "label_smoothing": "label smoothing of the expression head, 0 to 1",
    "teacher_weight": "weight of the teachers' answers in the targets, 0 to 1",
    "teaching": "what teachers see: each face once, or every augmented picture",
    "vote_weight": "loss weight of the FER+ head; 0 for no such head",
    "ema_momentum": "momentum of the moving average of the weights; 0 for none",
    "keep": "epoch whose weights are the model",
    "patience": "epochs without a lower validation loss before training stops; 0 for never",
    "precision": "number format of the computation",
    "rotate_degrees": "largest random rotation",
    "scale": "range of the random scale factor",
    "shift": "largest random shift, in pixels of a 48-pixel image",
    "flip": "mirror half of the images",
    "erase_probability": "chance that a rectangle is erased",
    "erase_size": "range of its sides, in pixels of a 48-pixel image",
    "blur_probability": "chance of a Gaussian blur",
    "blur_sigma": "range of its standard deviation, in pixels of a 48-pixel image",
    "shrink_probability": "chance that an image is scaled down and up again",
    "shrink": "range of the scale factor of that",
    "light_probability": "chance of another brightness",
    "light": "range of its factor",
    "noise_probability": "chance of Gaussian noise",
    "noise_sigma": "range of its standard deviation, in grey levels",
    "jpeg_probability": "chance of JPEG compression",
    "jpeg_quality": "range of its quality, 1 to 100",
}


@dataclass(frozen=True)
class Preset:
    """One reproducible training run.

    Attributes:
        input_size: height and width in pixels; images of another size are resized.
        backbone: backbone of ``transfer``, see `training.networks.BACKBONES`.
        weights: initial weights of the backbone: ``imagenet``, a local weights file, or ``none``.
        frozen_epochs: initial epochs in which the backbone is frozen; in a network without one, all
            layers below the heads.
        frozen_learning_rate: constant rate of those epochs; 0 for that of the schedule.
        frozen_norms: batch norms keep the statistics that they began with, because a small data set
            has none of its own.
        least_faces: least number of the data set's faces in an epoch; fewer are repeated.
        replayed_per_face: faces of further data sets in an epoch, per face of the first that is in
            it; 0 for all of them. They are the other domains, or what is replayed in
            `training.adapt`.
        memory_weight: weight of the initial model's answers in the targets of faces that it learnt
            from, 0…1.
        schedule: ``constant``, or ``cosine``, which falls to 0 over all epochs.
        warmup_epochs: epochs of linear warm-up, which a peak of 0.1 needs for stability.
        weight_decay: L2 weight decay, applied only to kernels.
        label_smoothing: label smoothing of the expression head. FER2013's labels are only about
            65 % correct, so full confidence is not the goal.
        teacher_weight: weight of the teachers' soft targets for the expression head; the rest is
            the label. Above 0.5, training accuracy measures agreement with the teachers.
        teaching: whether teachers predict each unaugmented face once (``faces``), or every
            augmented image (``pictures``), which increases the cost of training by half.
        vote_weight: loss weight of the FER+ head, which learns the distribution of ten votes; 0 for
            no such head.
        ema_momentum: momentum per step of the exponential moving average (EMA) of the weights,
            which is the final model; 0 for no average.
        keep: the model of the last epoch, or of the one with the best validation accuracy.
        patience: epochs without a lower validation loss after which training stops; 0 for never.
        precision: Keras dtype policy; see `native_precision`.
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
    frozen_learning_rate: float = 0.0
    frozen_norms: bool = False
    least_faces: int = 0
    replayed_per_face: float = 0.0
    memory_weight: float = 0.0
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
    vote_weight: float = 0.0
    ema_momentum: float = 0.0
    keep: Literal["last", "best"] = "best"
    patience: int = 0
    precision: Literal["float32", "mixed_bfloat16"] = field(default_factory=native_precision)
    augmentation: Augmentation = field(default_factory=lambda: LIGHT)

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            check_range(name, getattr(self, name), least, most)

    def override(self, fields: dict[str, Any]) -> Preset:
        """Return a copy with some fields changed, those of `augmentation` by their own names.

        Values may be texts from a command line.

        Raises:
            DataError: a field is unknown, or a text is not a valid value.
        """
        own, inner = typing.get_type_hints(Preset), typing.get_type_hints(Augmentation)
        changed = {n: _parsed(n, v, own[n]) for n, v in fields.items() if n in own}
        augmentation = {n: _parsed(n, v, inner[n]) for n, v in fields.items() if n in inner}
        unknown = fields.keys() - own.keys() - inner.keys()
        if unknown:
            raise DataError(f"a preset has no field {', '.join(sorted(unknown))}.")
        if augmentation:
            changed["augmentation"] = dataclasses.replace(self.augmentation, **augmentation)
        return dataclasses.replace(self, **changed)


def overridable_fields() -> dict[str, str]:
    """Return the fields that the command line can override, with a description of their values."""
    kinds = typing.get_type_hints(Preset) | typing.get_type_hints(Augmentation)
    return {name: _kind(kind) for name, kind in kinds.items() if name not in _NOT_OVERRIDABLE}


#: Fields that are not options: the name, and the nested record, whose fields are options.
_NOT_OVERRIDABLE = ("name", "augmentation")


def _kind(kind: Any) -> str:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return "|".join(arguments)
    if origin is tuple and Ellipsis in arguments:
        return f"{arguments[0].__name__},…"
    if origin is tuple:
        return ",".join(argument.__name__ for argument in arguments)
    if kind is bool:
        return "true|false"
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
            parts = tuple(arguments[0](part) for part in value.split(",") if part)
            if Ellipsis not in arguments and len(parts) != len(arguments):
                raise ValueError
            return parts
        if kind is bool:
            return _SWITCH[value.lower()]
        return kind(value)
    except (ValueError, KeyError) as error:
        option = f"--{name.replace('_', '-')}"
        raise DataError(f"{option} expects {_kind(kind)}, got {value!r}.") from error
