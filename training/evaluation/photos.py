"""Measure a model on whole photographs: found, aligned and answered by the app's own path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from fer.analyzer import Classifier
from fer.errors import ImageError
from fer.geometry import box_area
from fer.images import as_channels, is_cut_out, square
from fer.model.classifier import NetworkPool
from fer.model.spec import ModelSpec
from fer.types import Faces, Floats, Image
from training.data.dataset import Problem
from training.data.photographs import Photograph

#: Side in pixels to which such an image is enlarged, with half of its side added all round.
_ENLARGED_SIDE = 480


class Analyzer(Protocol):
    """Finds faces and names their expressions; a `fer.FaceAnalyzer`, or a fake in tests."""

    spec: ModelSpec
    detector_version: str

    def __call__(self, image: Image, *, head: str) -> Faces:
        """Return the faces of an image, as a head answers."""


@dataclass(frozen=True)
class PhotoAnswer:
    """What was found in one image.

    Attributes:
        label: index of its class.
        faces: number of faces.
        probabilities: ``(k,)`` of the largest face; None without a face.
        direct: ``(k,)`` of the image as it is, if it is a cut-out face; else None.
        flawed: whether the largest face has a flaw.
    """

    label: int
    faces: int
    probabilities: Floats | None
    direct: Floats | None
    flawed: bool = False


def with_surroundings(face: Image) -> Image:
    """Make a photograph of a cut-out face: its border repeated outwards, and enlarged.

    Args:
        face: ``(side, side, 3)`` RGB uint8.
    """
    border = face.shape[0] // 2
    padded = cv2.copyMakeBorder(face, border, border, border, border, cv2.BORDER_REPLICATE)
    size = (_ENLARGED_SIDE, _ENLARGED_SIDE)
    return np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def answers(
    photographs: Sequence[Photograph],
    analyzers: Sequence[Analyzer],
    classifier: Classifier,
    head: str,
) -> Iterator[PhotoAnswer | Problem]:
    """Yield the answer to each image in order, or why it could not be read.

    Only the images that are being analysed are in memory.

    Args:
        photographs: the images.
        analyzers: one per thread; a network does one thing at a time.
        classifier: answers cut-out faces directly; the network of the analyzers.
        head: name of the head that answers.
    """
    pool = NetworkPool(analyzers)

    def answer(photograph: Photograph) -> PhotoAnswer | Problem:
        with pool.borrow() as analyzer:
            return _answer(photograph, analyzer, classifier, head)

    with ThreadPoolExecutor(len(analyzers)) as threads:
        yield from threads.map(answer, photographs)


def _answer(
    photograph: Photograph, analyzer: Analyzer, classifier: Classifier, head: str
) -> PhotoAnswer | Problem:
    try:
        image = photograph.read()
    except ImageError as error:
        return Problem(photograph.origin, str(error))
    direct = None
    if is_cut_out(image):
        spec = analyzer.spec
        crop = as_channels(square(image, spec.input_size), spec.channels)
        direct, image = classifier(crop[None], head)[0], with_surroundings(image)
    faces = analyzer(image, head=head)
    if not len(faces):
        return PhotoAnswer(photograph.label, 0, None, direct)
    largest = box_area(faces.xyxy).argmax()
    shares, flawed = faces.probabilities[largest], bool(faces.flaws[largest].any())
    return PhotoAnswer(photograph.label, len(faces), shares, direct, flawed)
