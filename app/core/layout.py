"""Layout that all pages share: content width, headings, and the text colour of charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import streamlit as st

#: Maximum width of the content in pixels: three cards of `CARD_WIDTH`, the gaps between them, and
#: the border and padding (34) of the expander that may contain them. One card fills a phone.
CONTENT_WIDTH = 1112
CARD_WIDTH = 348


#: Text colour of charts in the light theme. Streamlit's grey has a contrast of only 3.6; this one
#: has 5.1, and 3.4 on the dark background. When the theme changes, a chart keeps its text colour
#: until the page reruns, and must stay readable until then.
_LIGHT_INK = "#6B6A75"


def chart_ink() -> str | None:
    """Return the colour for text in charts; None where Streamlit's default is readable."""
    return None if st.context.theme.type == "dark" else _LIGHT_INK


def content() -> AbstractContextManager[object]:
    """Return the container of a page: centred, at most `CONTENT_WIDTH` wide."""
    centred = st.container(horizontal_alignment="center")
    return centred.container(width=CONTENT_WIDTH)


_LINKS, _TITLE = "page_links", "title_line"

#: On a phone the links fit into a row without their icons, each large enough for a thumb. Streamlit
#: writes the selected option and the value of a slider in the primary colour, which is too dark for
#: text on the dark background.
_STYLE = f"""<style>
@media (max-width: 480px) {{
  .st-key-{_LINKS} {{ gap: 6px; }}
  .st-key-{_LINKS} a {{
    padding-inline: 4px; min-height: 44px; min-width: 40px; justify-content: center;
  }}
  .st-key-{_LINKS} a * {{ font-size: 12.8px; }}
  .st-key-{_LINKS} a > span:first-child {{ display: none; }}
  [data-testid=stButtonGroup] > div {{ row-gap: 8px; }}
}}
.st-key-{_LINKS} a:focus-visible {{
  outline: 2px solid currentColor; outline-offset: -2px; background: none;
}}
[role=radio], [data-testid=stSliderThumbValue] {{ color: inherit !important; }}
</style>"""


def page_links(pages: Sequence[st.Page], query_params: Mapping[str, str]) -> None:
    """Show a link to every page in a row, which fits on a phone.

    What a page put into its address itself, the browser's Back would find as a page of its own; so
    each link has the query parameters of all pages.
    """
    st.html(_STYLE)
    with st.container(horizontal=True, gap="xxsmall", key=_LINKS):
        for page in pages:
            st.page_link(page, width="content", query_params=dict(query_params))


def header(title: str, lead: str) -> None:
    """Show a page's title and the sentence below it."""
    st.title(title, anchor=False)
    st.markdown(lead)


def title_line(title: str, *, on_phone: str = "1.5rem") -> AbstractContextManager[object]:
    """Show a title in a line, and return the line, in which more may stand beside it.

    On a phone it has the size `on_phone`, in CSS, and choices are large enough for a thumb.
    """
    st.html(
        f"""<style>
.st-key-{_TITLE} h1 {{
  font-size: 1.5rem !important; padding: 0 !important; overflow-wrap: anywhere;
}}
@media (max-width: 640px) {{
  .st-key-{_TITLE} h1 {{ font-size: {on_phone} !important; }}
  [data-testid=stButtonGroup] button, [data-testid=stCheckbox] label {{ min-height: 40px; }}
}}
</style>"""
    )
    line = st.container(horizontal=True, vertical_alignment="center", key=_TITLE)
    line.title(title, anchor=False, width="stretch")
    return line


def show_features(features: Sequence[str]) -> None:
    """Show what a page can do, as long as there is nothing else: Markdown, side by side."""
    with st.container(horizontal=True):
        for text in features:
            with st.container(width=CARD_WIDTH):
                st.markdown(text)


def show_cards(cards: Sequence[tuple[str, str]]) -> None:
    """Show titles and the texts below them, in Markdown, two beside each other."""
    with st.container(horizontal=True, vertical_alignment="distribute"):
        for title, text in cards:
            with st.container(border=True, width=(CONTENT_WIDTH - 16) // 2):
                st.markdown(f"#### {title}", anchors=False)
                st.markdown(text)


def offer_sample(
    picture: Path,
    alt: str,
    title: str,
    text: str,
    label: str,
    key: str,
    on_click: Callable[[], None],
    *,
    widths: tuple[int, int] = (132, 560),
) -> None:
    """Offer a sample, with a picture of it, for a first result with one click.

    `widths` are those of the picture and of what stands beside it, in pixels.
    """
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
        st.image(str(picture), width=widths[0], alt=alt)
        with st.container(width=widths[1], gap="xsmall"):
            st.markdown(f"#### {title}", anchors=False)
            st.markdown(text)
            st.button(
                label,
                type="primary",
                icon=":material/play_arrow:",
                key=key,
                on_click=on_click,
            )


def show_full(what: str, has_room: Callable[[], bool]) -> None:
    """Say that there is no room for another of a noun, and rerun the page as soon as there is."""
    st.info(
        f"**This server has no room for another {what} at the moment.** The page opens by itself "
        "as soon as there is.",
        icon=":material/hourglass_top:",
    )
    rerun_when(has_room)


def rerun_when(ready: Callable[[], bool], seconds: float = 5.0) -> None:
    """Look every so many seconds whether something is ready, and rerun the page once it is."""

    def look() -> None:
        if ready():
            st.rerun()

    st.fragment(look, run_every=seconds)()
