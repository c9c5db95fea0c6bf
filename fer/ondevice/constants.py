"""Every number of the path from pixels to faces, for the path in JavaScript.

The numbers live where they are used in Python; nothing is written down twice. The scripts in
``ondevice/`` have none of their own, so a number that is changed here changes there too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fer import alignment, quality, stream, types
from fer.detection import blazeface, evidence, face_landmark, pyramid
from fer.model.spec import Head, ModelSpec
from fer.ondevice.wire import wire_layout
from fer.tracking import appearance, track, tracker
from fer.video import scene_cuts
from fer.video.frame import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

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
    return {
        "frames": {
            "workingSide": working_side,
            "offHighest": off_highest,
            "offMean": off_mean,
        },
        "blazeface": _blazeface(),
        "landmark": _landmark(),
        "evidence": _evidence(),
        "alignment": {"oversampling": alignment.OVERSAMPLING},
        "quality": _quality(),
        "appearance": _appearance(),
        "presence": _presence(),
        "following": _following(),
        "cuts": {
            "width": THUMBNAIL_WIDTH,
            "height": THUMBNAIL_HEIGHT,
            "movesX": scene_cuts.MOVES_X,
            "movesY": scene_cuts.MOVES_Y,
            "sameScene": scene_cuts.SAME_SCENE,
            "emptyDeviation": scene_cuts.EMPTY,
        },
        "wire": wire_layout(),
        "answers": {
            "uncertain": types.UNCERTAIN,
            "candidateShare": types.CANDIDATE_SHARE,
            "maxCandidates": types.MAX_CANDIDATES,
        },
    }


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


def _blazeface() -> dict[str, Any]:
    return {
        "inputSize": blazeface.INPUT_SIZE,
        "stride": blazeface.STRIDE,
        "minCanvasSide": blazeface.MIN_CANVAS_SIDE,
        "anchorGrids": [list(grid) for grid in blazeface.ANCHOR_GRIDS],
        "pixelRange": blazeface.PIXEL_RANGE,
        "landmarks": types.LANDMARKS,
        "minScore": stream.STREAM_SCORE,
        "sameFaceIou": blazeface.SAME_FACE_IOU,
    }


def _landmark() -> dict[str, Any]:
    return {
        "inputSize": face_landmark.INPUT_SIZE,
        "meshPoints": face_landmark.MESH_POINTS,
        "pixelRange": face_landmark.PIXEL_RANGE,
        "presenceRange": list(face_landmark.PRESENCE_RANGE),
        "presenceScales": list(face_landmark.PRESENCE_SCALES),
        "hopeless": face_landmark.HOPELESS,
        "coverIou": face_landmark.COVER_IOU,
    }


def _evidence() -> dict[str, Any]:
    return {
        "logitClip": pyramid.LOGIT_CLIP,
        "logitWeight": evidence.LOGIT_WEIGHT,
        "flatWeight": evidence.FLAT_WEIGHT,
        "flatSide": evidence.FLAT_SIDE,
        "flatScale": evidence.FLAT_SCALE,
        "overexposedEvidence": evidence.OVEREXPOSED_EVIDENCE,
        "black": evidence.BLACK,
        "white": evidence.WHITE,
        "shadingStep": evidence.SHADING_STEP,
        "shadedShare": evidence.SHADED_SHARE,
    }


def _quality() -> dict[str, Any]:
    rows, columns = quality.INSIDE
    return {
        "flaws": list(types.FLAWS),
        "minSide": quality.MIN_SIDE,
        "minSharpness": quality.MIN_SHARPNESS,
        "minLight": quality.MIN_LIGHT,
        "lightPercentile": quality.LIGHT_PERCENTILE,
        "maxYaw": quality.MAX_YAW,
        "cropSide": quality.CROP_SIDE,
        "rows": [rows.start, rows.stop],
        "columns": [columns.start, columns.stop],
        "fineSigma": quality.FINE_SIGMA,
        "coarseSigma": quality.COARSE_SIGMA,
        "directions": [list(step) for step in quality.DIRECTIONS],
        "energyFloor": quality.ENERGY_FLOOR,
    }


def _appearance() -> dict[str, Any]:
    return {
        "regions": np.asarray(appearance.REGIONS, np.float64).tolist(),
        "points": appearance.POINTS,
        "lightPoints": list(appearance.LIGHT_POINTS),
        "lightBins": appearance.LIGHT_BINS,
        "colourBins": appearance.COLOUR_BINS,
        "lightRange": appearance.LIGHT_RANGE,
        "colourRange": appearance.COLOUR_RANGE,
        "dark": appearance.DARK,
    }


def _presence() -> dict[str, Any]:
    return {
        "faceEvidence": track.FACE_EVIDENCE,
        "noFace": track.NO_FACE,
        "newest": track.NEWEST,
        "firstWait": track.FIRST_WAIT,
        "longestWait": track.LONGEST_WAIT,
        "recheckSeconds": track.RECHECK_SECONDS,
        "doubtSeconds": track.DOUBT_SECONDS,
    }


def _following() -> dict[str, Any]:
    return {
        "followedIou": FOLLOWED_IOU,
        "newTrackScore": tracker.NEW_TRACK_SCORE,
        "freshSeconds": tracker.FRESH_SECONDS,
        "freshFrameSeconds": tracker.FRESH_FRAME_SECONDS,
        "lookSeconds": tracker.LOOK_SECONDS,
        "maxLooks": tracker.MAX_LOOKS,
        "velocitySeconds": track.VELOCITY_SECONDS,
        "coastSeconds": track.COAST_SECONDS,
        "markedShare": quality.MARKED_SHARE,
    }
