"""Your data page: label faces of your own, and see how the model does on them."""

from __future__ import annotations

from app.common.page_layout import header


def main() -> None:
    """Render the page."""
    header(
        "Measure it on your own faces",
        "Label the faces in your photos, and see how often the model is right about them.",
    )


main()
