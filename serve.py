"""Entry point of a server of one's own, ``streamlit run serve.py``: the app, and how it ends."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

from app.common.server import server_settings
from app.common.settings import DRAIN_SECONDS
from app.serving.end import DrainMiddleware, lifespan, ready_route

app = st.App(
    "streamlit_app.py",
    lifespan=lifespan(DRAIN_SECONDS.number(server_settings())),
    routes=[ready_route()],
    middleware=[Middleware(DrainMiddleware)],
)
