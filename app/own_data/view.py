"""The page "Your data": what it takes in, what it says of it, labels to give, files to save."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

import streamlit as st

from app.core.budget import MB
from app.core.components import (
    POLL_SECONDS,
    ask_first,
    component_value,
    download,
    mount,
    show_picker,
)
from app.core.layout import offer_sample, show_full
from app.core.models import running_model
from app.core.models.runnable import ModelEntry
from app.core.models.running_model import chosen_entry, chosen_head, models_here
from app.core.photo import Answerer, Missing, Upload
from app.core.report.elements import Note
from app.core.report.view import show_parts
from app.core.settings import ASSETS, MAX_OWN_JOBS, MAX_OWN_MB, MAX_OWN_PHOTOS, MAX_OWN_TOTAL_MB
from app.core.state import budget, jobs, kept, upload_limits
from app.core.text import about, counted, escape_markdown
from app.core.uploaders import (
    most_in_words,
    show_files,
    show_folder,
    show_progress,
    show_session_title,
)
from app.own_data.figures import (
    measure_own,
    own_data_html,
    own_data_json,
    own_data_sections,
    own_ways,
)
from app.own_data.files import labels_csv, set_zip, training_zip
from app.own_data.fine_tuning import DATA_NAME, not_here
from app.own_data.fine_tuning_view import show_fine_tuning
from app.own_data.labelling import Report, carry_out, labeller_data
from app.own_data.own_set import OwnSet
from app.own_data.session import OwnSession
from fer.errors import ModelError

_log = logging.getLogger(__name__)

#: Seconds for which labels are kept after their tab was last seen open. They are somebody's work.
KEEP_SECONDS = 1800.0

#: Least bytes of the server's memory with which photographs are asked for.
_LEAST_ROOM = 32 * MB

#: Key of the switch whether originals are saved, too.
_ORIGINALS = "own_originals"

#: Files without faces of their own which are named at most.
_MOST_NAMED = 100

#: Faces that are labelled in a minute, as the sample of 21 is.
_FACES_A_MINUTE = 21

#: The steps of the page, by number.
STEPS = {
    1: ":material/keyboard: 1 Label",
    2: ":material/fact_check: 2 See",
    3: ":material/school: 3 Teach",
}


def own_session() -> OwnSession:
    """Return the visitor's faces. A reload finds them by the key in the page's address."""
    return kept(
        "own_data",
        lambda: OwnSession(
            jobs(MAX_OWN_JOBS), budget(MAX_OWN_TOTAL_MB), upload_limits(MAX_OWN_PHOTOS, MAX_OWN_MB)
        ),
        OwnSession.end,
        lambda session: int(session.own is not None),  # the budget bounds the rest
        ended=lambda session: session.ended,
        keep_seconds=KEEP_SECONDS,
    )


def entries() -> list[ModelEntry]:
    """Return what is known of all models that can answer, the chosen one first, or a ModelError."""
    chosen = chosen_entry()
    if chosen is None:
        running_model.model_spec()  # which says what is wrong with it
        raise ModelError("no model can answer here.")
    return [chosen, *(entry for entry in models_here() if entry.key != chosen.key)]


def answerers() -> list[Answerer]:
    """Return all models that can be loaded; ModelError if none can."""
    found, faults = [], []
    for entry in entries():
        try:
            analyzer = running_model.photo_analyzer(entry.directory)
        except ModelError as error:
            _log.warning("the model %s does not answer: %s", entry.name, error)
            faults.append(error)
            continue
        found.append(Answerer(analyzer, entry.key, entry.name))
    if not found:
        raise faults[0]
    return found


def show_notices(session: OwnSession) -> None:
    """Say what was not taken of the last files, and which labels wait for their photos."""
    for notice in session.notices[:5]:
        st.warning(escape_markdown(notice), icon=":material/warning:")
    waiting = session.own.waiting if session.own else []
    if waiting and not session.running:
        names = list(dict.fromkeys(row.photo for row in waiting))
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        st.info(
            f"**{counted(len(waiting), 'label')} without a photo so far:** "
            f"{escape_markdown(', '.join(names[:3]))}{more}. Drop the same photos to go on.",
            icon=":material/hourglass_top:",
        )


def show_inputs(session: OwnSession) -> None:
    """Show the uploaders, either of which begins an analysis at once."""
    if not session.jobs.places or not session.limits.photos:
        st.info("**Labelling is switched off** on this server.", icon=":material/info:")
        return

    def has_room() -> bool:
        return session.budget.left >= _LEAST_ROOM

    if not has_room():
        show_full("set of photos", has_room)
        return
    most, take = most_in_words(session), partial(_take, session)
    files, folder = st.tabs([":material/upload: Photos or ZIP", ":material/folder_open: Folder"])
    with files:
        label = f"Drop photos here, a ZIP, or a labels.csv of yours: {most}"
        show_files(session, "own", label, take, ("csv",))
    with folder:
        label = f"Drop a folder here, with all folders in it: {most}"
        show_folder(session, "own", label, take, ("csv",))


def _take(session: OwnSession, uploads: Sequence[Upload]) -> None:
    session.take(uploads, answerers())


def offer_own_sample(session: OwnSession) -> None:
    """Offer drawn faces without labels, from `python -m training demo-data`."""

    def take_sample() -> None:
        data = (ASSETS / "drawn-faces.zip").read_bytes()
        _take(session, [Upload("drawn faces.zip", data)])

    offer_sample(
        ASSETS / "drawn-faces.jpg",
        "Six of the drawn faces",
        "No photos at hand?",
        "Label 21 drawn faces, and see what comes of it. It takes a minute.",
        "Try it with drawn faces",
        "own_try_sample",
        take_sample,
        widths=(180, 520),
    )


def show_steps(session: OwnSession) -> int:
    """Show the three steps, any of which can be chosen, and how long it takes; return which one."""
    show_picker(
        st.segmented_control,
        "Steps",
        list(STEPS),
        session.step,
        "own_step",
        partial(setattr, session, "chosen_step"),
        format_func=STEPS.__getitem__,
        label_visibility="collapsed",
    )
    if session.own:
        st.caption(f":material/timer: {_time_for(session.step, session.own)}")
    return session.step


def _time_for(step: int, own: OwnSet) -> str:
    """Return in a sentence what a step is, and how long it takes."""
    if step == 1:
        left = own.unlabelled
        if not left:
            return "All have labels."
        return f"{counted(left, 'face')} to label: {about(60 * left / _FACES_A_MINUTE)}."
    if step == 2:
        return "How often it agrees with your labels. The figures are there at once."
    if not_here():
        return (
            "This server does not train models. You get the faces and a command to do it elsewhere."
        )
    return "A copy of the model learns from your labels, in a few minutes."


def show_title(session: OwnSession, own: OwnSet) -> None:
    """Show what there is, and the way to delete it."""
    clear = partial(_offer_clear, session, own)
    show_session_title(session, session.title, session.facts, clear)
    if session.by_folder:
        misses = sum(bool(photo.label) and not photo.face_count for photo in own.photos.values())
        missed = f" In {counted(misses, 'photo')} no face was found, which is a miss."
        counts = own.expression_counts.items()
        labels = ", ".join(f"{name} {count:,}" for name, count in counts) or "none"
        st.markdown(
            f":material/folder: **The labels are those of the folders:** {labels}."
            f"{missed if misses else ''}"
        )
    if session.unread and not session.running:
        faulty = any(one.missing is Missing.NOT_READ for one in session.unread)
        icon = ":material/error:" if faulty else ":material/info:"
        lines = [
            f"- **{escape_markdown(one.name)}** {escape_markdown(one.error)}"
            for one in session.unread
        ]
        if more := lines[_MOST_NAMED:]:
            lines[_MOST_NAMED:] = [f"- … and {len(more):,} more"]
        with st.expander(f"{session.missing_line}: why", icon=icon):
            st.markdown("\n".join(lines))


def _offer_clear(session: OwnSession, own: OwnSet) -> None:
    labels = len(own.labels)
    warning = (
        f"This deletes {counted(len(own.faces), 'face')} and {counted(labels, 'label')} from "
        "the server. Save the labels first if you want to go on with them."
    )
    ask_first("Clear", warning, "Delete all", "own_clear", session.clear, icon=":material/delete:")


def show_faces(session: OwnSession, own: OwnSet, entry: ModelEntry, *, labels: bool) -> None:
    """Show the progress of the analysis, and what there is to label if `labels` are to be given."""
    running = session.running

    def faces() -> None:
        if session.running != running or session.own is not own or session.settled:
            session.settled = False
            st.rerun()
        if running:
            show_progress(session)
        if labels and own.faces:
            if _wants_labels(session, own):
                _show_labeller(session, own, entry)
        elif not running:
            st.info(
                "**No face was found in these photos**, so there is nothing to label. Good light, "
                "a frontal view and a short distance help.",
                icon=":material/face_retouching_off:",
            )

    if running or labels:
        st.fragment(faces, run_every=POLL_SECONDS if running else None)()


def _wants_labels(session: OwnSession, own: OwnSet) -> bool:
    """Return whether to show what labels faces; where folders did it, that can be chosen."""
    if not session.by_folder:
        return True
    if session.running:
        return False
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        check = st.toggle("Look through the labels", key="own_check", persist_state="session")
        st.button(
            "Label all faces by hand instead",
            type="tertiary",
            icon=":material/edit:",
            key="own_by_hand",
            on_click=session.label_by_hand,
            help="Forgets what the folders say. All faces of a photo count then.",
        )
    return check or own.unlabelled > 0


def _show_labeller(session: OwnSession, own: OwnSet, entry: ModelEntry) -> None:
    key = f"own_labeller_{session.token}"
    report = component_value(key, "changes", Report)

    def carried_out() -> None:
        report = component_value(key, "changes", Report)
        if report is not None and report.set == session.token:
            session.done = carry_out(own, report.changes, session.done)

    def settled() -> None:
        session.settled = True

    data = labeller_data(
        own,
        entry.key,
        entry.spec.head(chosen_head()),
        token=session.token,
        done=session.done,
        have=report.have if report else (),
    )
    events = {"on_changes_change": carried_out, "on_settled_change": settled}
    mount("own_data/labeller", data, key, **events)


def show_next(session: OwnSession, own: OwnSet, step: int) -> None:
    """Offer the step after one, as soon as there are labels for it."""
    if own.expression_counts and not session.running:
        teach = "Teach it elsewhere" if not_here() else "Teach it"
        st.button(
            "See how good it is" if step == 1 else teach,
            type="primary",
            icon=":material/arrow_forward:",
            key="own_next",
            on_click=setattr,
            args=(session, "chosen_step", step + 1),
        )


def show_results(session: OwnSession, own: OwnSet, entries: Sequence[ModelEntry]) -> None:
    """Show how good the models are on the labelled faces, the chosen one first, and files of it."""
    if not (answers := own.answers({entry.key: entry.name for entry in entries})):
        st.info("The figures are here as soon as a face has a label.")
        return
    specs = {entry.name: entry.spec for entry in entries if entry.key in own.models}
    model, head = entries[0].name, chosen_head()
    figures = measure_own(answers, specs or {model: entries[0].spec}, session.title)
    offered = own_ways(figures, model, head)
    way = offered[0]
    if len(offered) > 1:
        way = st.segmented_control(
            "Answers", offered, default=way, required=True, key="own_way", persist_state="session"
        )
    for number, section in enumerate(own_data_sections(figures, model, head, way)):
        st.subheader(escape_markdown(section.title), anchor=False)
        # What is to be known beforehand begins with what matters most; the rest folds.
        shown = 2 if all(isinstance(part, Note) for part in section.parts) else None
        show_parts(section.parts[:shown], key=f"own_figures_{number}")
        if shown and (more := section.parts[shown:]):
            with st.expander(f"{len(more)} more limits"):
                show_parts(more, key=f"own_more_{number}")
    if figures.measured:
        with st.container(horizontal=True):
            page = partial(own_data_html, figures, model, head)
            download("Figures (HTML)", page, "figures.html", "text/html", "own")
            content = partial(own_data_json, figures)
            download("Figures (JSON)", content, "figures.json", "application/json", "own")


def show_teaching(own: OwnSet, entry: ModelEntry) -> None:
    """Show how to fine-tune a model on the labelled faces, and what became of it."""
    show_fine_tuning(partial(training_zip, own, entry, chosen_head()), own.expression_counts)


def show_downloads(own: OwnSet, entry: ModelEntry) -> None:
    """Offer the labels alone, and the labelled set."""
    head = chosen_head()
    with st.container(horizontal=True, vertical_alignment="center"):
        table, archive = (partial(make, own, entry, head) for make in (labels_csv, _make_zip))
        download("Labels (CSV)", table, "labels.csv", "text/csv", "own")
        download("Labelled set (ZIP)", archive, DATA_NAME, "application/zip", "own")
        st.toggle(
            "With the original photos",
            value=True,
            key=_ORIGINALS,
            persist_state="session",
            help="Without them, the ZIP holds the faces alone, cut out and straightened.",
        )
    st.caption(
        ":material/save: **Your labels go with this page.** Save them: labels.csv, dropped here "
        "with the same photos, goes on. `python -m training` reads the ZIP."
    )


def _make_zip(own: OwnSet, entry: ModelEntry, head: str) -> bytes:
    return set_zip(own, entry, head, originals=st.session_state.get(_ORIGINALS, True))
