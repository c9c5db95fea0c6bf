"""How faces and labels reach the Your data page: files, a folder, or the sample."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from app.collection.inputs import Intake, has_room, show_uploaders
from app.collection.upload import Upload
from app.common.paths import ASSETS
from app.common.text import counted, escape_markdown
from app.own_data.state import answerers, expressions
from app.own_data.visit import OwnVisit

#: First word of the keys of all widgets.
KEY = "own"

#: Drawn faces without labels, from `python -m training demo-data`.
_SAMPLE = ASSETS / "drawn-faces.zip"


def show_notices(visit: OwnVisit) -> None:
    """Say what was not taken of the last files, and which labels wait for their photos."""
    for notice in visit.notices[:5]:
        st.warning(escape_markdown(notice), icon=":material/warning:")
    waiting = visit.own.waiting if visit.own else []
    if waiting and not visit.running:
        names = list(dict.fromkeys(row.photo for row in waiting))
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        st.info(
            f"**{counted(len(waiting), 'label')} without a photo so far:** "
            f"{escape_markdown(', '.join(names[:3]))}{more}. Drop the same photos to go on.",
            icon=":material/hourglass_top:",
        )


def show_inputs(visit: OwnVisit) -> None:
    """Show the uploaders, either of which begins an analysis at once."""
    if not visit.jobs.places or not visit.limits.photos:
        st.info("**Labelling is switched off** on this server.", icon=":material/info:")
        return
    if has_room(visit.room, "set of photos"):
        show_uploaders(
            Intake(
                KEY,
                "photos here, a ZIP, or a labels.csv of yours",
                visit.limits,
                partial(_take, visit),
                visit.refuse,
                visit.refuse_all,
                visit.tell,
                others=("csv",),
            )
        )


def offer_sample(visit: OwnVisit) -> None:
    """Offer the sample, for labels with one click."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
        st.image(str(ASSETS / "drawn-faces.jpg"), width=180, alt="Six of the drawn faces")
        with st.container(width=520, gap="xsmall"):
            st.markdown("#### No photos at hand?", anchors=False)
            st.markdown("Label 21 drawn faces, and see what comes of it. It takes a minute.")
            st.button(
                "Try it with drawn faces",
                type="primary",
                icon=":material/play_arrow:",
                key="own_try_sample",
                on_click=_take_sample,
                args=(visit,),
            )


def label_by_hand(visit: OwnVisit) -> None:
    """Forget what the folders say, and begin anew with the same photos."""
    visit.label_by_hand(answerers(), expressions())


def _take(visit: OwnVisit, uploads: Sequence[Upload]) -> bool:
    return visit.take(uploads, answerers(), expressions())


def _take_sample(visit: OwnVisit) -> None:
    _take(visit, [Upload("drawn faces.zip", _SAMPLE.read_bytes())])
