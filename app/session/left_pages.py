"""What a page still says when its visitor has gone on to the next one."""

from __future__ import annotations

from functools import wraps
from typing import Any

from streamlit.runtime.scriptrunner import ScriptRunner, get_script_run_ctx


def forget_left_pages(runner: type[ScriptRunner] = ScriptRunner) -> None:
    """Run no fragment of a page that its visitor has just left, for all visitors.

    A component that reports while the next page is being made asks for its fragment, on its own
    page. That waits until the next page has been made; the fragment is gone by then, but the
    browser is told that its page runs, and clears away the page that is shown.

    Seen in Streamlit 1.67.0. Without it, on a busy server, one in fifteen who left the Live page
    while their device analysed found the next page empty. It can go when Streamlit drops such a
    request, as it does if it comes a moment later. Where a newer version runs scripts in another
    way, nothing is changed.

    Args:
        runner: the class of Streamlit's script runners, which is changed in place, once.
    """
    run = getattr(runner, "_run_script", None)
    if run is None or hasattr(run, "__wrapped__"):
        return

    @wraps(run)
    def run_script(self: ScriptRunner, rerun_data: Any) -> None:
        if not _is_of_a_left_page(rerun_data):
            run(self, rerun_data)

    runner._run_script = run_script  # type: ignore[method-assign]


def _is_of_a_left_page(asked: Any) -> bool:
    """Return whether a run is of fragments of another page than that of the last run.

    Seen in Streamlit 1.67.0. Without it, `forget_left_pages` knows no page from another. It can go
    when `forget_left_pages` goes.
    """
    shown = getattr(get_script_run_ctx(suppress_warning=True), "page_script_hash", "")
    wanted = getattr(asked, "page_script_hash", "")
    fragments = getattr(asked, "fragment_id_queue", None)
    return bool(fragments and shown and wanted and shown != wanted)
