"""Give each face of a stream the number of its person, and smooth each person's answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fer.quality import MARKED_SHARE
from fer.tracking.observation import Appearance
from fer.tracking.track import (
    NO_NUMBER,
    Track,
    assign,
    log_odds,
    looks_odds,
    mistaken,
    stand_alone,
)
from fer.types import Detections, Faces, Floats

#: Least detection score that starts a new track.
NEW_TRACK_SCORE = 0.6

#: Seconds for which somebody who is away is remembered, and the most people of whom this holds.
MEMORY_SECONDS = 600.0
MAX_AWAY = 32

#: Seconds for which a track may be continued without another close look; and if it was in the
#: frame before, however long ago, on a machine that stalls.
FRESH_SECONDS, FRESH_FRAME_SECONDS = 1.0, 5.0

#: For how long, and for how many frames, a new face waits for its number while it might be somebody
#: who was away, for who comes in from the side is at first only half seen; and the longest wait.
_DECISION_SECONDS, _DECISION_FRAMES, _LONGEST_WAIT = 0.5, 3, 2.0

#: Log-odds from which somebody who was away is back. Those in front of a camera leave and return
#: more often than others take their places, so it is below zero.
_BACK = -1.5

#: The same by looks alone, of somebody seen before a cut: then anybody may come. Between shots of
#: one person at other sizes they are above it in 80 % of pairs, and between people of different
#: photographs in none.
_BACK_AFTER_CUT = 0.5

#: Log-odds far below all others, of a person who is not there.
_NOBODY = -99.0

#: The most that place and size say for somebody being back: who sits down in a seat is often
#: somebody else.
_MOST_BY_PLACE = 0.5

#: Log-odds, and lead before everybody else who is away, with which somebody is back without
#: waiting.
_SURELY_BACK, _LEAD = 2.0, 2.0

#: Log-odds with everybody who is away below which a face is new without waiting.
_RULED_OUT = -4.0

#: Seconds between two frames that make room for another close look, and most looks in a frame. At
#: 10 frames a second and more it is one.
LOOK_SECONDS, MAX_LOOKS = 0.1, 6

#: How much the looks of a face still count that does not stand alone.
_MIXED = 0.2

#: Says how much a face of the frame is one: a logit, see `fer.detection.evidence`. None where
#: nobody looked, and nothing is known; it is asked again in the next frame.
CloseLook = Callable[[int], float | None]


class Tracker:
    """Assigns each face in a stream a track number that stays with the person.

    A face continues a track seen just before, by place, size and looks (ByteTrack, Zhang et al.
    2022: also with a low detection score, which starts none). What remains is a new track without a
    number. It gets one when a close look has found a face in it: that of the person who was away
    and fits best, or, if it is none of them, a new one.

    It sees no pixels, so it does not matter where the frames were looked at.
    """

    def __init__(self, new_track_score: float = NEW_TRACK_SCORE) -> None:
        self._new_track_score = new_track_score
        #: By a key of their own, since a track has no number at first.
        self._tracks: dict[int, Track] = {}
        self._next_key = self._next_id = 1
        self._seconds = float("-inf")
        #: Time of the last frame before the last cut, and of the first one after it.
        self._cut = self._scene_start = float("-inf")
        #: Of each number: mean probabilities and issues, and until when.
        self._averages: dict[int, tuple[Floats, float]] = {}
        self._averages_head = ""

    def __call__(
        self,
        detections: Detections,
        looks: Appearance,
        seconds: float,
        close_look: CloseLook | None = None,
    ) -> NDArray[np.int64]:
        """Return the track number of each of ``n`` faces, ``(n,)``; -1 while it has none.

        Seconds must not decrease. A close look is taken at a few faces at most, by their index; all
        detections are faces if there is none.
        """
        elapsed = seconds - self._seconds
        if self._cut == self._seconds:
            self._scene_start = seconds
        self._forget(seconds)
        here = self._continued(detections, looks, seconds)
        if close_look is not None:
            count = 1 if np.isinf(elapsed) else min(1 + int(elapsed / LOOK_SECONDS), MAX_LOOKS)
            self._look_closely(here, detections, close_look, seconds, count)
        faces = {
            face: key
            for face, key in here.items()
            if close_look is None or self._tracks[key].presence.is_face
        }
        self._number(faces, seconds)
        self._correct(faces, detections.xyxy, seconds)
        self._seconds = seconds
        track_ids = np.full(len(detections), -1, np.int64)
        for face, key in faces.items():
            number = self._tracks[key].track_id
            track_ids[face] = -1 if number == NO_NUMBER else number
        return track_ids

    def cut(self) -> None:
        """Begin another scene with the next frame: recognise people by their looks only.

        Averages start again, since a mistake must not mix the answers of two people.
        """
        self._cut = self._seconds
        self._averages = {}

    def begin_averages(self) -> None:
        """Let the averages begin again with the next frame: another network answers."""
        self._averages_head = ""

    def smoothed(self, faces: Faces, smoothing_seconds: float) -> tuple[Faces, Floats]:
        """Smooth the probabilities and issues of each track by an exponential moving average.

        An issue is marked if its average is at least one half, so that results do not flicker when,
        for example, the light is near its limit. A window of 0 seconds turns smoothing off. Faces
        with numbers are returned left to right, with their velocities ``(n, 2)`` in pixels per
        second.
        """
        if faces.head != self._averages_head:
            self._averages, self._averages_head = {}, faces.head
        count, seconds = len(faces.labels), faces.seconds or 0.0
        values = np.concatenate([faces.probabilities, faces.issues.astype(np.float32)], axis=1)
        for i, number in enumerate(faces.track_id.tolist()):
            if number in self._averages and smoothing_seconds > 0:
                previous, previous_seconds = self._averages[number]
                # The decay depends on seconds, not on frames, so the frame rate has no effect.
                keep = np.float32(np.exp(-(seconds - previous_seconds) / smoothing_seconds))
                values[i] = keep * previous + (1 - keep) * values[i]
            self._averages[number] = (values[i], seconds)
        active = self.active_ids
        self._averages = {n: p for n, p in self._averages.items() if n in active}
        marked = values[:, count:] >= MARKED_SHARE
        faces = replace(faces, probabilities=values[:, :count], issues=marked)
        faces = faces.take(np.argsort(faces.xyxy[:, 0], kind="stable"))
        known = {track.track_id: track.velocity for track in self._tracks.values()}
        moving = [known[number] for number in faces.track_id.tolist()]
        return faces, np.array(moving, np.float32).reshape(-1, 2)

    @property
    def active_ids(self) -> frozenset[int]:
        """Numbers of the people who are remembered."""
        numbers = {track.track_id for track in self._tracks.values()}
        return frozenset(numbers - {NO_NUMBER})

    def _continued(
        self, detections: Detections, looks: Appearance, seconds: float
    ) -> dict[int, int]:
        """Continue tracks seen just before and start new ones; return each face's track."""
        fresh = [key for key, track in self._tracks.items() if self._is_fresh(track, seconds)]
        tracks = [self._tracks[key] for key in fresh]
        looks = looks.doubted(np.where(stand_alone(detections.xyxy), 1.0, _MIXED))
        here = {}
        for face, index in assign(log_odds(detections.xyxy, looks, tracks, seconds)):
            seen = looks.take([face])
            here[face] = fresh[index]
            self._tracks[fresh[index]] = tracks[index].updated(detections.xyxy[face], seen, seconds)
        for face in np.flatnonzero(detections.score >= self._new_track_score).tolist():
            if face not in here:
                here[face] = self._next_key
                seen = looks.take([face])
                self._tracks[self._next_key] = Track(
                    NO_NUMBER, detections.xyxy[face], seen, seen, seconds, seconds
                )
                self._next_key += 1
        return here

    def _is_in_view(self, track: Track, seconds: float) -> bool:
        gap = seconds - track.last_seen
        in_last_frame = track.last_seen >= self._seconds
        return gap <= FRESH_SECONDS or (in_last_frame and gap <= FRESH_FRAME_SECONDS)

    def _is_fresh(self, track: Track, seconds: float) -> bool:
        return self._is_in_view(track, seconds) and track.last_seen > self._cut

    def _look_closely(
        self,
        here: dict[int, int],
        detections: Detections,
        close_look: CloseLook,
        seconds: float,
        count: int,
    ) -> None:
        """Look at some faces whose turn it is: new ones first, and the surest of these."""
        due = [f for f, key in here.items() if self._tracks[key].presence.next_look <= seconds]

        def order(face: int) -> tuple[bool, int, float]:
            presence = self._tracks[here[face]].presence
            return presence.is_face, presence.looks, -float(detections.score[face])

        for face in sorted(due, key=order):
            if (evidence := close_look(face)) is None:
                continue
            track = self._tracks[here[face]]
            presence = track.presence.after(evidence, seconds)
            self._tracks[here[face]] = replace(track, presence=presence)
            if not (count := count - 1):
                return

    def _number(self, faces: dict[int, int], seconds: float) -> None:
        """Number the tracks that have no number yet: as somebody who was away, or as new.

        Who has had a new number for a moment only still gets the earlier one if it turns out that
        somebody who was away is back.

        In `faces`, who is back has the earlier track afterwards.
        """
        new = [f for f, key in faces.items() if self._tracks[key].is_open_to_doubt(seconds)]
        away = self._away(seconds)
        if not away:
            new = [f for f in new if self._tracks[faces[f]].track_id == NO_NUMBER]
        if not new:
            return
        tracks = [self._tracks[faces[face]] for face in new]
        odds = self._odds_of_return(tracks, away, seconds)
        best, second = np.sort(odds, axis=1)[:, :-3:-1].T
        waited = np.array([self._has_waited(track, seconds) for track in tracks])
        clear = (best >= _SURELY_BACK) & (best - second >= _LEAD)
        numbered = np.array([track.track_id != NO_NUMBER for track in tracks])
        odds[~np.where(numbered, clear, waited | clear)] = -np.inf
        back = dict(assign(odds, _BACK))
        for row, face in enumerate(new):
            if row in back:
                key = away[back[row]]
                self._tracks[key] = self._tracks[key].found_again(self._tracks.pop(faces[face]))
                faces[face] = key
            elif tracks[row].track_id == NO_NUMBER and (waited[row] or best[row] < _RULED_OUT):
                self._tracks[faces[face]] = replace(tracks[row], track_id=self._next_id)
                self._next_id += 1

    def _away(self, seconds: float) -> list[int]:
        """Return the tracks of the people who are not in the frame."""
        return [
            key
            for key, track in self._tracks.items()
            if track.track_id != NO_NUMBER and track.last_seen < seconds
        ]

    def _has_waited(self, track: Track, seconds: float) -> bool:
        """Return whether a new face need not wait for its number any more.

        Who is there when a scene begins does not come in from the side, and waits not at all.
        """
        if track.first_seen - self._scene_start <= _DECISION_SECONDS:
            return True
        age = seconds - track.first_seen
        often = age >= _DECISION_SECONDS and track.sightings >= _DECISION_FRAMES
        return (often and track.recent.clear) or age >= _LONGEST_WAIT

    def _odds_of_return(
        self, tracks: list[Track], away: list[int], seconds: float
    ) -> NDArray[np.float64]:
        """Return the log-odds of each track being each person who is away, and of two nobodies."""
        looks = Appearance.concatenate([track.recent for track in tracks])
        absent = [self._tracks[key] for key in away]
        odds = log_odds(
            np.stack([track.xyxy for track in tracks]),
            looks,
            absent,
            seconds,
            most_by_place=_MOST_BY_PLACE,
        )
        before_cut = np.array([track.last_seen <= self._cut for track in absent], np.bool_)
        if before_cut.any():
            by_looks = looks_odds(looks, [track.appearance for track in absent])
            by_looks[by_looks < _BACK_AFTER_CUT] = _NOBODY
            odds[:, before_cut] = by_looks[:, before_cut]
        # Who was seen at the same time as somebody else is not the same person.
        last_seen = np.array([self._tracks[key].last_seen for key in away])
        for row, track in enumerate(tracks):
            if track.track_id != NO_NUMBER:
                odds[row, last_seen >= track.first_seen] = _NOBODY
        return np.column_stack([odds, np.full((len(tracks), 2), _NOBODY)])

    def _correct(self, faces: dict[int, int], xyxy: Floats, seconds: float) -> None:
        """Exchange the numbers of two people if both then look much more like themselves.

        Who passes behind somebody may come out under the other's number. It shows once both stand
        apart again, or one of them while the other is away.
        """
        alone = stand_alone(xyxy)
        numbered = {f: k for f, k in faces.items() if self._tracks[k].track_id != NO_NUMBER}
        here = [key for face, key in numbered.items() if alone[face]]
        both = here + self._away(seconds)
        wrong = mistaken([self._tracks[key] for key in both], len(here))
        if wrong:
            one, other = (both[index] for index in wrong)
            first, second = self._tracks[one], self._tracks[other]
            self._tracks[one], self._tracks[other] = first.renamed(second), second.renamed(first)

    def _forget(self, seconds: float) -> None:
        """Forget faces without a number soon, and people after a long time or if many are away.

        Nobody who is in view is forgotten: how many there are is bounded by the detector.
        """
        kept = {}
        away = []
        for key, track in self._tracks.items():
            has_number = track.track_id != NO_NUMBER
            in_view_before_cut = has_number and self._is_in_view(track, seconds)
            if in_view_before_cut or self._is_fresh(track, seconds):
                kept[key] = track
            elif has_number and seconds - track.last_seen <= MEMORY_SECONDS:
                away.append(key)
        away.sort(key=lambda key: self._tracks[key].last_seen)
        for key in away[-MAX_AWAY:]:
            kept[key] = self._tracks[key]
        self._tracks = dict(sorted(kept.items()))
