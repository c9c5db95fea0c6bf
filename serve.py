"""Entry point of a server of one's own, ``streamlit run serve.py``: the app, and how it ends."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

from app.common.server import server_settings
from app.common.settings import whole_number
from app.serving.end import DRAIN_VARIABLE, DrainMiddleware, lifespan, ready_route

app = st.App(
    "streamlit_app.py",
    lifespan=lifespan(whole_number(server_settings(), DRAIN_VARIABLE)),
    routes=[ready_route()],
    middleware=[Middleware(DrainMiddleware)],
)
