"""The operator's page: a password, and behind it the limits, the model and the TURN server."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import os
from collections.abc import Callable, Mapping

import streamlit as st

from app.core.jobs import max_jobs
from app.core.layout import header
from app.core.priority import max_streams
from app.core.server.events import log_event
from app.core.server.gate import RateLimit
from app.core.server.metrics import ServerStats
from app.core.settings import MAX_STREAMS, OPERATOR_PASSWORD, SETTINGS, Kind

#: Least length of the password. With `ATTEMPTS` a minute, twelve random letters are not guessed.
MIN_LENGTH = 12

#: Passwords in a minute from one address: who guesses opens as many tabs as he likes, and must not
#: lock the operator out.
ATTEMPTS = 5

_INSIDE, _GIVEN, _WRONG = "operator_inside", "operator_password", "operator_wrong"


def password_of(settings: Mapping[str, str] = os.environ) -> str:
    """Return the password of the operator's page; empty if there is no page."""
    password = OPERATOR_PASSWORD.text(settings)
    return password if len(password) >= MIN_LENGTH else ""


def lets_in(given: str, password: str) -> bool:
    """Return whether the right password was given; nobody gets in if it is empty."""
    # Of the digests, so that the time tells neither the place of a wrong letter nor the length of
    # the right password.
    texts = (text.strip().encode(errors="replace") for text in (given, password))
    digests = (hashlib.sha256(text).digest() for text in texts)
    return hmac.compare_digest(*digests) and bool(password)


def network_of(address: str) -> str:
    """Return what one visitor has all addresses of: of version 6, 64 bits."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if known.version == 4 or known.ipv4_mapped is not None:
        return str(known)
    return str(ipaddress.ip_network((int(known) >> 64 << 64, 64)))


def show_operation(live_facts: Callable[[], list[tuple[str, str]]]) -> None:
    """Ask for the password; who has given it in this tab sees the limits, the model and TURN.

    `live_facts` returns what is said of the way of live video, with the name of each fact.
    """
    if not st.session_state.get(_INSIDE) or not password_of():
        _show_door()
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width="stretch"):
            header("Operation", "What holds on this server; its log and metrics say what it does.")
        st.button(
            "Sign out",
            icon=":material/logout:",
            key="operator_out",
            on_click=lambda: st.session_state.pop(_INSIDE, None),
        )
    with st.spinner("Asking the TURN server …"):  # before a visitor needs it
        live = [_row(what, value) for what, value in live_facts()]
    # Above the table, whose toolbar would cover the button.
    st.caption("Secrets are never shown. docs/settings.md says what happens at each limit.")
    st.dataframe(
        [*model_rows(), *live, *setting_rows()],
        hide_index=True,
        alt="Table of the model, the TURN server and all settings with the values in force",
    )


def _show_door() -> None:
    header("Operation", "This page is for whoever runs the server.")
    with st.container(width=420), st.form("operator_door", border=True):
        st.text_input("Password", type="password", key=_GIVEN, autocomplete="current-password")
        st.form_submit_button("Sign in", type="primary", icon=":material/login:", on_click=_try)
        if wait := math.ceil(_attempts().seconds_for(_network())):
            st.error(
                f"**Too many wrong passwords.** None is looked at for {wait} seconds.",
                icon=":material/lock_clock:",
            )
        elif st.session_state.get(_WRONG):
            st.error("**That is not the password.**", icon=":material/lock:")


def _try() -> None:
    given = st.session_state[_GIVEN]
    st.session_state[_GIVEN] = ""  # it need not stay in memory
    if not given:
        return
    right = bool(_attempts().take(_network())) and lets_in(given, password_of())
    st.session_state[_INSIDE], st.session_state[_WRONG] = right, not right
    if right:
        log_event("operator_signed_in")
    else:
        log_event("operator_refused", reason="password")


def _network() -> str:
    # Where a proxy's word is not believed, the address is that of the proxy.
    return network_of(st.context.ip_address or "")


@st.cache_resource(show_spinner=False)
def _attempts() -> RateLimit:
    return RateLimit(ATTEMPTS)


def model_rows() -> list[dict[str, str]]:
    """Return which version and model answer, with the whole hash of the model's file."""
    facts = ServerStats.model()
    ready = facts["sha256"]
    return [
        _row("FER Lens", facts["version"]),
        _row("Model", facts["model"] if ready else f"{facts['model']}: cannot answer"),
        _row("SHA-256 of its file", ready or "–"),
    ]


def setting_rows(settings: Mapping[str, str] = os.environ) -> list[dict[str, str]]:
    """Return all settings as they are in force; secrets say only whether they are set."""
    jobs = [one for one in SETTINGS.values() if one.name.endswith("_JOBS")]
    by_cores = {one.name: max_jobs(one, {}) for one in jobs} | {MAX_STREAMS.name: max_streams({})}
    rows = []
    for setting in SETTINGS.values():
        given = bool(settings.get(setting.name, "").strip())
        value = setting.text(settings) or str(by_cores.get(setting.name, ""))
        if setting.kind is Kind.SECRET:
            value = "set" if given else "not set"
        usual = "default" if value else "–"
        rows.append(_row(setting.name, value or "–", "set" if given else usual, setting.about))
    return rows


def _row(name: str, value: str, origin: str = "", about: str = "") -> dict[str, str]:
    return {"What": name, "Value": value, "From": origin, "Meaning": about}
