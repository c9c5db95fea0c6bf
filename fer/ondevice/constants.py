"""Every number of the path from pixels to faces, for the path in JavaScript.

The numbers live where they are used in Python; nothing is written down twice. The scripts in
``ondevice/`` have none of their own, so a number that is changed here changes there too.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np

from fer import alignment, quality, stream, types
from fer.detection import blazeface, evidence
from fer.model.spec import Head, ModelSpec
from fer.ondevice.wire import wire_layout
from fer.tracking import observation, track, tracker
from fer.video import scene_cuts

#: Least IoU of a face with the place at which a local track expects it. The device only has to keep
#: hold of a face from frame to frame; who is who is said by `fer.tracking.tracker.Tracker`.
FOLLOWED_IOU = 0.1


#: Which numbers of which modules each script uses.
_NUMBERS: dict[str, tuple[tuple[ModuleType, str], ...]] = {
    "blazeface": (
        (blazeface, "INPUT_SIZE STRIDE MIN_CANVAS_SIDE ANCHOR_GRIDS PIXEL_RANGE SAME_FACE_IOU"),
        (types, "LANDMARKS"),
    ),
    "landmark": (
        (evidence, "INPUT_SIZE MESH_POINTS PIXEL_RANGE PRESENCE_RANGE PRESENCE_SCALES"),
        (evidence, "HOPELESS COVER_IOU"),
    ),
    "evidence": (
        (evidence, "LOGIT_WEIGHT FLAT_WEIGHT FLAT_SIDE FLAT_SCALE OVEREXPOSED_EVIDENCE"),
        (evidence, "BLACK WHITE SHADING_STEP SHADED_SHARE LOGIT_CLIP"),
    ),
    "alignment": ((alignment, "OVERSAMPLING"),),
    "quality": (
        (quality, "MIN_SIDE MIN_SHARPNESS MIN_LIGHT LIGHT_PERCENTILE MAX_YAW CROP_SIDE"),
        (quality, "FINE_SIGMA COARSE_SIGMA DIRECTIONS ENERGY_FLOOR"),
        (types, "ISSUES"),
    ),
    "appearance": (
        (observation, "REGIONS POINTS LIGHT_POINTS LIGHT_BINS COLOUR_BINS LIGHT_RANGE"),
        (observation, "COLOUR_RANGE DARK"),
    ),
    "presence": (
        (track, "FACE_EVIDENCE NO_FACE NEWEST FIRST_WAIT LONGEST_WAIT RECHECK_SECONDS"),
        (track, "DOUBT_SECONDS"),
    ),
    "following": (
        (tracker, "NEW_TRACK_SCORE FRESH_SECONDS FRESH_FRAME_SECONDS LOOK_SECONDS MAX_LOOKS"),
        (track, "VELOCITY_SECONDS COAST_SECONDS"),
        (quality, "MARKED_SHARE"),
    ),
    "cuts": (
        (scene_cuts, "SAME_FRAME SAME_SCENE MIXED"),
        (scene_cuts, "MOVES_X MOVES_Y LONG_GAP FAR_MOVES_X FAR_MOVES_Y"),
    ),
    "answers": ((types, "UNCERTAIN CANDIDATE_SHARE MAX_CANDIDATES"),),
}


def path_constants(*, working_side: int, off_highest: int, off_mean: float) -> dict[str, Any]:
    """Return the numbers as JSON-able dicts, by the script that uses them, names in camel case.

    A frame of a camera that is off has pixels of at most `off_highest`, in the mean below
    `off_mean`.
    """
    found: dict[str, Any] = {
        "frames": {"workingSide": working_side, "offHighest": off_highest, "offMean": off_mean},
        "wire": wire_layout(),
    }
    for part, modules in _NUMBERS.items():
        numbers = [(name, getattr(of, name)) for of, names in modules for name in names.split()]
        found[part] = {_camel(name): _plain(value) for name, value in numbers}
    rows, columns = quality.INSIDE
    found["quality"] |= {"rows": [rows.start, rows.stop], "columns": [columns.start, columns.stop]}
    found["blazeface"]["minScore"] = stream.STREAM_SCORE
    found["following"]["followedIou"] = FOLLOWED_IOU
    found["cuts"] |= {
        "width": scene_cuts.THUMBNAIL_WIDTH,
        "height": scene_cuts.THUMBNAIL_HEIGHT,
        "emptyDeviation": scene_cuts.EMPTY,
    }
    return found


def _camel(name: str) -> str:
    first, *others = name.lower().split("_")
    return "".join([first, *map(str.title, others)])


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else np.asarray(value).tolist()


def model_constants(spec: ModelSpec) -> dict[str, Any]:
    """Return what the path needs to know of a model, as JSON-able dicts, names in camel case.

    JSON has no infinity: a threshold that no confidence reaches is None.
    """
    framing = spec.framing
    return {
        "inputSize": spec.input_size,
        "channels": spec.channels,
        "framing": {
            "side": framing.side,
            "points": [list(point) for point in framing.points],
            "boxCentre": list(framing.box_centre),
            "boxSide": framing.box_side,
        },
        "heads": [_head(head) for head in spec.heads],
    }


def _head(head: Head) -> dict[str, Any]:
    return {
        "name": head.name,
        "labels": list(head.labels),
        "temperature": head.temperature,
        "blend": dict(head.blend),
        "output": head.output,
        "thresholds": [
            [limit if math.isfinite(limit) else None for limit in limits]
            for limits in head.thresholds
        ],
        "margin": head.margin,
    }
