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
from fer.detection import blazeface, evidence, face_landmark, pyramid
from fer.model.spec import Head, ModelSpec
from fer.ondevice.wire import wire_layout
from fer.tracking import observation, track, tracker
from fer.video import scene_cuts

#: Least IoU of a face with the place at which a local track expects it. The device only has to keep
#: hold of a face from frame to frame; who is who is said by `fer.tracking.Tracker`.
FOLLOWED_IOU = 0.1


def path_constants(*, working_side: int, off_highest: int, off_mean: float) -> dict[str, Any]:
    """Return the numbers as JSON-able dicts, by the script that uses them, names in camel case.

    Args:
        working_side: longer side in pixels of the frames that are analysed.
        off_highest: highest value of a pixel in a frame of a camera that is off.
        off_mean: mean value of the pixels below which it is.
    """
    rows, columns = quality.INSIDE
    return {
        "frames": {"workingSide": working_side, "offHighest": off_highest, "offMean": off_mean},
        "blazeface": _numbers(
            blazeface, "INPUT_SIZE STRIDE MIN_CANVAS_SIDE ANCHOR_GRIDS PIXEL_RANGE SAME_FACE_IOU"
        )
        | {"landmarks": types.LANDMARKS, "minScore": stream.STREAM_SCORE},
        "landmark": _numbers(
            face_landmark,
            "INPUT_SIZE MESH_POINTS PIXEL_RANGE PRESENCE_RANGE PRESENCE_SCALES HOPELESS COVER_IOU",
        ),
        "evidence": _numbers(pyramid, "LOGIT_CLIP")
        | _numbers(
            evidence,
            "LOGIT_WEIGHT FLAT_WEIGHT FLAT_SIDE FLAT_SCALE OVEREXPOSED_EVIDENCE BLACK WHITE "
            "SHADING_STEP SHADED_SHARE",
        ),
        "alignment": _numbers(alignment, "OVERSAMPLING"),
        "quality": _numbers(
            quality,
            "MIN_SIDE MIN_SHARPNESS MIN_LIGHT LIGHT_PERCENTILE MAX_YAW CROP_SIDE FINE_SIGMA "
            "COARSE_SIGMA DIRECTIONS ENERGY_FLOOR",
        )
        | {
            "flaws": list(types.FLAWS),
            "rows": [rows.start, rows.stop],
            "columns": [columns.start, columns.stop],
        },
        "appearance": _numbers(
            observation,
            "REGIONS POINTS LIGHT_POINTS LIGHT_BINS COLOUR_BINS LIGHT_RANGE COLOUR_RANGE DARK",
        ),
        "presence": _numbers(
            track,
            "FACE_EVIDENCE NO_FACE NEWEST FIRST_WAIT LONGEST_WAIT RECHECK_SECONDS DOUBT_SECONDS",
        ),
        "following": _numbers(
            tracker, "NEW_TRACK_SCORE FRESH_SECONDS FRESH_FRAME_SECONDS LOOK_SECONDS MAX_LOOKS"
        )
        | _numbers(track, "VELOCITY_SECONDS COAST_SECONDS")
        | _numbers(quality, "MARKED_SHARE")
        | {"followedIou": FOLLOWED_IOU},
        "cuts": _numbers(scene_cuts, "MOVES_X MOVES_Y SAME_SCENE")
        | {
            "width": scene_cuts.THUMBNAIL_WIDTH,
            "height": scene_cuts.THUMBNAIL_HEIGHT,
            "emptyDeviation": scene_cuts.EMPTY,
        },
        "wire": wire_layout(),
        "answers": _numbers(types, "UNCERTAIN CANDIDATE_SHARE MAX_CANDIDATES"),
    }


def _numbers(module: ModuleType, names: str) -> dict[str, Any]:
    """Return constants of a module, tables as lists, by their names in camel case."""
    found = {}
    for name in names.split():
        first, *others = name.lower().split("_")
        value = getattr(module, name)
        if not isinstance(value, int | float | str):
            value = np.asarray(value).tolist()
        found["".join([first, *map(str.title, others)])] = value
    return found


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
