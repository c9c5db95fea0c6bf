"""The copy of the video component's page has the style, and all that the page needs."""

import errno
import shutil
import tempfile
from pathlib import Path

import pytest
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


def test_where_the_disk_is_full_nothing_is_left_and_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(_: Path, copy: Path) -> None:
        copy.write_text("half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    font = tmp_path / "font.woff2"
    with monkeypatch.context() as full:
        full.setattr(shutil, "copy2", fill)
        with pytest.raises(OSError, match="No space") as refused:
            styled_copy(FRONTEND, font)
    assert refused.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []
    styled_copy.cache_clear()
    assert styled_copy(FRONTEND, font).is_dir()
    styled_copy.cache_clear()
