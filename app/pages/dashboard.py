"""Dashboard page: everything that was measured about the models."""

from __future__ import annotations

from app.common.page_layout import header
from app.dashboard.page import show_dashboard


def main() -> None:
    """Run the page once."""
    header(
        "Model dashboard",
        "How good a model is, where it errs, and how it came to be. Every figure was measured "
        "when the model was made.",
    )
    show_dashboard()


main()
