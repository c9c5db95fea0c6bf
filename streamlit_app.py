"""Entry point of the app, ``streamlit run streamlit_app.py``: page config and navigation only."""

from __future__ import annotations

import streamlit as st

from app.common.page_layout import content
from app.common.paths import LOGO

PAGES = [
    st.Page("app/pages/photo.py", title="Photo", icon=":material/photo_camera:", default=True),
    st.Page("app/pages/live.py", title="Live", icon=":material/videocam:"),
    st.Page(
        "app/pages/dashboard.py",
        title="Model dashboard",
        icon=":material/monitoring:",
        url_path="dashboard",
    ),
    st.Page("app/pages/about.py", title="About", icon=":material/info:"),
]

st.logo(LOGO, size="large")
page = st.navigation(PAGES, position="top")
st.set_page_config(page_title=f"{page.title} · FER Lens", page_icon=str(LOGO), layout="wide")
with content():
    page.run()
