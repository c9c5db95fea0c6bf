"""Measure a model on whole photographs: found, aligned and answered by the app's own path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol

import cv2
import numpy as np

from fer.analyzer import Classifier
from fer.errors import DataError, ImageError
from fer.evaluation.labelled import LabelledEvaluation, evaluate_labelled
from fer.evaluation.metrics import Evaluation, evaluate, wilson_interval
from fer.geometry import box_area
from fer.images import as_channels, is_cut_out, square
from fer.model.classifier import NetworkPool
from fer.model.spec import Head, ModelSpec
from fer.records import Record, Share
from fer.types import Faces, Floats, Image
from training.data.dataset import Problem
from training.data.photographs import Photograph, Photographs

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


class PhotoClass(Record):
    """Counts of one class: its images, those with a face, those whose answer is right."""

    label: str
    images: int
    found: int
    right: int


class PhotoEvaluation(Record):
    """Measurements on photographs, each with one label; its largest face counts.

    Attributes:
        model: name of the model.
        sha256: SHA-256 of the model's file.
        head: name of the head.
        detector: name and version of the detector; see `fer.detection.version`.
        data: name of the data set.
        split: the split; empty if the data has none.
        face: which face of several counts.
        images: number of images that could be read.
        found: number of those in which a face was found.
        several: number of those in which several were found.
        cut_out: number of images that are cut-out faces; see `fer.images`.
        accuracy: fraction of all images with the right answer; one without a face has none.
        accuracy_low: lower bound of its 95 % confidence interval (Wilson 1927).
        accuracy_high: upper bound.
        classes: counts per class, in label order.
        labelled: metrics of the faces that were found; None if there are none.
        direct: metrics of the same images as they are, without detection and alignment; None
            unless all images are cut-out faces.
        left_out: number of images of each class that the head does not know.
        not_read: the images that could not be read, and why.
    """

    model: str
    sha256: str
    head: str
    detector: str
    data: str
    split: str
    face: Literal["largest"] = "largest"
    images: int
    found: int
    several: int
    cut_out: int
    accuracy: Share
    accuracy_low: Share
    accuracy_high: Share
    classes: tuple[PhotoClass, ...]
    labelled: LabelledEvaluation | None
    direct: Evaluation | None
    left_out: dict[str, int]
    not_read: tuple[str, ...]

    @property
    def evaluation(self) -> Evaluation | None:
        """Metrics of the faces that were found, as the head answers; None if there are none."""
        return self.labelled.as_answered if self.labelled else None

    @property
    def right_restricted(self) -> int | None:
        """Number of right answers among the classes of the data only; None if it has all or one."""
        if not self.labelled or not self.labelled.missing or not self.labelled.restricted:
            return None
        return self.labelled.restricted.right

    @property
    def points_lost(self) -> float | None:
        """Percentage points of accuracy that detection and alignment cost; None if unknown."""
        if self.evaluation is None or self.direct is None:
            return None
        return 100 * (self.direct.accuracy - self.evaluation.accuracy)


def measured(
    data: Photographs,
    results: Iterable[PhotoAnswer | Problem],
    spec: ModelSpec,
    detector: str,
    head: str,
) -> PhotoEvaluation:
    """Return the measurements on photographs.

    Args:
        data: the images.
        results: the answers to them, as `answers` yields them.
        spec: describes the model.
        detector: name and version of the detector.
        head: name of the head that answered; labels are indices of its classes.

    Raises:
        DataError: no image could be read.
    """
    read: list[PhotoAnswer] = []
    problems: list[Problem] = []
    for result in results:
        if isinstance(result, Problem):
            problems.append(result)
        else:
            read.append(result)
    if not read:
        raise DataError(f"no image of {data.name} could be read. {problems[0]}")
    labels = spec.head(head).labels
    found = [answer for answer in read if answer.probabilities is not None]
    all_cut_out = all(answer.direct is not None for answer in read)
    right = sum(_is_right(answer) for answer in read)
    low, high = wilson_interval(right, len(read))
    return PhotoEvaluation(
        model=spec.name,
        sha256=spec.sha256,
        head=head,
        detector=detector,
        data=data.name,
        split=data.split,
        images=len(read),
        found=len(found),
        several=sum(answer.faces > 1 for answer in read),
        cut_out=sum(answer.direct is not None for answer in read),
        accuracy=right / len(read),
        accuracy_low=low,
        accuracy_high=high,
        classes=_classes(read, labels),
        labelled=_labelled(found, spec.head(head), data.left_out) if found else None,
        direct=_direct(found, labels) if all_cut_out and found else None,
        left_out=data.left_out,
        not_read=tuple(map(str, problems)),
    )


def _is_right(answer: PhotoAnswer) -> bool:
    return answer.probabilities is not None and answer.probabilities.argmax() == answer.label


def _classes(read: Sequence[PhotoAnswer], labels: Sequence[str]) -> tuple[PhotoClass, ...]:
    by_class = [[a for a in read if a.label == i] for i in range(len(labels))]
    return tuple(
        PhotoClass(
            label=label,
            images=len(part),
            found=sum(a.faces > 0 for a in part),
            right=sum(map(_is_right, part)),
        )
        for label, part in zip(labels, by_class, strict=True)
    )


def _labelled(
    found: Sequence[PhotoAnswer], head: Head, left_out: dict[str, int]
) -> LabelledEvaluation:
    truth = [head.labels[answer.label] for answer in found]
    probabilities = np.stack([a.probabilities for a in found if a.probabilities is not None])
    flawed = np.array([answer.flawed for answer in found])
    measured = evaluate_labelled(truth, probabilities, head, flawed)
    return measured.model_copy(update={"left_out": left_out})


def _direct(found: Sequence[PhotoAnswer], labels: tuple[str, ...]) -> Evaluation:
    truth = np.array([answer.label for answer in found])
    return evaluate(truth, np.stack([a.direct for a in found if a.direct is not None]), labels)
