"""The model that answers: its analyzer, spec and report. Networks are shared by all visitors.

It is the one that the visitor has chosen, unless a function is told another.
"""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st

from app.core.models.head_text import TrackRecord, track_record
from app.core.models.model_choice import choose_model, chosen_entry, chosen_model
from app.core.models.runnable import ModelEntry, entry_of, read_record
from app.core.photo import LargestFaces
from app.core.server.events import log_event
from app.core.settings import without_folder
from app.core.text import escape_markdown
from fer.analyzer import FaceAnalyzer
from fer.detection.blazeface import BlazeFace, photo_detector
from fer.detection.evidence import Evidence, FaceLandmark
from fer.detection.photo_scan import MIN_SCORE, PhotoScan
from fer.errors import ModelError
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec

_log = logging.getLogger(__name__)

#: Expression networks that are loaded for photographs at a time; the one that was not used for
#: longest goes, but whoever works with it keeps it until the end. The shipped one takes 18 MB, and
#: 25 MB once it has read many faces at a time.
MAX_NETWORKS = 3


def photo_analyzer(directory: Path | None = None) -> FaceAnalyzer:
    """Return the analyzer for still images, whose network is loaded once per process.

    Args:
        directory: of the model; the chosen one if None.

    Raises:
        ModelError: the model is missing or incomplete.
    """
    classifier = expression_network(directory or chosen_model())
    return FaceAnalyzer(
        _photo_scan(), classifier, classifier.spec, detector_version=photo_detector()
    )


def expression_network(directory: Path) -> ExpressionClassifier:
    """Return the network of a model, loaded once per process, for photographs and streams.

    Raises:
        ModelError: the model is missing or incomplete.
    """
    entry = entry_of(directory)
    return _classifier(directory, entry.key if entry else "")


@st.cache_resource(show_spinner=False)
def face_landmark() -> FaceLandmark:
    """Return the network that looks closely at faces, loaded once for all that is done here.

    Raises:
        ModelError: the package that carries it is not installed.
    """
    return FaceLandmark()


def model_spec() -> ModelSpec:
    """Return the spec of the chosen model, without loading its network.

    Raises:
        ModelError: it is missing, invalid, or of another version.
    """
    return read_record(ModelSpec, chosen_model())


def matching_report(answered: ModelEntry | None = None) -> Report | None:
    """Return the report of a model; None if it is missing or about other weights.

    Args:
        answered: the model as it was when it answered; the chosen one as it is now if None.
    """
    entry = answered or chosen_entry()
    return entry.report if entry else None


def matching_track_record(
    head: str = EXPRESSION_HEAD, answered: ModelEntry | None = None
) -> TrackRecord | None:
    """Return the measurements of a head of a model; None if it was not measured.

    Args:
        head: name of the head.
        answered: see `matching_report`.
    """
    report = matching_report(answered)
    return track_record(report, head) if report else None


def show_model_error(error: ModelError, *, choice: bool = True) -> None:
    """Show visitors that the model is missing, and the operator what to do.

    Args:
        error: what is wrong with the model.
        choice: whether to offer other models; the page's settings may have that choice already.
    """
    _log.error("no model: %s", error)
    log_event("model_failed")
    st.error("**The expression model is not installed here**, so nothing can be analysed yet.")
    st.caption(operator_message(error))
    if choice:
        choose_model()  # another may be there


def operator_message(error: ModelError) -> str:
    """Return an error's text for a page, as Markdown without the installation path."""
    return f"For whoever runs this app: {escape_markdown(without_folder(str(error)))}"


@st.cache_resource(max_entries=MAX_NETWORKS, show_spinner="Loading the model …")
def _classifier(directory: Path, key: str) -> ExpressionClassifier:
    """Return the network of a model, which `key` tells from what was there before."""
    return ExpressionClassifier(directory)


@st.cache_resource(show_spinner=False)
def _photo_scan() -> LargestFaces:
    return LargestFaces(PhotoScan(BlazeFace(min_score=MIN_SCORE), Evidence(face_landmark())))
