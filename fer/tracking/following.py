"""Follow the people of a stream: who is who, and what each one's answers are over time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fer.quality import MARKED_SHARE
from fer.tracking.appearance import Appearance
from fer.tracking.tracker import NEW_TRACK_SCORE, CloseLook, Tracker
from fer.types import Detections, Faces, Floats

#: Default smoothing window, in seconds.
DEFAULT_SMOOTHING_SECONDS = 0.6


class Following:
    """Gives the faces of each frame their numbers and their smoothed answers.

    It sees no pixels, so it does not matter where the frames were looked at.

    Args:
        new_track_score: least detection score of a new face.
    """

    def __init__(self, new_track_score: float = NEW_TRACK_SCORE) -> None:
        self._tracker = Tracker(new_track_score)
        self._averages: dict[int, tuple[Floats, float]] = {}
        self._averages_head = ""

    def begin_averages(self) -> None:
        """Let the averages begin again with the next frame: another network answers."""
        self._averages_head = ""

    def new_scene(self) -> None:
        """Forget everybody; the next person has a new number."""
        self._tracker.new_scene()

    def cut(self) -> None:
        """Know nobody by place from the next frame on."""
        self._tracker.cut()

    def numbers(
        self,
        detections: Detections,
        looks: Appearance,
        seconds: float,
        close_look: CloseLook | None,
    ) -> NDArray[np.int64]:
        """Return who each face of the next frame is, ``(n,)``; see `fer.tracking.Tracker`."""
        return self._tracker(detections, looks, seconds, close_look)

    def smoothed(self, faces: Faces, smoothing_seconds: float) -> tuple[Faces, Floats]:
        """Smooth the probabilities and flaws of each track by an exponential moving average.

        A flaw is marked if its average is at least one half, so that results do not flicker when,
        for example, the light is near its limit.

        Args:
            faces: the faces of a frame that have numbers, with the time of the frame.
            smoothing_seconds: smoothing window; 0 turns smoothing off.

        Returns:
            The faces, left to right, and their velocities ``(n, 2)`` in pixels per second.
        """
        if faces.head != self._averages_head:
            self._averages, self._averages_head = {}, faces.head
        count, seconds = len(faces.labels), faces.seconds or 0.0
        values = np.concatenate([faces.probabilities, faces.flaws.astype(np.float32)], axis=1)
        for i, number in enumerate(faces.track_id.tolist()):
            if number in self._averages and smoothing_seconds > 0:
                previous, previous_seconds = self._averages[number]
                # The decay depends on seconds, not on frames, so the frame rate has no effect.
                keep = np.float32(np.exp(-(seconds - previous_seconds) / smoothing_seconds))
                values[i] = keep * previous + (1 - keep) * values[i]
            self._averages[number] = (values[i], seconds)
        active = self._tracker.active_ids
        self._averages = {n: p for n, p in self._averages.items() if n in active}
        marked = values[:, count:] >= MARKED_SHARE
        faces = replace(faces, probabilities=values[:, :count], flaws=marked)
        faces = faces.take(np.argsort(faces.xyxy[:, 0], kind="stable"))
        return faces, self._tracker.velocities(faces.track_id)
