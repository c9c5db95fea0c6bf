"""A collection on the page: its upload, how far it is, what is in it, and one of its photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from app.core.components import mount
from app.core.models import running_model
from app.core.models.model_choice import choose_model, chosen_entry
from app.core.photo import Photo
from app.core.photo_session_view import show_progress
from app.core.settings import (
    MAX_COLLECTION_JOBS,
    MAX_COLLECTION_MB,
    MAX_COLLECTION_PHOTOS,
    MAX_COLLECTION_TOTAL_MB,
)
from app.core.state import budget, jobs, kept, upload_limits
from app.core.text import escape_markdown
from app.core.uploaders import has_room, show_uploaders
from app.core.uploads import Upload
from app.photos.cards import Cards
from app.photos.collection import CollectionSession
from app.photos.downloads import csv_of, file_name, json_of, zip_of
from app.photos.photo_view import download, show_photo
from app.photos.pictures import COPY_SIDE, PhotoView
from app.photos.results import show_counts, show_title
from app.photos.selection import (
    Filter,
    Order,
    counts,
    offered_answers,
    offered_flaws,
    page_of,
    pages,
    selected,
)
from app.photos.text import pill, tile
from fer.model.spec import ModelSpec

#: First word of the keys of the uploaders.
KEY = "collection"

#: Pixels: width of the filters and of what stands beside them. On a phone, one follows the other.
_FILTERS_WIDTH, _ORDER_WIDTH = 890, 190
_FLAWS_WIDTH, _PAGES_WIDTH = 770, 310

#: Key of the container of one photo, which is scrolled to when it is opened.
_PHOTO = "collection_photo"


def collection_session() -> CollectionSession:
    """Return the visitor's collection. A reload finds it by the key in the page's address."""
    return kept(
        "collection",
        lambda: CollectionSession(
            jobs(MAX_COLLECTION_JOBS),
            budget(MAX_COLLECTION_TOTAL_MB),
            upload_limits(MAX_COLLECTION_PHOTOS, MAX_COLLECTION_MB),
        ),
        CollectionSession.end,
        lambda session: len(session.sets),  # the budget bounds the rest
        ended=lambda session: session.ended,
    )


def show_inputs(session: CollectionSession) -> None:
    """Show the uploaders, either of which begins an analysis at once."""

    def take(uploads: Sequence[Upload]) -> bool:
        return session.take(uploads, running_model.photo_analyzer(), chosen_entry())

    for notice in session.notices:
        st.warning(escape_markdown(notice))
    if not session.jobs.places or not session.limits.photos:
        st.info(
            "**Collections are switched off.** This server analyses single photos.",
            icon=":material/info:",
        )
        return
    if has_room(session.budget, "collection"):
        show_uploaders(session, KEY, "a ZIP archive here, or photos", take)
        if session.collection is None:
            choose_model()


def show_growing(session: CollectionSession, head: str, opened: int | None) -> None:
    """Show how far the analysis is, and the results so far; rerun the page at its end.

    Args:
        session: the visitor's collection.
        head: name of the head that answers.
        opened: number of the photo that the page shows alone beside this, if any.
    """
    job, collection = session.job, session.collection
    if job is None or collection is None or not job.active or session.opened != opened:
        st.rerun()
    if show_progress(session, "collection") and opened is None and collection.photos:
        show_all(session, head)


def show_all(session: CollectionSession, head: str) -> None:
    """Show the summary, the filters, and a page of thumbnails."""
    if session.collection is None:
        return
    if session.opened is not None:  # a thumbnail was pressed
        st.rerun()
    items = session.photos
    show_counts(
        [photo.faces(head) for photo in items if not photo.error],
        Counter(photo.missing for photo in items if photo.error),
        "collection_mix",
    )
    answers, flaws = counts(items, head)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=_FILTERS_WIDTH):
            _offer_answers(session, answers, head)
        _offer_orders(session)
    below = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with below.container(width=_FLAWS_WIDTH):
        _offer_flaws(session, flaws, head)
    shown = _shown(session, head)
    if len(shown) < len(items):
        st.caption(f"{len(shown):,} of {len(items):,} files have that.")
    with below.container(width=_PAGES_WIDTH, horizontal_alignment="right"):
        page = _page(session, len(shown), head)
    _grid(session, page_of(shown, page), head)


def show_one(session: CollectionSession, head: str) -> None:
    """Show the photo that is opened, with a way back and to its neighbours."""
    item = next((one for one in session.photos if one.number == session.opened), None)
    if item is None or item.error:
        session.open(None)
        st.rerun()
    with st.container(key=_PHOTO):
        _ways(session, item, [one for one in _shown(session, head) if not one.error])
        view = PhotoView(replace(item, key=session.key_of(item)), head, session.spec)
        show_title(view)
        cards = Cards(running_model.matching_track_record(head, session.model), None)
        show_photo(view, cards, session.faces)
    data = {"target": _PHOTO, "additions": view.photo.key, "always": True}
    mount("core/scroll", data, "collection_scroll")


def show_downloads(session: CollectionSession, head: str) -> None:
    """Offer all results: as one archive, or the tables alone."""
    items, spec = session.photos, _spec(session)
    if session.collection is None or not items:
        return
    name = partial(file_name, session.collection.title, head)
    archive, table = partial(zip_of, items, head, spec), partial(csv_of, items, head, spec)
    record = partial(json_of, items, head, spec)
    with st.container(horizontal=True, vertical_alignment="center"):
        download("Everything (ZIP)", archive, name("zip"), "application/zip", "collection")
        download("CSV", table, name("csv"), "text/csv", "collection")
        download("JSON", record, name("json"), "application/json", "collection")
        st.caption(
            f"The ZIP holds the CSV, the JSON, and every photo with its faces marked, up to "
            f"{COPY_SIDE} pixels large.",
            width="stretch",
        )


def _offer_answers(session: CollectionSession, answers: Counter[str], head: str) -> None:
    st.pills(
        "Show photos with",
        offered_answers(answers, _spec(session).head(head).labels),
        selection_mode="multi",
        format_func=lambda answer: pill(answer, answers),
        key=_key(session, f"answers_{head}"),
        persist_state="session",
        wrap=True,
    )


def _offer_flaws(session: CollectionSession, flaws: Counter[str], head: str) -> None:
    if offered := offered_flaws(flaws):
        st.pills(
            "and with faces that are",
            offered,
            selection_mode="multi",
            format_func=lambda flaw: pill(flaw, flaws),
            key=_key(session, f"flaws_{head}"),
            persist_state="session",
            wrap=True,
        )


def _offer_orders(session: CollectionSession) -> None:
    st.selectbox(
        "Order",
        list(Order),
        key=_key(session, "order"),
        persist_state="session",
        width=_ORDER_WIDTH,
    )


def _choice(session: CollectionSession, head: str) -> tuple[Filter, Order]:
    """Return what the visitor wants to see, and in which order."""
    chosen = Filter.of(
        st.session_state.get(_key(session, f"answers_{head}")),
        st.session_state.get(_key(session, f"flaws_{head}")),
    )
    return chosen, Order(st.session_state.get(_key(session, "order")) or Order.SUREST)


def _shown(session: CollectionSession, head: str) -> list[Photo]:
    return selected(session.photos, head, *_choice(session, head))


def _page(session: CollectionSession, count: int, head: str) -> int:
    """Show the numbers of the pages, if there are several; return the one that is chosen."""
    session.look_at((head, *_choice(session, head)))
    key, number = _key(session, f"page_{session.looks}"), pages(count)
    if number < 2:
        return 1

    def turned() -> None:
        session.page = st.session_state[key]

    return st.pagination(number, default=min(session.page, number), key=key, on_change=turned)


def _grid(session: CollectionSession, items: Sequence[Photo], head: str) -> None:
    key = "collection_grid"

    def opened() -> None:
        session.open(int(st.session_state[key].open))

    data = {"tiles": [tile(item, head) for item in items], "closed": session.closed}
    mount("photos/grid", data, key, on_open_change=opened)


def _ways(session: CollectionSession, item: Photo, shown: Sequence[Photo]) -> None:
    numbers = [one.number for one in shown]
    at = numbers.index(item.number) if item.number in numbers else None
    before = numbers[at - 1] if at else None
    after = numbers[at + 1] if at is not None and at + 1 < len(numbers) else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "All photos",
            icon=":material/grid_view:",
            key="collection_back",
            on_click=session.open,
            args=(None,),
        )
        for label, icon, number in (
            ("Previous", ":material/chevron_left:", before),
            ("Next", ":material/chevron_right:", after),
        ):
            st.button(
                label,
                type="tertiary",
                icon=icon,
                key=f"collection_{label}",
                disabled=number is None,
                on_click=session.open,
                args=(number,),
            )
        if at is not None:
            st.caption(f"{at + 1:,} of {len(numbers):,}", width="content")


def _spec(session: CollectionSession) -> ModelSpec:
    """Return what describes the model that answered."""
    return session.spec or running_model.model_spec()


def _key(session: CollectionSession, name: str) -> str:
    return f"collection_{session.number}_{name}"
