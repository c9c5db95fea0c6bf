"""Housekeeping of a server, from its first visitor on."""

from __future__ import annotations

from streamlit import runtime

from app.background.giving_way import take_shorter_turns
from app.housekeeping.closed_tabs import forget_closed_tabs
from app.housekeeping.janitor import JANITOR
from app.housekeeping.process_memory import bound_allocator
from app.housekeeping.upload_memory import bound_uploads
from app.housekeeping.uploads import hold_uploads
from app.serving.end import end_in_time
from app.session.clicks import keep_clicks
from fer.images import MAX_BYTES


def keep_house() -> None:
    """Bound a server's memory, let its threads take turns, and start its janitor; once.

    From then on no click is lost over the next one, no page is emptied by the one before, no
    photograph arrives in a file, uploads have a budget, and the server ends when it is told to.

    A test of a page has no server: nothing may outlast it.
    """
    if JANITOR.running or not runtime.exists():
        return
    if type(runtime.get_instance()) is runtime.Runtime:
        bound_allocator()
        take_shorter_turns()
        keep_clicks()
        hold_uploads(MAX_BYTES)
        bound_uploads()
        end_in_time()
        JANITOR.add(forget_closed_tabs)
        JANITOR.start()
