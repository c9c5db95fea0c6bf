"""Dashboard page: all measurements of the models."""

from __future__ import annotations

from app.core.layout import header
from app.dashboard.page import show_dashboard


def main() -> None:
    """Render the page."""
    header(
        "Model dashboard",
        "How often a model is right, which mistakes it makes, and how it was trained.",
    )
    show_dashboard()


main()
