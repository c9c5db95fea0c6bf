"""What whoever runs the server has set."""

from __future__ import annotations

import os
from collections.abc import Mapping

import streamlit as st


def server_settings() -> Mapping[str, str]:
    """Return the environment, and with it the secrets."""
    # Streamlit copies root-level secrets into the environment when it reads them.
    st.secrets.load_if_toml_exists()
    return dict(os.environ)
