"""Entry point of the app, ``streamlit run streamlit_app.py``: what holds for all pages."""

from __future__ import annotations

import streamlit as st

from app.core.layout import content, page_links
from app.core.models.running_model import keep_choice
from app.core.server.gate import let_in
from app.core.server.notice import show_notice, show_server_notice
from app.core.server.operator_view import password_of
from app.core.server.start import begin_server
from app.core.session.session_store import PARAMETER
from app.core.settings import LOGO
from app.core.state import address_is_unknown, keep_visitor

PHOTOS = st.Page(
    "app/pages/photos.py", title="Photos", icon=":material/photo_camera:", default=True
)
PAGES = [
    PHOTOS,
    st.Page("app/pages/video.py", title="Video", icon=":material/movie:"),
    st.Page("app/pages/live.py", title="Live", icon=":material/videocam:"),
    st.Page(
        "app/pages/own_data.py",
        title="Your data",
        icon=":material/fact_check:",
        url_path="own_data",
    ),
    st.Page(
        "app/pages/dashboard.py",
        title="Dashboard",
        icon=":material/monitoring:",
        url_path="dashboard",
    ),
    st.Page("app/pages/about.py", title="About", icon=":material/info:"),
]

#: The pages that read pictures, on which the operator's notice stands.
WITH_PICTURES = PAGES[:4]

#: Has no link, and is there only where a password is set.
OPERATOR = st.Page(
    "app/pages/operator.py",
    title="Operation",
    icon=":material/monitor_heart:",
    url_path="operator",
)


def _photos() -> None:
    st.switch_page(PHOTOS, query_params=st.query_params.to_dict())


#: Former addresses of the Photos page.
FORMER = [st.Page(_photos, title="Photos", url_path=path) for path in ("photo", "collection")]

begin_server()
# Before the navigation: until it knows the icon, the browser fetches that of the page from a font
# server.
st.set_page_config(page_icon=str(LOGO), layout="wide")
st.logo(LOGO, size="large")
# Streamlit's own navigation is a drawer on phones, which stays open over the page that was chosen.
operated = [OPERATOR] if password_of() else []
page = st.navigation([*PAGES, *FORMER, *operated], position="hidden")
st.set_page_config(page_title=f"{page.title} · FER Lens")
visitor = keep_visitor()
with content():
    with st.container(gap=None):  # a notice that is empty takes no room
        notice = st.container()
        page_links(PAGES, {PARAMETER: visitor.key})
    try:
        if page is OPERATOR or let_in():
            keep_choice()
            if page in WITH_PICTURES:
                show_notice()
            page.run()
    finally:
        with notice:
            show_server_notice(finds_nothing=page in WITH_PICTURES and address_is_unknown())
