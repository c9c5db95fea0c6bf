"""The visitor's faces on the page: how far the analysis is, labels to give, files to save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from app.core.components import download, mount, show_picker
from app.core.models.runnable import ModelEntry
from app.core.models.running_model import chosen_head
from app.core.photo import Missing
from app.core.report.view import show_parts
from app.core.text import counted, escape_markdown
from app.core.uploaders import show_progress, show_session_title
from app.own_data.downloads import labels_csv, set_zip
from app.own_data.figures import own_data_html, own_data_json, own_data_sections, own_ways
from app.own_data.fine_tuning.runner import DATA_NAME
from app.own_data.fine_tuning.view import show_fine_tuning
from app.own_data.labelling import carry_out, labeller_data
from app.own_data.measuring import LabelledAnswer, measure_own
from app.own_data.own_set import OwnSet
from app.own_data.session import OwnSession
from fer.model.spec import ModelSpec

_ORIGINALS, _CHECK, _STEP = "own_originals", "own_check", "own_step"

#: Seconds between two looks at an analysis that runs.
_POLL_SECONDS = 1.0

#: Files without faces of their own which are named at most.
_MOST_NAMED = 100


#: The steps of the page, by number.
STEPS = {
    1: ":material/keyboard: 1 Label",
    2: ":material/fact_check: 2 See",
    3: ":material/school: 3 Teach",
}

#: Faces that are labelled in a minute, as the sample of 21 is.
_FACES_A_MINUTE = 21


def show_steps(session: OwnSession) -> int:
    """Show the three steps, any of which can be chosen, and how long it takes; return which one."""
    show_picker(
        st.segmented_control,
        "Steps",
        list(STEPS),
        session.step,
        _STEP,
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
        minutes = counted(max(1, round(left / _FACES_A_MINUTE)), "minute")
        return f"{counted(left, 'face')} to label: about {minutes}." if left else "All have labels."
    if step == 2:
        return "How often it agrees with your labels. The figures are there at once."
    return "A copy of the model learns from your labels, in a few minutes."


def show_title(session: OwnSession, own: OwnSet) -> None:
    """Show what there is, and the way to delete it."""
    show_session_title(
        session, session.title, session.facts, "own", partial(_offer_clear, session, own)
    )
    if session.by_folder:
        st.markdown(_folder_labels(own))
    if session.unread and not session.running:
        faulty = any(one.missing is Missing.NOT_READ for one in session.unread)
        icon = ":material/error:" if faulty else ":material/info:"
        names = [
            f"- **{escape_markdown(one.name)}** {escape_markdown(one.error)}"
            for one in session.unread
        ]
        more = len(names) - _MOST_NAMED
        with st.expander(f"{session.missing_line}: why", icon=icon):
            st.markdown(
                "\n".join(names[:_MOST_NAMED] + ([f"- … and {more:,} more"] if more > 0 else []))
            )


def show_faces(session: OwnSession, own: OwnSet, entry: ModelEntry, *, labels: bool) -> None:
    """Show the progress of the analysis, and what there is to label if `labels` are to be given."""
    running = session.running
    if running or labels:
        poll = _POLL_SECONDS if running else None
        faces = st.fragment(_faces, run_every=poll)
        faces(session, own, entry, running=running, labels=labels)


def show_next(session: OwnSession, own: OwnSet, step: int) -> None:
    """Offer the step after one, as soon as there are labels for it."""
    if any(own.counts[name] for name in own.expressions) and not session.running:
        st.button(
            "See how good it is" if step == 1 else "Teach it",
            type="primary",
            icon=":material/arrow_forward:",
            key="own_next",
            on_click=setattr,
            args=(session, "chosen_step", step + 1),
        )


def show_downloads(session: OwnSession, own: OwnSet, entry: ModelEntry) -> None:
    """Offer the labels alone, and the labelled set."""
    head = chosen_head()
    with st.container(horizontal=True, vertical_alignment="center"):
        download(
            "Labels (CSV)", partial(labels_csv, own, entry, head), "labels.csv", "text/csv", "own"
        )
        download(
            "Labelled set (ZIP)",
            lambda: make_zip(own, entry, head),
            DATA_NAME,
            "application/zip",
            "own",
        )
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


def show_results(session: OwnSession, own: OwnSet, entries: Sequence[ModelEntry]) -> None:
    """Show how good the models are on the labelled faces; the chosen one comes first."""
    names = {entry.key: entry.name for entry in entries}
    if not (answers := own.answers(names)):
        st.info("The figures are here as soon as a face has a label.")
        return
    specs = {entry.name: entry.spec for entry in entries if entry.key in own.models}
    _show_figures(
        answers,
        specs or {entries[0].name: entries[0].spec},
        session.title,
        model=entries[0].name,
        head=chosen_head(),
    )


def show_teaching(own: OwnSet, entry: ModelEntry) -> None:
    """Show how to fine-tune a model on the labelled faces, and what became of it."""
    counts = {name: own.counts[name] for name in own.expressions if own.counts[name]}
    show_fine_tuning(partial(make_zip, own, entry, chosen_head()), counts)


def _show_figures(
    answers: Sequence[LabelledAnswer],
    specs: Mapping[str, ModelSpec],
    data: str,
    *,
    model: str,
    head: str,
) -> None:
    """Show how good a head is on labelled faces, with all models beside it, and files to save.

    Args:
        answers: the labelled faces, and photographs without one.
        specs: the models, by the names that the answers have.
        data: name of the data.
        model: name of the model that is shown first.
        head: name of its head.
    """
    figures = measure_own(answers, specs, data)
    offered = own_ways(figures, model, head)
    way = offered[0]
    if len(offered) > 1:
        way = st.segmented_control(
            "Answers", offered, default=way, required=True, key="own_way", persist_state="session"
        )
    for number, section in enumerate(own_data_sections(figures, model, head, way)):
        st.subheader(escape_markdown(section.title), anchor=False)
        show_parts(section.parts, key=f"own_figures_{number}")
    if figures.measured:
        with st.container(horizontal=True):
            page = partial(own_data_html, figures, model, head)
            download("Figures (HTML)", page, "figures.html", "text/html", "own")
            content = partial(own_data_json, figures)
            download("Figures (JSON)", content, "figures.json", "application/json", "own")


def make_zip(own: OwnSet, entry: ModelEntry, head: str) -> bytes:
    """Return the labelled set as a ZIP."""
    return set_zip(own, entry, head, originals=st.session_state.get(_ORIGINALS, True))


def _offer_clear(session: OwnSession, own: OwnSet) -> None:
    labels = len(own.labels)
    with st.popover("Clear", icon=":material/delete:", type="tertiary"):
        st.markdown(
            f"This deletes {counted(len(own.faces), 'face')} and {counted(labels, 'label')} from "
            "the server. Save the labels first if you want to go on with them."
        )
        st.button("Delete all", type="primary", key="own_clear", on_click=session.clear)


def _faces(
    session: OwnSession, own: OwnSet, entry: ModelEntry, *, running: bool, labels: bool
) -> None:
    if session.running != running or session.own is not own or session.settled:
        session.settled = False
        st.rerun()
    if running:
        show_progress(session, "set of photos")
    if not labels or not own.faces:
        if not running:
            st.info(
                "**No face was found in these photos**, so there is nothing to label. Good light, "
                "a frontal view and a short distance help.",
                icon=":material/face_retouching_off:",
            )
        return
    if _wants_labels(session, own):
        _show_labeller(session, own, entry)


def _folder_labels(own: OwnSet) -> str:
    misses = sum(bool(photo.label) and not photo.face_count for photo in own.photos.values())
    counts = {name: own.counts[name] for name in own.expressions if own.counts[name]}
    labels = ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
    missed = f" In {counted(misses, 'photo')} no face was found, which is a miss." if misses else ""
    return f":material/folder: **The labels are those of the folders:** {labels}.{missed}"


def _wants_labels(session: OwnSession, own: OwnSet) -> bool:
    """Return whether to show what labels faces; where folders did it, that can be chosen."""
    if not session.by_folder:
        return True
    if session.running:
        return False
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        check = st.toggle("Look through the labels", key=_CHECK, persist_state="session")
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
    told = st.session_state.get(key)
    report = told.changes if told and told.get("changes") else {}

    def carried_out() -> None:
        report = st.session_state[key].changes
        if report["set"] == session.token:
            session.done = carry_out(own, report["changes"], session.done)

    def settled() -> None:
        session.settled = True

    data = labeller_data(
        own,
        entry.key,
        entry.spec.head(chosen_head()),
        token=session.token,
        done=session.done,
        have=report.get("have", ()),
    )
    events = {"on_changes_change": carried_out, "on_settled_change": settled}
    mount("own_data/labeller", data, key, **events)
