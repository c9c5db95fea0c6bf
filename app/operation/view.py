"""The operator's page: a door with a password, and behind it what the server does."""

from __future__ import annotations

import math

import streamlit as st

from app.common.page_layout import header
from app.common.server import server_settings
from app.common.text import escape_markdown
from app.live.state import connection_help
from app.live.streaming.relay import RelayCheck, RelayState
from app.operation import text
from app.operation.events import log_event
from app.operation.figures import Count, Figures
from app.operation.password import PasswordDoor, password_of
from app.operation.server import figures_now

#: Seconds between two updates.
_POLL_SECONDS = 2.0

_INSIDE, _GIVEN, _WRONG = "operator_inside", "operator_password", "operator_wrong"


def signed_in() -> bool:
    """Return whether the right password was given in this tab."""
    return bool(st.session_state.get(_INSIDE)) and bool(password_of(server_settings()))


def show_door() -> None:
    """Ask for the password."""
    header("Operation", "This page is for whoever runs the server.")
    with st.container(width=420), st.form("operator_door", border=True):
        st.text_input("Password", type="password", key=_GIVEN, autocomplete="current-password")
        st.form_submit_button("Sign in", type="primary", icon=":material/login:", on_click=_try)
        if wait := math.ceil(_doorkeeper().closed_seconds(_address())):
            st.error(
                f"**Too many wrong passwords.** None is looked at for {wait} seconds.",
                icon=":material/lock_clock:",
            )
        elif st.session_state.get(_WRONG):
            st.error("**That is not the password.**", icon=":material/lock:")


def show_operation() -> None:
    """Show what the server does, again and again."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width="stretch"):
            header("Operation", f"What this server does, every {_POLL_SECONDS:.0f} seconds.")
        st.button("Sign out", icon=":material/logout:", key="operator_out", on_click=_sign_out)
    with st.spinner("Asking the TURN server …"):  # before a visitor needs it
        relay = _relay_check().state(connection_help())
    st.fragment(_show_figures, run_every=_POLL_SECONDS)(relay)
    st.subheader("Settings", anchor=False)
    st.dataframe(
        text.setting_rows(server_settings()),
        hide_index=True,
        alt="Table of all settings with the values in force",
    )
    st.caption("Secrets are never shown. docs/hosting.md says what happens at each limit.")


def _try() -> None:
    given = st.session_state[_GIVEN]
    st.session_state[_GIVEN] = ""  # it need not stay in memory
    if not given:
        return
    right = _doorkeeper().lets_in(given, password_of(server_settings()), _address())
    st.session_state[_INSIDE], st.session_state[_WRONG] = right, not right
    if right:
        log_event("operator_signed_in")
    else:
        log_event("operator_refused", reason="password")


def _address() -> str:
    """Return the address of who has the page open; that of a proxy whose word is not believed."""
    return st.context.ip_address or ""


def _sign_out() -> None:
    st.session_state.pop(_INSIDE, None)


@st.cache_resource(show_spinner=False)
def _doorkeeper() -> PasswordDoor:
    return PasswordDoor()


@st.cache_resource(show_spinner=False)
def _relay_check() -> RelayCheck:
    return RelayCheck()


def _show_figures(relay: RelayState | None) -> None:
    now = figures_now()
    _metrics(now)
    with st.container(horizontal=True, vertical_alignment="distribute"):
        for title, lines in (
            (":material/dns: This server", text.about_server(now)),
            (":material/cell_tower: Live video", text.about_relay(now, relay)),
        ):
            with st.container(border=True, width=548):
                st.markdown(f"#### {title}", anchors=False)
                st.markdown("\n".join(f"- {name}: {_value(value)}" for name, value in lines))
    with st.container(horizontal=True, vertical_alignment="distribute"):
        _counts(
            ":material/error: Faults", now.faults, "**Nothing has gone wrong** since the start."
        )
        _counts(
            ":material/block: Refused", now.refusals, "**Nothing was refused** since the start."
        )


def _metrics(now: Figures) -> None:
    with st.container(horizontal=True, gap="small"):
        st.metric("Open tabs", now.tabs, border=True, width="stretch")
        st.metric("Streams", text.streams(now), border=True, width="stretch")
        st.metric(
            "Analyses",
            f"{now.analyses:.1f}/s",
            border=True,
            width="stretch",
            help="Frames of live streams, here and on visitors' devices: the mean of ten seconds.",
        )
        st.metric("Photos answered", f"{now.photos:,}", border=True, width="stretch")
        st.metric("Memory", text.megabytes(now.memory), border=True, width="stretch")


def _counts(title: str, counts: tuple[Count, ...], nothing: str) -> None:
    with st.container(border=True, width=548):
        st.markdown(f"#### {title}", anchors=False)
        if counts:
            st.dataframe(text.count_rows(counts), hide_index=True, alt=f"Table: {title}")
        else:
            st.markdown(f":material/check_circle: {nothing}")


def _value(value: str) -> str:
    """Return a value in Markdown; a hash as code, which breaks anywhere on a phone."""
    return f"`{value}`" if len(value) == 64 else f"**{escape_markdown(value)}**"
