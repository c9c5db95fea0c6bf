"""The buttons of streamlit-webrtc in the type of the page. Does not use Streamlit.

The component is a page of its own, in a frame: it has the theme's colours and asks for its font,
but has no file of that font, and its library writes buttons in capitals.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from app.core.server.end import at_end

#: Name of Streamlit's own font, which is also the component's; see `theme` in its frontend.
_FAMILY = "Source Sans"

#: The radius is that of `.streamlit/config.toml`.
_STYLE = """<style>
@font-face {{ font-family: "{family}"; font-weight: 200 900; src: url("{font}") format("woff2"); }}
.MuiButton-root {{ text-transform: none !important; font-size: 1rem !important;
  font-weight: 400 !important; border-radius: 0.625rem !important; box-shadow: none !important; }}
</style>"""


@lru_cache(maxsize=1)
def styled_copy(frontend: Path, font: Path) -> Path:
    """Return a copy of a component's files whose page has the style; made once per process.

    Args:
        frontend: folder with ``index.html`` and what belongs to it.
        font: file that Streamlit serves from ``/static/media``.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    parent = Path(tempfile.mkdtemp(prefix="fer-lens-webrtc-"))
    try:
        copy = _copied(frontend, parent / "frontend", font)
    except OSError:
        shutil.rmtree(parent, ignore_errors=True)
        raise
    at_end(lambda: shutil.rmtree(parent, ignore_errors=True))
    return copy


def _copied(frontend: Path, copy: Path, font: Path) -> Path:
    # Not `shutil.copytree`: its error has no number, and a full disk could not be told from others.
    for source in [frontend, *sorted(frontend.rglob("*"))]:
        target = copy / source.relative_to(frontend)
        if source.is_dir():
            target.mkdir()
        else:
            shutil.copy2(source, target)
    page = copy / "index.html"
    # The component's page is at /component/<name>/index.html, also below a base path.
    style = _STYLE.format(family=_FAMILY, font=f"../../static/media/{font.name}")
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("</head>", f"{style}</head>", 1), encoding="utf-8")
    return copy
