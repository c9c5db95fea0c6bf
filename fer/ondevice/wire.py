"""Observations as bytes: how a device tells this server what it has seen. Little endian, packed.

An observation is a header, then a record for each face. `assets/wire.js` writes them by
`wire_layout`, so that the layout is written down here only. What comes may be anything: a browser
belongs to its visitor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.errors import WireError
from fer.model.spec import ModelSpec
from fer.stream import STAGES
from fer.tracking.observation import COLOUR_BINS, LIGHT_BINS, REGIONS, Appearance, Observation
from fer.tracking.track import FACE_EVIDENCE
from fer.types import ISSUES, LANDMARKS, Detections, Floats

VERSION = 1

#: Flags of a frame: from a camera that is off, and with which another scene begins. Pages that were
#: opened before there was the second do not set it.
BLACK, CUT = 1, 2

#: Bit beside a face's issues: earlier close looks of the device have found a face. Pages that were
#: opened before there was this bit do not set it.
BELIEVED = 128

#: Most faces of a frame, and longest side of a frame in pixels.
MAX_FACES, MAX_SIDE = 64, 4096

#: Most observations in one piece.
MAX_OBSERVATIONS = 64

#: Stages that a device measures, in the order of their times in the header.
DEVICE_STAGES = (*STAGES, "draw")

#: Largest values that are believed: times since a start in seconds, durations in milliseconds, and
#: scores of networks. Boxes may extend past the frame, by as much as the largest one is wide.
_MAX_SECONDS, _MAX_MILLISECONDS, _MAX_SCORE = 1e7, 1e6, 1e4

HEADER = np.dtype(
    [
        ("version", "u1"),
        ("flags", "u1"),
        ("width", "<u2"),
        ("height", "<u2"),
        ("faces", "<u2"),
        ("logits", "<u2"),  # of each face
        ("number", "<u4"),
        ("seconds", "<f8"),
        ("milliseconds", "<f4", (len(DEVICE_STAGES),)),
        ("received", "<u2"),
        ("shown", "<u2"),
    ]
)

#: Shares in the histograms of a region.
_BINS = LIGHT_BINS + COLOUR_BINS**2

#: Of a face, before its logits.
_FACE = [
    ("box", "<f4", (4,)),
    ("score", "<f4"),
    ("points", "<f4", (2 * LANDMARKS,)),
    ("evidence", "<f4"),
    ("issues", "u1"),  # bit i is ISSUES[i], and BELIEVED
    ("unused", "u1"),
    ("id", "<u2"),
    ("visible", "u1", (len(REGIONS),)),
    ("colours", "u1", (len(REGIONS) * _BINS,)),
]


@dataclass(frozen=True, eq=False)
class SeenFrame:
    """What a device says about one frame.

    Attributes:
        seconds: time of the frame on the device's clock, since the run began.
        milliseconds: duration of each of `DEVICE_STAGES`.
        received: frames that the camera has given since the last analysed one.
        observation: what was seen; nobody if the camera is off.
        local_ids: ``(n,)`` int64, the device's own number of each face.
        believed: ``(n,)`` bool, whether the device takes it for a face, by this or earlier looks.
    """

    number: int
    seconds: float
    milliseconds: dict[str, float]
    received: int
    shown: int
    black: bool
    cut: bool
    observation: Observation
    local_ids: NDArray[np.int64]
    believed: NDArray[np.bool_]

    def trusted(self) -> SeenFrame:
        """Return the frame with evidence for the faces that the device believes in.

        Where it did not look closely at such a face in this frame, that is the least evidence of a
        face.
        """
        seen = self.observation
        unseen = np.isnan(seen.evidence) & self.believed
        evidence = np.where(unseen, np.float32(FACE_EVIDENCE), seen.evidence)
        return replace(self, observation=replace(seen, evidence=evidence))


@lru_cache(maxsize=4)  # of the models at hand: what comes may name any number
def face_type(logits: int) -> np.dtype[np.void]:
    """Return the type of a face's record with so many logits."""
    return np.dtype([*_FACE, ("logits", "<f4", (logits,))])


def wire_layout() -> dict[str, Any]:
    """Return the layout as JSON: ``[offset, type, count]`` of each field of header and face.

    Types are those of numpy without the order of bytes. A face's logits, ``f4``, follow its record.
    """
    return {
        "version": VERSION,
        "black": BLACK,
        "cut": CUT,
        "believed": BELIEVED,
        "maxFaces": MAX_FACES,
        "maxObservations": MAX_OBSERVATIONS,
        "stages": list(DEVICE_STAGES),
        "headerBytes": HEADER.itemsize,
        "header": _fields(HEADER),
        "faceBytes": face_type(0).itemsize,
        "face": _fields(np.dtype(_FACE)),
    }


def _fields(of: np.dtype[np.void]) -> dict[str, list[Any]]:
    fields = {}
    for name, (kind, offset, *_) in (of.fields or {}).items():
        fields[name] = [offset, kind.base.str[1:], int(np.prod(kind.shape, dtype=int))]
    return fields


def split(content: bytes) -> list[bytes]:
    """Return the observations in a piece; WireError for what is cut or too many."""
    parts, at = [], 0
    while at < len(content):
        header = _header(content, at)
        face = np.dtype(_FACE).itemsize + 4 * header["logits"]
        end = at + HEADER.itemsize + header["faces"] * face
        if end > len(content):
            raise WireError(f"expected {end - at} bytes of an observation, got {len(content) - at}")
        parts.append(content[at:end])
        at = end
        if len(parts) > MAX_OBSERVATIONS:
            raise WireError(f"expected at most {MAX_OBSERVATIONS} observations in one piece")
    return parts


def _header(content: bytes, at: int = 0) -> dict[str, Any]:
    """Return a header's values, as far as it takes to know where the observation ends."""
    if len(content) - at < HEADER.itemsize:
        raise WireError(f"expected {HEADER.itemsize} bytes of a header, got {len(content) - at}")
    values = np.frombuffer(content, HEADER, 1, at)[0].item()
    header = dict(zip(HEADER.names or (), values, strict=True))
    if header["version"] != VERSION:
        raise WireError(
            f"expected version {VERSION}, got {header['version']}. Reload the page on the device."
        )
    if header["faces"] > MAX_FACES:
        raise WireError(f"expected at most {MAX_FACES} faces, got {header['faces']}")
    return header


def read_observation(content: bytes, spec: ModelSpec) -> SeenFrame:
    """Return what an observation of `split` says; WireError for what cannot be."""
    header = _header(content)
    widths = {head.output: len(head.labels) for head in spec.network_heads}
    if header["faces"] and header["logits"] != sum(widths.values()):
        raise WireError(
            f"model {spec.name} has {sum(widths.values())} scores, got {header['logits']}"
        )
    faces = np.frombuffer(content, face_type(sum(widths.values())), offset=HEADER.itemsize)
    black = bool(header["flags"] & BLACK)
    _check_header(header, len(faces), black)
    _check_faces(faces)
    logits = np.split(faces["logits"], np.cumsum([*widths.values()])[:-1], axis=1)
    observation = Observation(
        (header["width"], header["height"]),
        Detections(faces["box"], faces["score"], faces["points"].reshape(-1, LANDMARKS, 2)),
        _looks(faces),
        (faces["issues"][:, None] >> np.arange(len(ISSUES)) & 1).astype(np.bool_),
        dict(zip(widths, logits, strict=True)),
        faces["evidence"],
    )
    return SeenFrame(
        header["number"],
        header["seconds"],
        dict(zip(DEVICE_STAGES, map(float, header["milliseconds"]), strict=True)),
        header["received"],
        header["shown"],
        black,
        bool(header["flags"] & CUT),
        observation,
        faces["id"].astype(np.int64),
        (faces["issues"] & BELIEVED) > 0,
    )


def _check_header(header: dict[str, Any], faces: int, black: bool) -> None:
    for name in ("width", "height"):
        if not 1 <= header[name] <= MAX_SIDE:
            raise WireError(f"expected a {name} of 1 to {MAX_SIDE} pixels, got {header[name]}")
    if not 0 <= header["seconds"] <= _MAX_SECONDS:  # false for NaN, too
        raise WireError(f"expected seconds since the start, got {header['seconds']}")
    if not all(0 <= spent <= _MAX_MILLISECONDS for spent in header["milliseconds"]):
        raise WireError(f"expected milliseconds, got {header['milliseconds']}")
    if black and faces:
        raise WireError(f"expected nobody where the camera is off, got {faces} faces")


def _check_faces(faces: NDArray[np.void]) -> None:
    score, box, evidence = faces["score"], faces["box"], faces["evidence"]
    # Comparisons with NaN are false, so what is no number fails.
    if not ((score >= 0) & (score <= 1)).all():
        raise WireError(f"expected scores of 0 to 1, got {score.tolist()}")
    places = np.concatenate([box, faces["points"]], axis=1)
    if not (np.abs(places) <= 2 * MAX_SIDE).all() or not (box[:, 2:] >= box[:, :2]).all():
        raise WireError(f"expected boxes and points about the frame, got {places.tolist()}")
    if not (np.abs(faces["logits"]) <= _MAX_SCORE).all():
        raise WireError("expected finite scores of the network")
    if not (np.isnan(evidence) | (np.abs(evidence) <= _MAX_SCORE)).all():
        raise WireError(f"expected finite evidence or none, got {evidence.tolist()}")


def _looks(faces: NDArray[np.void]) -> Appearance:
    colours = faces["colours"].reshape(-1, len(REGIONS), _BINS).astype(np.float32)
    # They are square roots of shares, so each region's squares sum to 1 but for the rounding.
    length = np.sqrt(np.einsum("nrb,nrb->nr", colours, colours))
    colours /= np.maximum(length, 1)[..., None]
    visible: Floats = faces["visible"].astype(np.float32) / np.float32(255)
    return Appearance(colours, visible)
