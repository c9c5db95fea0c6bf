"""A collection on the page: how far it is, what is in it, and one of its photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import streamlit as st

from app.background.jobs import State
from app.collection.downloads import csv_of, json_of, zip_of
from app.collection.item import PICTURE_SIDE, Item
from app.collection.selection import (
    Filter,
    Order,
    counts,
    offered_answers,
    offered_flaws,
    page_of,
    pages,
    selected,
)
from app.collection.text import pill, progress_line, tile
from app.collection.visit import CollectionVisit
from app.common import running_model
from app.common.components import mount
from app.common.text import escape_markdown, waiting_line
from app.photo.cards import Cards
from app.photo.downloads import file_name
from app.photo.photo_view import download, show_mix, show_photo
from app.photo.summary import answers_legend, answers_line, crowd_note
from fer.model.spec import ModelSpec

#: Pixels: width of the filters and of what stands beside them. On a phone, one follows the other.
_FILTERS_WIDTH, _ORDER_WIDTH = 890, 190
_FLAWS_WIDTH, _PAGES_WIDTH = 770, 310

#: Key of the container of one photo, which is scrolled to when it is opened.
_PHOTO = "collection_photo"


def show_growing(visit: CollectionVisit, head: str, opened: int | None) -> None:
    """Show how far the analysis is, and the results so far; rerun the page at its end.

    Args:
        visit: the visitor's collection.
        head: name of the head that answers.
        opened: number of the photo that the page shows alone beside this, if any.
    """
    job, collection = visit.job, visit.collection
    if job is None or collection is None or not job.active or visit.opened != opened:
        st.rerun()
    if job.state is State.WAITING:
        line = waiting_line(visit.jobs.ahead_of(job), visit.jobs.places, "collection")
        st.info(line, icon=":material/hourglass_top:")
        return
    done = len(collection.items)
    st.progress(done / max(1, len(collection)), progress_line(collection))
    if opened is None and done:
        show_all(visit, head)


def show_all(visit: CollectionVisit, head: str) -> None:
    """Show the summary, the filters, and a page of thumbnails."""
    if visit.collection is None:
        return
    if visit.opened is not None:  # a thumbnail was pressed
        st.rerun()
    items = visit.collection.items
    _summary(items, head)
    answers, flaws = counts(items, head)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=_FILTERS_WIDTH):
            _offer_answers(visit, answers, head)
        _offer_orders(visit)
    below = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with below.container(width=_FLAWS_WIDTH):
        _offer_flaws(visit, flaws, head)
    shown = _shown(visit, head)
    if len(shown) < len(items):
        st.caption(f"{len(shown):,} of {len(items):,} files have that.")
    with below.container(width=_PAGES_WIDTH, horizontal_alignment="right"):
        page = _page(visit, len(shown), head)
    _grid(visit, page_of(shown, page), head)


def show_one(visit: CollectionVisit, head: str) -> None:
    """Show the photo that is opened, with a way back and to its neighbours."""
    item = next((one for one in _items(visit) if one.number == visit.opened), None)
    if item is None or item.error:
        visit.open(None)
        st.rerun()
    with st.container(key=_PHOTO):
        _ways(visit, item, [one for one in _shown(visit, head) if not one.error])
        with st.container(gap="xxsmall"):
            st.subheader(escape_markdown(item.name), anchor=False)
            faces = item.faces[head]
            st.markdown(answers_line([faces]))
            if note := crowd_note(faces):
                st.caption(f":material/groups: {note}")
            st.caption(f"{item.width} × {item.height} pixels")
        cards = Cards(running_model.matching_track_record(head, visit.model), None)
        show_photo(item.analysed(head, visit.key_of(item), visit.spec), cards, visit.faces)
    key = f"{visit.key_of(item)}"
    mount(
        "common/scroll", {"target": _PHOTO, "additions": key, "always": True}, "collection_scroll"
    )


def show_downloads(visit: CollectionVisit, head: str) -> None:
    """Offer all results: as one archive, or the tables alone."""
    items, spec = _items(visit), _spec(visit)
    if visit.collection is None or not items:
        return
    name = partial(file_name, visit.collection.title, head)
    archive, table = partial(zip_of, items, head, spec), partial(csv_of, items, head, spec)
    record = partial(json_of, items, head, spec)
    with st.container(horizontal=True, vertical_alignment="center"):
        download("Everything (ZIP)", archive, name("zip"), "application/zip", "collection")
        download("CSV", table, name("csv"), "text/csv", "collection")
        download("JSON", record, name("json"), "application/json", "collection")
        st.caption(
            f"The ZIP holds the CSV, the JSON, and every photo with its faces marked, up to "
            f"{PICTURE_SIDE} pixels large.",
            width="stretch",
        )


def _summary(items: Sequence[Item], head: str) -> None:
    read = [item for item in items if not item.error]
    faces = [item.faces[head] for item in read]
    with st.container(horizontal=True, vertical_alignment="distribute"):
        st.metric("Photos", len(read), border=True, width=120)
        st.metric("Faces", sum(map(len, faces)), border=True, width=120)
        for missing, count in Counter(item.missing for item in items if item.error).items():
            st.metric(missing.capitalize(), count, border=True, width=120)
        if any(map(len, faces)):
            with st.container(border=True, width="stretch", gap="xxsmall"):
                st.caption("Faces by answer")
                show_mix(faces, key="collection_mix")
                st.markdown(answers_legend(faces))


def _offer_answers(visit: CollectionVisit, answers: Counter[str], head: str) -> None:
    st.pills(
        "Show photos with",
        offered_answers(answers, _spec(visit).head(head).labels),
        selection_mode="multi",
        format_func=lambda answer: pill(answer, answers),
        key=_key(visit, f"answers_{head}"),
        persist_state="session",
        wrap=True,
    )


def _offer_flaws(visit: CollectionVisit, flaws: Counter[str], head: str) -> None:
    if offered := offered_flaws(flaws):
        st.pills(
            "and with faces that are",
            offered,
            selection_mode="multi",
            format_func=lambda flaw: pill(flaw, flaws),
            key=_key(visit, f"flaws_{head}"),
            persist_state="session",
            wrap=True,
        )


def _offer_orders(visit: CollectionVisit) -> None:
    st.selectbox(
        "Order", list(Order), key=_key(visit, "order"), persist_state="session", width=_ORDER_WIDTH
    )


def _choice(visit: CollectionVisit, head: str) -> tuple[Filter, Order]:
    """Return what the visitor wants to see, and in which order."""
    chosen = Filter.of(
        st.session_state.get(_key(visit, f"answers_{head}")),
        st.session_state.get(_key(visit, f"flaws_{head}")),
    )
    return chosen, Order(st.session_state.get(_key(visit, "order")) or Order.SUREST)


def _shown(visit: CollectionVisit, head: str) -> list[Item]:
    return selected(_items(visit), head, *_choice(visit, head))


def _page(visit: CollectionVisit, count: int, head: str) -> int:
    """Show the numbers of the pages, if there are several; return the one that is chosen."""
    visit.look_at((head, *_choice(visit, head)))
    key, number = _key(visit, f"page_{visit.looks}"), pages(count)
    if number < 2:
        return 1

    def turned() -> None:
        visit.page = st.session_state[key]

    return st.pagination(number, default=min(visit.page, number), key=key, on_change=turned)


def _grid(visit: CollectionVisit, items: Sequence[Item], head: str) -> None:
    key = "collection_grid"

    def opened() -> None:
        visit.open(int(st.session_state[key].open))

    data = {"tiles": [tile(item, head) for item in items], "closed": visit.closed}
    mount("collection/grid", data, key, on_open_change=opened)


def _ways(visit: CollectionVisit, item: Item, shown: Sequence[Item]) -> None:
    numbers = [one.number for one in shown]
    at = numbers.index(item.number) if item.number in numbers else None
    before = numbers[at - 1] if at else None
    after = numbers[at + 1] if at is not None and at + 1 < len(numbers) else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "All photos",
            icon=":material/grid_view:",
            key="collection_back",
            on_click=visit.open,
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
                on_click=visit.open,
                args=(number,),
            )
        if at is not None:
            st.caption(f"{at + 1:,} of {len(numbers):,}", width="content")


def _items(visit: CollectionVisit) -> tuple[Item, ...]:
    return visit.collection.items if visit.collection else ()


def _spec(visit: CollectionVisit) -> ModelSpec:
    """Return what describes the model that answered."""
    return visit.spec or running_model.model_spec()


def _key(visit: CollectionVisit, name: str) -> str:
    return f"collection_{visit.number}_{name}"
