"""Fakes for tests of the app: an analyzer whose answer is painted into the picture."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from html import unescape
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image as PillowImage
from streamlit.testing.v1 import AppTest

from app.core import photo
from fer.alignment import FER2013_FRAMING
from fer.detection.evidence import MESH_POINTS, PRESENCE_RANGE, FaceMeshes
from fer.drawing.pictures import FEATURES
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.classifier import ClassActivation, class_activation
from fer.model.spec import ModelSpec
from fer.types import ISSUES, Detections, Faces, Image
from tests.samples import make_detections

LABELS = ("happy", "sad", "neutral")

#: Seconds after which a test gives up on a thread; nothing waits so long if all is well.
PATIENCE = 60.0

#: How the fake model's second head differs from the first.
SECOND = {"name": FERPLUS_HEAD, "output": FERPLUS_HEAD, "activation_map": ""}

#: Red of a picture that makes the fake analyzer fail as no analyzer should.
BROKEN = 250

#: Confidence below which the fake analyzer is uncertain; with an issue, the second.
THRESHOLDS = (0.5, 0.7)

#: What a live detector finds if it is not told otherwise.
FACE = make_detections((40, 40, 140, 140))


def chart_alts(page: AppTest) -> list[str]:
    """Return what is said about timelines, probabilities and shares of time, as on the page."""
    bodies = (one.proto.body for one in page.get("html"))
    found = (re.search('class="fer-[^"]*" role="img" aria-label="([^"]*)"', b) for b in bodies)
    return [unescape(alt[1]) for alt in found if alt]


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Detector:
    def __init__(self) -> None:
        self.found: Detections | Exception = FACE

    def __call__(self, image: Image) -> Detections:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def faces_of(*rows: tuple[float, float, float], issues: Sequence[str] = ()) -> Faces:
    """Return faces side by side, 40 pixels wide, with these probabilities of `LABELS`.

    Args:
        rows: per face.
        issues: what is wrong with the picture of every one.
    """
    boxes = [(50.0 * i + 5, 20.0, 50.0 * i + 45, 60.0) for i in range(len(rows))]
    probabilities = np.array(rows, np.float32).reshape(-1, len(LABELS))
    marked = np.tile([name in issues for name in ISSUES], (len(rows), 1))
    return Faces.of(
        make_detections(*boxes), probabilities, LABELS, issues=marked, thresholds=THRESHOLDS
    )


def png(faces: int = 1, happy: int = 90, seed: int = 0) -> bytes:
    """Return a picture in which the fake analyzer finds `faces`, each happy by `happy` per cent."""
    image = PillowImage.new("RGB", (320, 200), (faces, happy, seed))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def uploads(count: int, first: int = 0, folder: str = "") -> list[photo.Upload]:
    """Return so many different photographs."""
    return [photo.Upload(f"{folder}{n}.png", png(seed=n)) for n in range(first, first + count)]


def zip_of(
    *files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


class FakeAnalyzer:
    """Finds as many faces as a picture's red says, as happy as its green says.

    Blue above 100 makes them small and dark. The second head sees every face half as happy.
    """

    def __init__(self, spec: ModelSpec | None = None) -> None:
        self.calls = 0
        self.searches = 0
        self.spec = spec

    def all_heads(self, image: Image, detections: Detections | None = None) -> dict[str, Faces]:
        self.calls += 1
        self.searches += detections is None
        red, green, blue = (int(v) for v in image[0, 0])
        if red == BROKEN:
            raise RuntimeError("a fault that nobody thought of")
        heads = self.spec.head_names if self.spec else (EXPRESSION_HEAD, FERPLUS_HEAD)
        answers = {}
        for head in heads:
            happy = green / 100 / (1 if head == EXPRESSION_HEAD else 2)
            rows = [(happy, (1 - happy) * 0.6, (1 - happy) * 0.4)] * red
            found = faces_of(*rows, issues=("small", "dark") if blue > 100 else ())
            answers[head] = replace(found, head=head)
        return answers

    def cut_out(self, image: Image) -> dict[str, Faces]:
        one_face = np.array([[[1, *image[0, 0, 1:2], 0]]], np.uint8)
        height, width = image.shape[:2]
        box = np.array([[0, 0, width, height]], np.float32)
        answers = self.all_heads(one_face, Detections.empty())
        return {head: replace(faces, xyxy=box) for head, faces in answers.items()}

    def class_activation(
        self, image: Image, faces: Faces, index: int, *, head: str = EXPRESSION_HEAD
    ) -> ClassActivation:
        maps = np.zeros((1, 6, 6, len(LABELS)), np.float32)
        maps[0, 2, 3] = [1, -1, 0]
        face = faces.detections.take(np.array([index]))
        return class_activation(face, maps, LABELS, FER2013_FRAMING)


class HeldAnalyzer(FakeAnalyzer):
    """Waits in its first photo until it is let go."""

    def __init__(self, spec: ModelSpec | None = None) -> None:
        super().__init__(spec)
        self.began, self.go = threading.Event(), threading.Event()

    def all_heads(self, image: Image, detections: Detections | None = None) -> dict[str, Faces]:
        self.began.set()
        assert self.go.wait(PATIENCE)
        return super().all_heads(image, detections)


class FakeLandmark:
    """Puts the points of a mesh at random places in each face's box, eyes, nose and mouth right.

    Args:
        presence: logit of each face; that of a sure one for those without.
        away: how far to the right of the first face its mesh lies, as a share of the box.
    """

    def __init__(self, *presence: float, away: float = 0.0) -> None:
        self.calls = 0
        self.presence, self.away = presence, away

    def __call__(self, image: Image, detections: Detections) -> FaceMeshes:
        self.calls += 1
        n = len(detections)
        presence = np.full(n, PRESENCE_RANGE[1], np.float32)
        presence[: len(self.presence)] = self.presence[:n]
        places = np.random.default_rng(0).random((MESH_POINTS, 2), np.float32)
        size = detections.xyxy[:, None, 2:] - detections.xyxy[:, None, :2]
        points = detections.xyxy[:, None, :2] + places * size
        own = (*(FEATURES[name][1] for name in ("right eye", "left eye")), (4,))
        for landmark, part in enumerate((*own, FEATURES["mouth"][1])):
            points[:, list(part)] = detections.landmarks[:, landmark, None]
        points[:1, :, 0] += self.away * size[:1].max(axis=2)
        return FaceMeshes(presence, points)


#: Uploads files, given as ``name=contents`` pairs, and runs the page.
Upload = Callable[..., AppTest]


def words(page: AppTest) -> str:
    kinds: Iterable[Iterable[Any]] = (
        page.title, page.subheader, page.markdown, page.caption, page.info, page.error,
        page.warning, page.success, page.code,
    )  # fmt: skip
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def plain_words(page: AppTest) -> str:
    """Return all that a page says as it reads, without the escapes of Markdown."""
    return words(page).replace("\\", "")


def button(page: AppTest, label: str) -> Any:
    return next(b for b in page.button if b.label == label)


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
