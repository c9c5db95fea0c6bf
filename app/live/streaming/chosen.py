"""What a live session has found, and what its visitor has chosen. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.live.streaming.frames import LiveSettings
from app.live.streaming.people import LiveModel
from app.live.streaming.record import LiveRecord
from fer import Faces
from fer.model.spec import ModelSpec

#: Most earlier settings that are remembered, for frames that come late.
_MAX_SETTINGS = 32


class ChosenRecord(LiveRecord):
    """The results of one visitor's streams, by the model and with the settings of their choice.

    It is made as a `LiveRecord` is.
    """

    #: The chosen model.
    model: LiveModel | None = None
    #: The settings, each with the time on the clock from which it holds.
    _settings: tuple[tuple[float, LiveSettings], ...] = ((-np.inf, LiveSettings()),)

    @property
    def settings(self) -> LiveSettings:
        """The visitor's settings, for the frames from now on."""
        return self._settings[-1][1]

    @settings.setter
    def settings(self, settings: LiveSettings) -> None:
        if settings != self.settings:
            self._settings = (*self._settings[-_MAX_SETTINGS:], (self._clock(), settings))

    def settings_at(self, seconds: float, spec: ModelSpec) -> LiveSettings:
        """Return the settings of a time on the clock, for a model.

        Args:
            seconds: the time.
            spec: describes the model. A head that it lacks gives way to its usual one.
        """
        before = (chosen for since, chosen in reversed(self._settings) if since <= seconds)
        settings = next(before, self._settings[0][1])
        return settings if settings.head in spec.head_names else replace(settings, head=None)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the chosen head."""
        return self.spec.head(self.settings.head).labels

    def in_view(self, head: str | None = None) -> Faces:
        """See `LiveRecord.in_view`; of the chosen head if none is given."""
        return super().in_view(head or self.settings.head)

    def choose_model(self, model: LiveModel) -> None:
        """Let a model answer from the next frame on. Rows stay, and people keep their numbers.

        Args:
            model: answers. A head that it lacks gives way to its usual one.
        """
        with self._data:
            if model is self.model:
                return
            self.model = model
            self._answered_by(model.spec)
            if self.settings.head not in model.spec.head_names:
                self.settings = replace(self.settings, head=None)

    def choose_head(self, head: str) -> None:
        """Use a head of the network from the next frame on.

        Args:
            head: name of the head.

        Raises:
            ModelError: the network has no such head.
        """
        self.spec.head(head)
        self.settings = replace(self.settings, head=head)
