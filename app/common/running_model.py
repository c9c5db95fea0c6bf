"""What all visitors share: the analyzer and the report of the model that it runs."""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st

from app.common.paths import model_dir, without_folder
from app.common.reports import read_report, read_spec
from app.common.text import plain
from app.common.track_record import TrackRecord, track_record
from fer import FaceAnalyzer, ModelError
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec

_log = logging.getLogger(__name__)


def photo_analyzer() -> FaceAnalyzer:
    """Return the analyzer for still images, loaded once per process.

    Raises:
        ModelError: there is no complete model.
    """
    return _photo_analyzer(model_dir())


def model_spec() -> ModelSpec:
    """Return what the model that runs says about itself, without loading the model.

    Raises:
        ModelError: there is none, or it is of another version.
    """
    return read_spec(model_dir())


def model_report() -> Report:
    """Return the report of the model that runs.

    Raises:
        ModelError: there is none, or it is of another version.
    """
    return read_report(model_dir())


def own_report() -> Report | None:
    """Return the report if it is about the very weights that run, else None."""
    try:
        report = model_report()
    except ModelError as error:
        _log.warning("no figures beside the results: %s", error)
        return None
    return report if report.describes(model_spec()) else None


def own_track_record(head: str = EXPRESSION_HEAD) -> TrackRecord | None:
    """Return what was measured about a head of the model that runs; None if nothing was."""
    report = own_report()
    return track_record(report, head) if report else None


def show_model_error(error: ModelError) -> None:
    """Tell a visitor that the model is missing, and whoever runs the app what to do."""
    _log.error("no model: %s", error)
    st.error("**The expression model is not installed here**, so nothing can be analysed yet.")
    st.caption(for_the_operator(error))


def for_the_operator(error: ModelError) -> str:
    """Return an error's text for a page; where the app is installed is nobody's business."""
    return f"For whoever runs this app: {plain(without_folder(str(error)))}"


@st.cache_resource(max_entries=2, show_spinner="Loading the model …")
def _photo_analyzer(directory: Path) -> FaceAnalyzer:
    return FaceAnalyzer.for_photos(directory)
