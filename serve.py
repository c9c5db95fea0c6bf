"""Entry point of a server of one's own, ``streamlit run serve.py``: the app, and how it ends."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

from app.core.server.end import DrainMiddleware, lifespan, ready_route
from app.core.settings import DRAIN_SECONDS

st.secrets.load_if_toml_exists()  # into the environment
app = st.App(
    "streamlit_app.py",
    lifespan=lifespan(DRAIN_SECONDS.number()),
    routes=[ready_route()],
    middleware=[Middleware(DrainMiddleware)],
)
