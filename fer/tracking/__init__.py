"""Who is who: track faces over frames by position, motion and appearance."""

from fer.tracking.observation import Appearance, Light, Observation
from fer.tracking.track import COAST_SECONDS, FACE_EVIDENCE
from fer.tracking.tracker import MEMORY_SECONDS, CloseLook, Tracker

__all__ = [
    "COAST_SECONDS",
    "FACE_EVIDENCE",
    "MEMORY_SECONDS",
    "Appearance",
    "CloseLook",
    "Light",
    "Observation",
    "Tracker",
]
