"""What a page says at first sight, for tests that count its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest

#: Blocks whose contents are shut until somebody opens them.
_FOLDS = ("expander", "popover")


def unfolded(page: AppTest) -> str:
    """Return the texts of a page but those in folds: headings, texts, labels and tables."""
    return " ".join(_texts(page.main))


def _texts(node: Any) -> Iterator[str]:
    children = getattr(node, "children", None)
    if children is None:
        yield from _own_texts(node)
        return
    label = getattr(node, "label", "")
    if isinstance(label, str):
        yield label
    if node.type not in _FOLDS:
        for child in children.values():
            yield from _texts(child)


def _own_texts(element: Any) -> Iterator[str]:
    if isinstance(table := getattr(element, "value", None), pd.DataFrame):
        yield from map(str, (*table.columns, *table.to_numpy().ravel()))
        return
    for name in ("label", "value", "delta"):
        said = getattr(element, name, "")
        if isinstance(said, str):
            yield said
