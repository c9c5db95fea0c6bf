"""Photographs as the Photos page shows them, with the fake analyzer's answers."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import Any

from streamlit.testing.v1 import AppTest

from app.core.photo import Answerer, Photo, read_photo
from app.photos.pictures import Drawings, PhotoView
from app.photos.session import GallerySession
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from tests.app.samples import LABELS, SECOND, FakeAnalyzer, png
from tests.samples import FAKE_HEAD, fake_spec

#: A model with both heads, of which the second has a label of its own.
SPEC: ModelSpec = fake_spec(
    FAKE_HEAD, FAKE_HEAD.model_copy(update=SECOND | {"labels": (*LABELS, "contempt")})
)

MODEL = "model"


def answerer(analyzer: FakeAnalyzer | None = None, key: str = MODEL) -> Answerer:
    return Answerer(analyzer or FakeAnalyzer(SPEC), key)


def view_of(name: str, data: bytes, head: str = EXPRESSION_HEAD, **photo: object) -> PhotoView:
    """Return a photo that was read, without a copy or a thumbnail if none is given."""
    new = Photo(name, number=1, read=lambda: data)
    read = read_photo(new, data, [answerer()], lambda read, _: read, where="photo")
    drawings = defaultdict[int, Drawings](Drawings)
    shown = replace(read, **photo)  # type: ignore[arg-type]
    return PhotoView(shown, head, MODEL, SPEC, drawings.__getitem__)


def item(name: str, faces: int = 1, happy: int = 90, seed: int = 0, **options: str) -> PhotoView:
    return view_of(name, png(faces, happy, seed), **options)


def unread(name: str) -> PhotoView:
    view = view_of(name, b"")
    return replace(view, photo=Photo(name, "is damaged."))


def views(session: GallerySession, head: str = EXPRESSION_HEAD) -> list[PhotoView]:
    return session.views(head, MODEL, SPEC)


def pictures(page: AppTest) -> dict[str, str]:
    return {picture.alt: picture.url for e in page.image for picture in e.proto.imgs}


def pills(page: AppTest, key: str) -> Any:
    return next(g for g in page.get("button_group") if key in g.key)


def cards(page: AppTest) -> list[str]:
    """Return the answer on every card."""
    found = (re.fullmatch(r"#### .*[:}] (\w.*)", str(m.value)) for m in page.markdown)
    return [card[1] for card in found if card]


def session_of(page: AppTest) -> GallerySession:
    session: GallerySession = page.session_state["photos"]
    return session


def elsewhere_and_back(page: AppTest) -> AppTest:
    page.switch_page("app/pages/about.py").run()
    return page.switch_page("app/pages/photos.py").run()


def names(page: AppTest) -> list[str]:
    """Return the names of the photos in a list of several."""
    return [m.value for m in page.markdown if str(m.value).startswith("**") and "\\." in m.value]
