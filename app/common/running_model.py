"""The model that the app runs, shared by all visitors: its analyzer, spec and report."""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st

from app.common.paths import model_dir, without_folder
from app.common.reports import read_report, read_spec
from app.common.text import escape_markdown
from app.common.track_record import TrackRecord, track_record
from fer import FaceAnalyzer, ModelError
from fer.detection.face_landmark import FaceLandmark
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec

_log = logging.getLogger(__name__)


def photo_analyzer() -> FaceAnalyzer:
    """Return the analyzer for still images, loaded once per process.

    Raises:
        ModelError: the model is missing or incomplete.
    """
    return _photo_analyzer(model_dir())


@st.cache_resource(show_spinner=False)
def face_landmark() -> FaceLandmark:
    """Return the network that finds the meshes of faces, loaded once per process.

    Raises:
        ModelError: the package that carries it is not installed.
    """
    return FaceLandmark()


def model_spec() -> ModelSpec:
    """Return the spec of the running model, without loading its network.

    Raises:
        ModelError: it is missing, invalid, or of another version.
    """
    return read_spec(model_dir())


def model_report() -> Report:
    """Return the report of the running model.

    Raises:
        ModelError: it is missing, invalid, or of another version.
    """
    return read_report(model_dir())


def matching_report() -> Report | None:
    """Return the report of the running model; None if missing or about other weights."""
    try:
        report = model_report()
    except ModelError as error:
        _log.warning("results are shown without measured figures: %s", error)
        return None
    return report if report.describes(model_spec()) else None


def matching_track_record(head: str = EXPRESSION_HEAD) -> TrackRecord | None:
    """Return the measurements of a head of the running model; None if it was not measured."""
    report = matching_report()
    return track_record(report, head) if report else None


def show_model_error(error: ModelError) -> None:
    """Show visitors that the model is missing, and the operator what to do."""
    _log.error("no model: %s", error)
    st.error("**The expression model is not installed here**, so nothing can be analysed yet.")
    st.caption(operator_message(error))


def operator_message(error: ModelError) -> str:
    """Return an error's text for a page, as Markdown without the installation path."""
    return f"For whoever runs this app: {escape_markdown(without_folder(str(error)))}"


@st.cache_resource(max_entries=2, show_spinner="Loading the model …")
def _photo_analyzer(directory: Path) -> FaceAnalyzer:
    return FaceAnalyzer.for_photos(directory)
