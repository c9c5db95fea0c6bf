"""What it takes to put a component on a page."""

import subprocess
import sys

from tests.samples import ROOT

FIRST_PAGE = """
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file({entry!r}, default_timeout=60).run()
print(len(page.exception), len(page.get("bidi_component")) > 0, "pandas" in sys.modules)
"""


def test_the_first_page_is_shown_without_pandas() -> None:
    code = FIRST_PAGE.format(entry=str(ROOT / "streamlit_app.py"))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "True", "False"]
