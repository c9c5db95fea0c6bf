"""Many photographs on the page: how far it is, what is in them, and one of them alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st

from app.core import text
from app.core.components import mount
from app.core.uploaders import show_progress
from app.photos.cards import Cards
from app.photos.list_view import (
    offer_removal,
    show_counts,
    show_downloads,
    show_summary,
)
from app.photos.photo_view import show_photo, show_table
from app.photos.pictures import PhotoView
from app.photos.selection import PER_PAGE, Filter, Order, counts, offered_answers, pages, selected
from app.photos.session import GallerySession
from app.photos.text import facts, pill, summary, tile
from fer.types import FLAWS

#: Pixels: width of the filters and of what stands beside them. On a phone, one follows the other.
_FILTERS_WIDTH, _ORDER_WIDTH = 890, 190
_FLAWS_WIDTH, _PAGES_WIDTH = 770, 310

#: Key of the container of one photo, which is scrolled to when it is opened.
_PHOTO = "photo_alone"

#: Returns all photographs that are done, as they are shown.
Views = Callable[[], list[PhotoView]]


def show_growing(session: GallerySession, views: Views, alone: int | None) -> None:
    """Show how far the analysis is, and the results so far; rerun the page at its end.

    Args:
        session: the visitor's photographs.
        views: see `Views`.
        alone: number of the photo that the page shows alone beside this, if any.
    """
    if not session.running or session.alone != alone:
        st.rerun()
    if show_progress(session, "set of photos") and alone is None and session.photos:
        show_all(session, views)


def show_all(session: GallerySession, views: Views) -> None:
    """Show the summary, the filters, and a page of thumbnails."""
    if session.few or session.alone is not None:  # cleared, or a thumbnail was pressed
        st.rerun()
    items = views()
    if not items:
        return
    show_counts(items, "photos_mix")
    if session.title or session.system:
        known = [text.escape_markdown(session.title), facts(len(session), session.system)]
        st.caption(" · ".join(filter(None, known)))
    answers, flaws = counts(items)
    key, chosen = _key(session, items), _choice(session, items)[0]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=_FILTERS_WIDTH):
            there = {one for one, count in answers.items() if count} | chosen.answers
            offered = offered_answers(there, items[0].spec.head(items[0].head).labels)
            _offer_pills("Show photos with", offered, answers, f"{key}_answers")
        st.selectbox(
            "Order", list(Order), key=f"{key}_order", persist_state="session", width=_ORDER_WIDTH
        )
    below = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    if offered := [flaw for flaw in FLAWS if flaws[flaw] or flaw in chosen.flaws]:
        with below.container(width=_FLAWS_WIDTH):
            _offer_pills("and with faces that are", offered, flaws, f"{key}_flaws")
    shown = selected(items, *_choice(session, items))
    if len(shown) < len(items):
        st.caption(f"{len(shown):,} of {len(items):,} files have that.")
    with below.container(width=_PAGES_WIDTH, horizontal_alignment="right"):
        page = _page(session, len(shown), items)
    _grid(session, shown[(page - 1) * PER_PAGE : page * PER_PAGE])


def show_results(session: GallerySession, views: Views) -> None:
    """Show all of many photographs that were read."""
    if session.cancelled:
        st.info("**Cancelled.** What was read until then is below.", icon=":material/info:")
    st.fragment(show_all)(session, views)
    items = views()
    if any(len(view.faces) for view in items):
        show_table(items, "photo_table")
    show_downloads(items, session.title or "photos")


def show_alone(session: GallerySession, views: Views, cards: Cards) -> None:
    """Show the photo that is opened, with a way back and to its neighbours."""
    if session.alone is None:  # the way back was chosen
        st.rerun()
    items = views()
    view = next((one for one in items if one.photo.number == session.alone), None)
    if view is None or view.photo.error:
        session.show_alone(None)
        st.rerun()
    with st.container(key=_PHOTO):
        shown = selected(items, *_choice(session, items))
        _ways(session, view, [one for one in shown if not one.photo.error])
        show_summary(summary([view.faces]))
        show_photo(view, cards, session.faces)
    data = {"target": _PHOTO, "opened": view.photo.number}
    mount("core/scroll", data, "photo_alone_scroll")


def _offer_pills(label: str, offered: Sequence[str], found: Counter[str], key: str) -> None:
    st.pills(
        label,
        offered,
        selection_mode="multi",
        format_func=lambda one: pill(one, found),
        key=key,
        persist_state="session",
        wrap=True,
    )


def _key(session: GallerySession, items: Sequence[PhotoView]) -> str:
    """Return what the keys of the choices begin with; each head has its own."""
    return f"photo_{session.serial}_{items[0].head}"


def _choice(session: GallerySession, items: Sequence[PhotoView]) -> tuple[Filter, Order]:
    """Return what the visitor wants to see, and in which order."""
    key, state = _key(session, items), st.session_state
    answers, flaws = (frozenset(state.get(f"{key}_{what}") or ()) for what in ("answers", "flaws"))
    return Filter(answers, flaws), Order(state.get(f"{key}_order") or Order.SUREST)


def _page(session: GallerySession, count: int, items: Sequence[PhotoView]) -> int:
    """Show the numbers of the pages, if there are several; return the one that is chosen."""
    session.look_at((items[0].head, *_choice(session, items)))
    key, number = f"photo_page_{session.serial}_{session.looks}", pages(count)
    if number < 2:
        return 1

    def turned() -> None:
        session.page = st.session_state[key]

    return st.pagination(number, default=min(session.page, number), key=key, on_change=turned)


def _grid(session: GallerySession, items: Sequence[PhotoView]) -> None:
    key = "photo_grid"

    def opened() -> None:
        session.show_alone(int(st.session_state[key].open))

    data = {"tiles": [tile(item) for item in items], "closed": session.closed}
    mount("photos/grid", data, key, on_open_change=opened)


def _ways(session: GallerySession, view: PhotoView, shown: Sequence[PhotoView]) -> None:
    numbers = [one.photo.number for one in shown]
    at = numbers.index(view.photo.number) if view.photo.number in numbers else None
    before = numbers[at - 1] if at else None
    after = numbers[at + 1] if at is not None and at + 1 < len(numbers) else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "All photos",
            icon=":material/grid_view:",
            key="photo_back",
            on_click=session.show_alone,
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
                key=f"photo_{label}",
                disabled=number is None,
                on_click=session.show_alone,
                args=(number,),
            )
        offer_removal(session, view.photo)
        if at is not None:
            st.caption(f"{at + 1:,} of {len(numbers):,}", width="content")
