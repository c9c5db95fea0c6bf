"""Photographs of a visitor, with the fake analyzer's answers."""

from __future__ import annotations

import io
import zipfile

from PIL import Image as PillowImage

from app.core.photo import Answerer, Photo
from app.core.uploads import Upload
from app.own_data.own_set import OwnSet
from app.own_data.reading import OwnFace, read_own
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import Head
from tests.app.samples import LABELS, THRESHOLDS, FakeAnalyzer, png
from tests.samples import ALWAYS_ANSWERS, fake_spec

#: What labels may be: what the fake model tells apart, and what only another one knows.
EXPRESSIONS = (*LABELS, "contempt")

HEAD = Head(
    name=EXPRESSION_HEAD,
    output=EXPRESSION_HEAD,
    labels=LABELS,
    meaning="a fake",
    abstention=ALWAYS_ANSWERS.model_copy(
        update={"threshold": THRESHOLDS[0], "degraded_threshold": THRESHOLDS[1]}
    ),
)

SPEC = fake_spec(HEAD)


def answerer(name: str = "fake", key: str = "1", analyzer: FakeAnalyzer | None = None) -> Answerer:
    return Answerer(analyzer or FakeAnalyzer(SPEC), name, key)


def read_photo(
    name: str, data: bytes, answerers: list[Answerer], *, label: str = "", cut_out: bool = False
) -> Photo:
    return read_own(Photo(name, label=label), data, answerers, cut_out=cut_out)


def faces_in(photo: Photo) -> list[OwnFace]:
    return [OwnFace(photo, index) for index in range(photo.face_count)]


def own_set(*photos: tuple[str, int]) -> OwnSet:
    """Return photographs by name with so many faces each."""
    own = OwnSet(EXPRESSIONS)
    for seed, (name, faces) in enumerate(photos):
        data = png(faces, seed=seed)
        own.add(read_photo(name, data, [answerer()]), lambda data=data: data)
    return own


def small(happy: int = 90, seed: int = 0, side: int = 48) -> bytes:
    """Return a cut-out face."""
    out = io.BytesIO()
    PillowImage.new("RGB", (side, side), (1, happy, seed)).save(out, "PNG")
    return out.getvalue()


def archive(files: dict[str, bytes], name: str = "set.zip") -> Upload:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for path, data in files.items():
            target.writestr(path, data)
    return Upload(name, out.getvalue())
