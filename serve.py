"""Entry point of a server of one's own, ``streamlit run serve.py``: the app, and how it ends."""

from __future__ import annotations

from functools import partial

import streamlit as st
from starlette.middleware import Middleware

from app.core.server.end import DrainMiddleware, ending, ready_route
from app.core.settings import DRAIN_SECONDS

st.secrets.load_if_toml_exists()  # into the environment
app = st.App(
    "streamlit_app.py",
    lifespan=partial(ending, seconds=DRAIN_SECONDS.number()),
    routes=[ready_route()],
    middleware=[Middleware(DrainMiddleware)],
)
