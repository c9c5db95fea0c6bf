"""The model and head that the visitor has chosen on any page, and the networks that answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from app.core.components import show_picker
from app.core.models.head_text import IN_SHORT, NAMES, TrackRecord, head_name, offered, track_record
from app.core.models.runnable import ModelEntry, entry_of, read_record, runnable_models
from app.core.photo import LargestFaces
from app.core.server.events import log_event
from app.core.session.tabs import this_visitor
from app.core.settings import model_dir, without_folder
from app.core.text import escape_markdown
from fer.analyzer import FaceAnalyzer
from fer.detection.blazeface import BlazeFace, photo_detector
from fer.detection.evidence import Evidence, FaceLandmark
from fer.detection.photo_scan import MIN_SCORE, PhotoScan
from fer.errors import ModelError
from fer.evaluation.report import Report
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec

_log = logging.getLogger(__name__)

#: The names of the chosen model, also in the page's address, so that a reload keeps the choice, and
#: of the chosen head. The keys of the widgets are others: Streamlit drops a widget's value on pages
#: without the widget.
_MODEL, _HEAD = "model", "head"

#: The chosen model, once it has gone.
_GONE = "model_gone"


def chosen_model() -> Path:
    """Return the directory of the model that the visitor chose on any page.

    It is the configured one if the visitor chose none, or if the chosen one has gone.
    """
    entry = chosen_entry()
    return entry.directory if entry else model_dir()


def chosen_entry() -> ModelEntry | None:
    """Return what is known of the chosen model; None if it cannot answer."""
    return _chosen(models_here())


def models_here() -> tuple[ModelEntry, ...]:
    """Return the models that can answer for the visitor; see `runnable_models`."""
    return runnable_models(this_visitor())


def chosen_key() -> str:
    """Return what tells the chosen model from all others; see `ModelEntry.key`."""
    entry = chosen_entry()
    return entry.key if entry else ""


def answer_with(name: str) -> None:
    """Choose the model of a name for all pages, as the visitor would."""
    st.session_state[_MODEL] = name


def keep_choice() -> None:
    """Keep the choice in the page's address, and tell when the chosen model has gone.

    Call it once in every run of the app, on whatever page.
    """
    chosen = chosen_entry()
    gone = st.session_state.pop(_GONE, None)
    if gone and chosen:
        st.toast(
            f"The model {escape_markdown(gone)} is not here any more. "
            f"{escape_markdown(chosen.name)} answers from now on.",
            icon=":material/deployed_code_alert:",
        )
    if chosen is None or chosen.directory == model_dir():
        st.query_params.pop(_MODEL, None)
    elif st.query_params.get(_MODEL) != chosen.name:
        st.query_params[_MODEL] = chosen.name


def models_to_choose() -> Sequence[ModelEntry]:
    """Return the models that can answer; none if there is no other than the chosen one."""
    entries = models_here()
    return entries if len(entries) > (1 if _chosen(entries) else 0) else ()


def choose_model() -> None:
    """Show the choice if several models can answer."""
    if not (entries := models_to_choose()):
        return
    chosen = _chosen(entries)
    show_picker(
        st.radio,
        "The model that answers, on all pages",
        [entry.name for entry in entries],
        chosen.name if chosen else None,
        f"{_MODEL}_choice",
        answer_with,
        format_func=escape_markdown,
        captions=[facts(entry) for entry in entries],
    )
    st.page_link("app/pages/dashboard.py", label="Compare them", icon=":material/monitoring:")


def show_answered(answered: ModelEntry | None, following: str) -> None:
    """Say which model gave the answers on the page, where several can.

    `following` is what the chosen model answers if it is another one: "the next collection".
    """
    entries = models_here()
    chosen = _chosen(entries)
    if answered is None or chosen is None:
        return
    another = chosen.key != answered.key
    if len(entries) > 1 or another:
        then = f" {escape_markdown(chosen.name)}, chosen now, answers {following}."
        st.caption(
            f":material/deployed_code: Answered by **{escape_markdown(answered.name)}**, "
            f"{facts(answered)}.{then if another else ''}"
        )


def facts(entry: ModelEntry) -> str:
    """Return a model's accuracy, size, and what it was trained on, as Markdown."""
    known, report = [f"{len(entry.spec.labels)} expressions"], entry.report
    if measured := entry.measured:
        low, high = measured.accuracy_low, measured.accuracy_high
        known.append(
            f"{measured.accuracy:.1%} right on its validation data ({100 * low:.1f}–{high:.1%}), "
            f"{head_name(entry.spec.default_head)} head"
        )
    else:
        known.append("not measured")
    known.append(f"{entry.bytes / 1e6:.1f} MB")
    if report:
        begun = f", begun with {report.initial_model}" if report.initial_model else ""
        known.append(f"trained on {report.data.name}{begun}")
    return escape_markdown(" · ".join(known))


def _chosen(entries: Sequence[ModelEntry]) -> ModelEntry | None:
    name = st.session_state.get(_MODEL) or st.query_params.get(_MODEL)
    by_name = {entry.name: entry for entry in entries}
    if name in by_name:
        st.session_state[_MODEL] = name
        return by_name[name]
    if gone := st.session_state.pop(_MODEL, None):
        st.session_state[_GONE] = gone
    return next((entry for entry in entries if entry.directory == model_dir()), None)


def chosen_head() -> str:
    """Return the name of the head that the visitor chose on any page, or raise a ModelError."""
    spec = model_spec()
    return _chosen_among(offered(spec), spec.default_head)


def choose_head(more: Callable[[], None] | None = None) -> str:
    """Show the settings, shut: the head, the model, what the page adds. Return the head.

    Where there is one head, one model and nothing more, there is nothing to set. ModelError if the
    model is missing or incomplete.
    """
    choices, chosen = offered(model_spec()), chosen_head()
    if more or len(choices) > 1 or models_to_choose():
        with st.popover("Settings", icon=":material/tune:", key="settings"):
            if more:
                more()
            if len(choices) > 1:
                _show(st.pills, choices, chosen, width="content", wrap=True)  # on a phone
                st.caption(IN_SHORT)
            choose_model()
    return chosen


def choose_measured(measured: Sequence[str], default: str) -> str:
    """Show the choice among heads of which there are figures; it is the same as on other pages.

    The default is shown where nobody chose one of them.
    """
    chosen = _chosen_among(measured, default if default in measured else measured[0])
    if len(measured) > 1:
        _show(st.selectbox, measured, chosen, width=300)
    return chosen


def _chosen_among(heads: Sequence[str], default: str) -> str:
    chosen = st.session_state.get(_HEAD, default)
    return chosen if chosen in heads else default


def _show(element: Callable[..., Any], heads: Sequence[str], chosen: str, **look: Any) -> None:
    show_picker(
        element,
        "Labels to answer with",
        heads,
        chosen,
        f"{_HEAD}_choice",
        partial(st.session_state.__setitem__, _HEAD),
        format_func=lambda head: NAMES[head],
        **look,
    )


#: Expression networks that are loaded for photographs at a time; the one that was not used for
#: longest goes, but whoever works with it keeps it until the end. The shipped one takes 18 MB, and
#: 25 MB once it has read many faces at a time.
MAX_NETWORKS = 3


def photo_analyzer(directory: Path | None = None) -> FaceAnalyzer:
    """Return the analyzer of photographs of a model, or of the chosen one; or a ModelError."""
    classifier = expression_network(directory or chosen_model())
    return FaceAnalyzer(
        _photo_scan(), classifier, classifier.spec, detector_version=photo_detector()
    )


def expression_network(directory: Path) -> ExpressionClassifier:
    """Return the network of a model, loaded once per process, or raise a ModelError."""
    entry = entry_of(directory)
    return _classifier(directory, entry.key if entry else "")


@st.cache_resource(show_spinner=False)
def face_landmark() -> FaceLandmark:
    """Return the network that looks closely at faces, loaded once, or raise a ModelError."""
    return FaceLandmark()


def model_spec() -> ModelSpec:
    """Return the spec of the chosen model, without its network, or raise a ModelError."""
    return read_record(ModelSpec, chosen_model())


def matching_report() -> Report | None:
    """Return the report of the chosen model; None if it is missing or about other weights."""
    entry = chosen_entry()
    return entry.report if entry else None


def matching_track_record(head: str) -> TrackRecord | None:
    """Return the measurements of a head of the chosen model; None if it was not measured."""
    report = matching_report()
    return track_record(report, head) if report else None


def show_model_error(error: ModelError, *, choice: bool = True) -> None:
    """Show visitors that the model is missing, and the operator what to do.

    Other models are offered by `choice`, unless the page's settings do so already.
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
