"""Measure a model on any labelled faces: cut out, or in photographs by the app's own path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fer.analyzer import Classifier, FaceAnalyzer
from fer.errors import DataError, ImageError
from fer.evaluation.metrics import (
    Evaluation,
    LabelledEvaluation,
    evaluate,
    evaluate_labelled,
    wilson_interval,
)
from fer.geometry import box_area
from fer.images import as_channels, is_cut_out, square
from fer.labels import FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier, NetworkPool
from fer.model.spec import ModelSpec
from fer.records import Record, Share
from fer.types import Floats, Image
from training.data.dataset import CLASS_NAMES, SPLITS, DataSet, Problem
from training.data.photographs import Photograph, Photographs
from training.evaluation.predictions import KnownTruth, most_voted


class FaceEvaluation(Record):
    """Measurements on cut-out faces of a split, or of all if it is empty, with one head.

    Attributes:
        labelled: its metrics by the labels of the data set.
        without_duplicates: the same, without faces that are also in the data's train split; None
            if no face remains, or there is no such split.
        ferplus_evaluation: metrics of the FER+ head, where its truth is the expression with most
            votes, on faces where one has more than all others; None without such a head or votes.
        by: what the faces are measured apart by: a column, ``domain``; empty if by nothing.
        groups: metrics of each group, by its name; without groups of which the head knows no class.
    """

    model: str
    sha256: str
    data: str
    split: str
    head: str
    labelled: LabelledEvaluation
    without_duplicates: Evaluation | None
    ferplus_evaluation: Evaluation | None
    not_read: tuple[str, ...]
    by: str = ""
    groups: dict[str, LabelledEvaluation] = Field(default_factory=dict)


def measure_faces(
    classifier: ExpressionClassifier, data: DataSet, split: str, head: str, by: str = ""
) -> FaceEvaluation:
    """Measure a head on a split, or on all faces; with `by`, each domain apart too.

    A DataError without the split or faces that the head knows; a ModelError without the head.
    """
    spec = classifier.spec
    asked = spec.head(head)
    faces = data.split(split) if split else data.all_faces()
    by_head = classifier.all_heads(faces.images)

    def labelled(some: NDArray[np.bool_]) -> LabelledEvaluation | None:
        truth = faces.names[some].tolist()
        known = set(truth) & set(asked.labels)
        return evaluate_labelled(truth, by_head[head][some], asked) if known else None

    again = split not in ("", "train") and "train" in data.splits
    unrepeated = labelled(data.new_among(faces)) if again else None
    by_votes = None
    if faces.votes is not None and FERPLUS_HEAD in by_head:
        voted = KnownTruth.where(*most_voted(faces.votes))
        if len(voted.faces):
            known = voted.of(by_head[FERPLUS_HEAD])
            names = spec.head(FERPLUS_HEAD).labels
            by_votes = evaluate(known.labels, known.probabilities, names)
    groups = faces.domains if by and faces.domains is not None else np.zeros(0, np.str_)
    return FaceEvaluation(
        model=spec.name,
        sha256=spec.sha256,
        data=data.name,
        split=split,
        head=head,
        labelled=evaluate_labelled(faces.names.tolist(), by_head[head], asked),
        without_duplicates=unrepeated.as_answered if unrepeated else None,
        ferplus_evaluation=by_votes,
        # What there is to say of splits and names is no image that could not be read.
        not_read=tuple(str(p) for p in data.problems if p.place not in (*SPLITS, CLASS_NAMES)),
        by=by,
        groups={
            name: found
            for name in np.unique(groups).tolist()
            if (found := labelled(groups == name))
        },
    )


#: Side in pixels to which such an image is enlarged, with half of its side added all round.
_ENLARGED_SIDE = 480


@dataclass(frozen=True)
class PhotoAnswer:
    """What was found in one image: the number of faces, and how the largest was answered.

    Attributes:
        label: index of its class.
        probabilities: ``(k,)`` of the largest face; None without a face.
        direct: ``(k,)`` of the image as it is, if it is a cut-out face; else None.
        has_issues: whether the largest face has an issue.
    """

    label: int
    faces: int
    probabilities: Floats | None
    direct: Floats | None
    has_issues: bool = False

    @property
    def is_right(self) -> bool:
        """Whether the answer is the label; without a face there is none."""
        return self.probabilities is not None and self.probabilities.argmax() == self.label


def with_surroundings(face: Image) -> Image:
    """Make a photograph of a cut-out face ``(side, side, 3)``: with a border, and enlarged."""
    border = face.shape[0] // 2
    padded = cv2.copyMakeBorder(face, border, border, border, border, cv2.BORDER_REPLICATE)
    size = (_ENLARGED_SIDE, _ENLARGED_SIDE)
    return np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def answers(
    photographs: Sequence[Photograph],
    analyzers: Sequence[FaceAnalyzer],
    classifier: Classifier,
    head: str,
) -> Iterator[PhotoAnswer | Problem]:
    """Yield the answer to each image in order, or why it could not be read.

    Each analyzer has a thread of its own, and only the images that they look at are in memory. The
    classifier answers cut-out faces directly; it is the network of the analyzers.
    """
    pool = NetworkPool(analyzers)

    def answer(photograph: Photograph) -> PhotoAnswer | Problem:
        try:
            image = photograph.read()
        except ImageError as error:
            return Problem(photograph.origin, str(error))
        direct = None
        with pool.borrow() as analyzer:
            if is_cut_out(image):
                spec = analyzer.spec
                crop = as_channels(square(image, spec.input_size), spec.channels)
                direct, image = classifier(crop[None], head)[0], with_surroundings(image)
            faces = analyzer(image, head=head)
        if not len(faces):
            return PhotoAnswer(photograph.label, 0, None, direct)
        largest = box_area(faces.xyxy).argmax()
        shares, has_issues = faces.probabilities[largest], bool(faces.issues[largest].any())
        return PhotoAnswer(photograph.label, len(faces), shares, direct, has_issues)

    with ThreadPoolExecutor(len(analyzers)) as threads:
        yield from threads.map(answer, photographs)


class PhotoClass(Record):
    """Counts of one class: its images, those with a face, those whose answer is right."""

    label: str
    images: int
    found: int
    right: int


class PhotoEvaluation(Record):
    """Measurements on photographs, each with one label; its largest face counts.

    Attributes:
        images: number of images that could be read.
        found: number of those in which a face was found.
        several: number of those in which several were found.
        cut_out: number of images that are cut-out faces; see `fer.images`.
        accuracy: fraction of all images with the right answer; one without a face has none. Its
            bounds are of the 95 % confidence interval (Wilson 1927).
        labelled: metrics of the faces that were found; None if there are none.
        direct: metrics of the same images as they are, without detection and alignment; None
            unless all images are cut-out faces.
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
    """Return the measurements on photographs; DataError if no image could be read."""
    read: list[PhotoAnswer] = []
    problems: list[Problem] = []
    for result in results:
        (problems if isinstance(result, Problem) else read).append(result)  # type: ignore[arg-type]
    if not read:
        raise DataError(f"no image of {data.name} could be read. {problems[0]}")
    known = spec.head(head)
    found = [one for one in read if one.probabilities is not None]
    cut_out = [one for one in read if one.direct is not None]
    truth = np.array([one.label for one in found], np.int64)
    labelled = direct = None
    if found:
        shares = np.stack([one.probabilities for one in found if one.probabilities is not None])
        has_issues = np.array([one.has_issues for one in found])
        labelled = evaluate_labelled([known.labels[i] for i in truth], shares, known, has_issues)
        labelled = labelled.model_copy(update={"left_out": data.left_out})
        if len(cut_out) == len(read):
            directly = np.stack([one.direct for one in found if one.direct is not None])
            direct = evaluate(truth, directly, known.labels)
    right = sum(one.is_right for one in read)
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
        several=sum(one.faces > 1 for one in read),
        cut_out=len(cut_out),
        accuracy=right / len(read),
        accuracy_low=low,
        accuracy_high=high,
        classes=tuple(
            PhotoClass(
                label=label,
                images=len(part),
                found=sum(one.faces > 0 for one in part),
                right=sum(one.is_right for one in part),
            )
            for i, label in enumerate(known.labels)
            for part in ([one for one in read if one.label == i],)
        ),
        labelled=labelled,
        direct=direct,
        left_out=data.left_out,
        not_read=tuple(map(str, problems)),
    )
