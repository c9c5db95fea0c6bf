"""The copy of the video component's page has the style, and all that the page needs."""

from pathlib import Path

import streamlit
import streamlit_webrtc

from app.live.streaming.component_style import styled_copy

FRONTEND = Path(streamlit_webrtc.__file__).parent / "frontend" / "dist"


def test_the_copy_is_the_package_s_page_with_a_style() -> None:
    (font,) = Path(streamlit.__file__).parent.glob("static/static/media/SourceSansVF-Upright*")
    copy = styled_copy(FRONTEND, font)
    before, after = ((f / "index.html").read_text(encoding="utf-8") for f in (FRONTEND, copy))
    start, style, end = after.partition(after[after.index("<style>") : after.index("</style>") + 8])
    assert start + end == before
    assert font.name in style
    assert "text-transform: none" in style
    files = {f.relative_to(FRONTEND) for f in FRONTEND.rglob("*")}
    assert {f.relative_to(copy) for f in copy.rglob("*")} == files
    assert styled_copy(FRONTEND, font) == copy, "made once"
