"""Dashboard page: everything that was measured about the models."""

from __future__ import annotations

from app.dashboard.view import show_dashboard
from app.frame import header


def main() -> None:
    """Run the page once."""
    header(
        "Model dashboard",
        "How good a model is, where it errs, and how it came to be. Every figure was measured "
        "when the model was made.",
    )
    show_dashboard()


main()
