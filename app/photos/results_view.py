"""The results of photographs: few one below the other; of many a page, and one of them alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from app.core import text
from app.core.components import WholeNumber, ask_first, component_value, download, mount
from app.core.layout import CONTENT_WIDTH
from app.core.photo import Photo
from app.core.pictures import fitted
from app.core.stream_charts.drawing import strip_html
from app.core.uploaders import offer_to_continue, show_progress
from app.photos.photo_view import Cards, show_photo, show_table
from app.photos.pictures import PhotoView
from app.photos.results import (
    PER_PAGE,
    Filter,
    Order,
    counts,
    csv_of,
    facts,
    file_name,
    json_of,
    offered_answers,
    pages,
    pill,
    selected,
    summary,
    tile,
    zip_of,
)
from app.photos.session import COPY_SIDE, GallerySession
from fer.types import ISSUES

#: Key of the sentence that says the whole, which is smaller than other titles.
_SUMMARY = "photo_summary"
_FILTERS = "photo_filters"

#: On a phone, what can be chosen says by itself what it is for; its label is there to be read out.
_STYLE = f"""<style>
.st-key-{_SUMMARY} h1 {{font-size: 1.35rem; padding-block: 0.25rem 0.75rem}}
@media (max-width: 480px) {{
  .st-key-{_FILTERS}, .st-key-{_FILTERS} > div > [data-testid="stHorizontalBlock"] {{gap: 8px}}
  .st-key-{_FILTERS} [data-testid="stWidgetLabel"] {{
    position: absolute; height: 1px; clip-path: inset(50%); overflow: hidden;
  }}
}}
</style>"""

#: Pixels: longest side of a thumbnail, and width of the inside of a container with a border.
_THUMBNAIL_SIDE = 96
_BORDERED_WIDTH = CONTENT_WIDTH - 34

#: Pixels: width of the filters and of what stands beside them. On a phone, one follows the other.
_FILTERS_WIDTH, _ORDER_WIDTH = 890, 190
_ISSUES_WIDTH, _PAGES_WIDTH = 770, 310

#: Key of the container of one photo, which is scrolled to when it is opened.
_PHOTO = "photo_alone"

#: Query parameter of the page's address while a photo is open, and key in the session state of
#: whether one was when the page was made last.
_OPEN, _WAS_OPEN = "photo", "photo_was_open"

#: Keys that press buttons while a photo is open, with the keys of the buttons.
_BACK, _PREVIOUS, _NEXT = "photo_back", "photo_previous", "photo_next"
_KEYS = (("Escape", _BACK), ("ArrowLeft", _PREVIOUS), ("ArrowRight", _NEXT))

#: Returns a photograph as it is shown; all that are done, likewise.
View = Callable[[Photo], PhotoView]
Views = Callable[[], list[PhotoView]]


def show_few(session: GallerySession, view_of: View, cards: Cards) -> None:
    """Show few photographs, each as soon as it is read; clicks on the page change the session."""
    photos = session.all
    if len(photos) > 1:
        _show_list(session, photos, view_of, cards)
        return
    with st.spinner("Looking for faces …"):
        read = session.wait_for(photos[0].number)
    if read is None:
        st.rerun()
    view = view_of(read)
    if view.photo.error:
        _show_error(view)
        return
    _show_summary(summary([view.faces]))
    st.fragment(show_photo)(view, cards, session.faces)
    if session.is_sample:
        st.caption("A sample: the astronaut Eileen Collins, by NASA.")


def _show_list(
    session: GallerySession, photos: Sequence[Photo], view_of: View, cards: Cards
) -> None:
    top, done = st.empty(), list[PhotoView]()
    new = any(not photo.done or (not photo.error and session.lacks(photo)) for photo in photos)
    for photo in photos:
        if new:
            with top.container():
                name = text.escape_markdown(photo.name)
                line = f"Photo {len(done) + 1} of {len(photos)}: {name}"
                st.progress(len(done) / len(photos), line)
                if done:
                    st.markdown(summary([view.faces for view in done], len(done)))
        read = session.wait_for(photo.number)
        if read is None:
            st.rerun()
        done.append(view_of(read))
        # A click in a fragment updates only its row, but waits for the end of the analysis.
        row = _row if new else st.fragment(_row)
        row(session, done[-1], cards)
    with top.container():
        _show_counts(done)
    if any(len(view.faces) for view in done):
        show_table(done, "photo_table")
        _show_downloads(done, "photos")


def _row(session: GallerySession, view: PhotoView, cards: Cards) -> None:
    photo = view.photo
    if photo.number not in session:  # removed by a click in this row
        st.rerun()
    if photo.error:
        _show_error(view)
        offer_removal(session, photo)
        return
    is_open = photo.number in session.opened
    with st.container(border=True):
        with st.container(horizontal=True, wrap=False, gap="small"):
            with st.container(width=_THUMBNAIL_SIDE, horizontal_alignment="center"):
                width = fitted((photo.width, photo.height), _THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
                st.image(photo.thumbnail, width=width, alt=f"Thumbnail of {photo.name}")
            with st.container(gap="xxsmall"):
                st.markdown(f"**{text.escape_markdown(photo.name)}**")
                st.markdown(summary([view.faces]))
                with st.container(horizontal=True, gap="small"):
                    st.button(
                        "Close" if is_open else "Details",
                        type="tertiary",
                        icon=":material/expand_less:" if is_open else ":material/expand_more:",
                        key=f"photo_open_{photo.number}",
                        on_click=session.toggle,
                        args=(photo.number,),
                    )
                    offer_removal(session, photo)
        if is_open:
            show_photo(view, cards, session.faces, _BORDERED_WIDTH)


def _show_error(view: PhotoView) -> None:
    said = text.escape_markdown(f"{view.photo.name} {view.photo.error}")
    st.error(said, icon=":material/error:")


def _show_summary(said: str) -> None:
    st.html(_STYLE)
    with st.container(key=_SUMMARY):
        st.title(said, anchor=False)


def _show_counts(views: Sequence[PhotoView]) -> None:
    results = [view.faces for view in views if not view.photo.error]
    missing = Counter[str](view.photo.missing for view in views if view.photo.error)
    _show_summary(summary(results, len(results), missing))
    if answers := text.answer_counts(results):
        st.html(strip_html(answers, map(str, answers.values()), text.describe_mix(answers)))


def _show_downloads(views: Sequence[PhotoView], title: str) -> None:
    name = partial(file_name, title, views[0].head)
    with st.container(horizontal=True, vertical_alignment="center"):
        small = any(view.photo.picture for view in views)
        most = f", up to {COPY_SIDE} pixels large" if small else ""
        marked = f"The CSV, the JSON, and every photo with its faces marked{most}."
        for label, make, ending, mime, purpose in (
            ("Everything (ZIP)", zip_of, "zip", "application/zip", marked),
            ("CSV of all", csv_of, "csv", "text/csv", None),
            ("JSON of all", json_of, "json", "application/json", None),
        ):
            download(label, partial(make, views), name(ending), mime, "photos", purpose)


def offer_removal(session: GallerySession, photo: Photo | None = None) -> None:
    """Offer to remove one photo at once, or several after a question."""
    key = f"photo_remove_{photo.number if photo else 'all'}"
    if not photo and len(session) > 1:
        count = f"all {len(session):,} photos"
        warning = f"This deletes {count} and their results from the server."
        remove = f"Remove {count}"
        ask_first("Remove all", warning, remove, key, session.clear, icon=":material/delete:")
        return
    st.button(
        "Close the sample" if session.is_sample else "Remove",
        type="tertiary",
        icon=":material/close:" if session.is_sample else ":material/delete:",
        key=key,
        on_click=session.remove if photo else session.clear,
        args=(photo.number,) if photo else (),
    )


def show_growing(session: GallerySession, views: Views, alone: int | None) -> None:
    """Show how far the analysis is, and the results so far; rerun the page at its end.

    `alone` is the number of the photo that the page shows alone beside this, if any.
    """
    if not session.running or session.alone != alone:
        st.rerun()
    if show_progress(session) and alone is None and session.photos:
        _show_all(session, views)


def show_results(session: GallerySession, views: Views) -> None:
    """Show all of many photographs that were read."""
    offer_to_continue(session)
    st.fragment(_show_all)(session, views)
    items = views()
    if any(len(view.faces) for view in items):
        show_table(items, "photo_table")
    _show_downloads(items, session.title or "photos")


def _show_all(session: GallerySession, views: Views) -> None:
    if session.few or session.alone is not None:  # cleared, or a thumbnail was pressed
        st.rerun()
    items = views()
    if not items:
        return
    _show_counts(items)
    if session.title or session.system:
        known = [text.escape_markdown(session.title), facts(len(session), session.system)]
        st.caption(" · ".join(filter(None, known)))
    answers, issues = counts(items)
    key, chosen = _key(session, items), _choice(session, items)[0]
    filters = st.container(key=_FILTERS)
    with filters.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=_FILTERS_WIDTH):
            labels = items[0].spec.head(items[0].head).labels
            offered = offered_answers(answers.keys() | chosen.answers, labels)
            _offer_pills("Show photos with", offered, answers, f"{key}_answers")
        st.selectbox(
            "Order", list(Order), key=f"{key}_order", persist_state="session", width=_ORDER_WIDTH
        )
    below = filters.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    if offered := [issue for issue in ISSUES if issues[issue] or issue in chosen.issues]:
        with below.container(width=_ISSUES_WIDTH):
            _offer_pills("and with faces that are", offered, issues, f"{key}_issues")
    shown = selected(items, *_choice(session, items))
    if len(shown) < len(items):
        st.caption(f"{len(shown):,} of {len(items):,} files have that.")
    with below.container(width=_PAGES_WIDTH, horizontal_alignment="right"):
        page = _page(session, len(shown), items)
    tiles = [tile(item) for item in shown[(page - 1) * PER_PAGE : page * PER_PAGE]]

    def opened() -> None:
        number = component_value("photo_grid", "open", WholeNumber)
        if number is not None and number in session:
            session.show_alone(number)

    data = {"tiles": tiles, "closed": session.closed}
    mount("photos/grid", data, "photo_grid", on_open_change=opened)


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
    key, state = _key(session, items), st.session_state
    answers, issues = (
        frozenset(state.get(f"{key}_{what}") or ()) for what in ("answers", "issues")
    )
    return Filter(answers, issues), Order(state.get(f"{key}_order") or Order.SUREST)


def _page(session: GallerySession, count: int, items: Sequence[PhotoView]) -> int:
    session.look_at((items[0].head, *_choice(session, items)))
    key, number = f"photo_page_{session.serial}_{session.looks}", pages(count)
    if number < 2:
        return 1

    def turned() -> None:
        session.page = st.session_state[key]

    return st.pagination(number, default=min(session.page, number), key=key, on_change=turned)


def follow_address(session: GallerySession) -> None:
    """Close or open a photo as the browser's Back and Forward ask, and update the address.

    The address says that one of many photos is open, not which: the next photo is no step of Back.
    """
    in_address = _OPEN in st.query_params
    if in_address != st.session_state.get(_WAS_OPEN, in_address):
        session.show_alone(session.closed if in_address else None)
    is_open = session.alone in session and not session.few
    if is_open and not in_address:
        st.query_params[_OPEN] = "open"
    elif in_address and not is_open:
        del st.query_params[_OPEN]
    st.session_state[_WAS_OPEN] = is_open


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
        _ways(session, view.photo, [one.photo.number for one in shown if not one.photo.error])
        _show_summary(summary([view.faces]))
        show_photo(view, cards, session.faces)
    data = {"target": _PHOTO, "opened": view.photo.number}
    mount("core/scroll", data, "photo_alone_scroll")
    mount("core/keys", {"keys": _KEYS}, "photo_alone_keys")


def _ways(session: GallerySession, photo: Photo, shown: Sequence[int]) -> None:
    at = shown.index(photo.number) if photo.number in shown else None
    before = shown[at - 1] if at else None
    after = shown[at + 1] if at is not None and at + 1 < len(shown) else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "All photos",
            icon=":material/grid_view:",
            key=_BACK,
            on_click=session.show_alone,
            args=(None,),
        )
        for label, icon, key, number in (
            ("Previous", ":material/chevron_left:", _PREVIOUS, before),
            ("Next", ":material/chevron_right:", _NEXT, after),
        ):
            st.button(
                label,
                type="tertiary",
                icon=icon,
                key=key,
                disabled=number is None,
                on_click=session.show_alone,
                args=(number,),
            )
        offer_removal(session, photo)
        if at is not None:
            st.caption(f"{at + 1:,} of {len(shown):,}", width="content")
