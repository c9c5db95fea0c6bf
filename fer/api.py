"""From Python: a picture or a frame in, faces with their expressions out.

Example::

    faces = fer.analyze("photo.jpg")
    for face in faces:
        print(face.expression, face.confidence, face.box)
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from fer.analyzer import FaceAnalyzer
from fer.atomic_write import atomic_write
from fer.drawing.annotate import annotate
from fer.drawing.pictures import encoded
from fer.errors import ImageError
from fer.export.table import BOX, ExportInfo, face_records
from fer.images import decode, from_pillow, read
from fer.model.spec import model_directory, shipped_model
from fer.stream import DEFAULT_SMOOTHING_SECONDS, FaceStream
from fer.text import chance, path_problem, shortened
from fer.types import Faces as FaceArrays
from fer.types import Image

if TYPE_CHECKING:
    import pandas

#: Order of the channels of an array: as Pillow and Matplotlib have them, or as OpenCV has them.
Colour: TypeAlias = Literal["rgb", "bgr"]

#: What is analysed: the path of a file, its bytes, a Pillow image, or an array
#: ``(height, width, 3)``, or ``(height, width)`` of grey levels, of uint8.
Picture: TypeAlias = "str | os.PathLike[str] | bytes | PillowImage.Image | NDArray[np.uint8]"


@dataclass(frozen=True)
class Face:
    """One face, with rounded numbers.

    Attributes:
        box: left, top, right, bottom in pixels.
        detection_score: 0…1.
        head: name of the head that answered.
        answer: an expression, or "uncertain".
        quality: quality issues, names from `fer.types.ISSUES`.
        expression: the most probable expression, even if the answer is "uncertain".
        confidence: probability of that expression.
        person: number of the person in a stream, from 1; None in a photograph.
        reason: why the answer is "uncertain", in words; empty if it is an expression.
    """

    box: tuple[float, ...]
    detection_score: float
    head: str
    answer: str
    uncertain: bool
    quality: tuple[str, ...]
    expression: str
    confidence: float
    probabilities: dict[str, float] = field(hash=False)
    person: int | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return all attributes as what JSON has: lists in place of tuples."""
        return asdict(self) | {"box": list(self.box), "quality": list(self.quality)}


@dataclass(frozen=True, eq=False, repr=False)
class Faces(Sequence[Face]):
    """The faces of one picture, left to right: a sequence of `Face`.

    Attributes:
        image: ``(height, width, 3)`` RGB uint8, upright: the picture as it was analysed. None
            with ``keep_image=False``.
        size: width and height of the picture in pixels.
        arrays: the same faces as arrays, with landmarks; see `fer.types.Faces`.
        name: name of the file; empty for pictures without one.
        info: when they were found, and by which model and detector.
        colour: order of the channels of the array that was given, and of `annotated`.
    """

    image: Image | None
    size: tuple[int, int]
    arrays: FaceArrays
    name: str
    info: ExportInfo
    colour: Colour = "rgb"
    _faces: tuple[Face, ...] = field(init=False)

    def __post_init__(self) -> None:
        people = [int(track) if track >= 0 else None for track in self.arrays.track_id]
        rows = zip(face_records(self.arrays), people, self.arrays.reasons, strict=True)
        faces = [
            Face(
                **record | {"box": (*record["box"],), "quality": (*record["quality"],)},
                person=person,
                reason=reason,
            )
            for record, person, reason in rows
        ]
        object.__setattr__(self, "_faces", tuple(faces))

    def __len__(self) -> int:
        return len(self._faces)

    def __iter__(self) -> Iterator[Face]:
        return iter(self._faces)

    @overload
    def __getitem__(self, index: int) -> Face: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Face]: ...
    def __getitem__(self, index: int | slice) -> Face | Sequence[Face]:
        if isinstance(index, int) and not -len(self) <= index < len(self):
            raise IndexError(f"face {index} of a picture with {_counted(len(self))}")
        return self._faces[index]

    def __repr__(self) -> str:
        said = ", ".join(f"{face.answer} {chance(face.confidence)}" for face in self)
        return f"<{_counted(len(self))}{': ' if said else ''}{said}>"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as what JSON has: file, time, size, faces, model and detector.

        ``seconds`` is the time of a stream's frame, None for a photograph.
        """
        width, height = self.size
        return {
            "file": self.name,
            "seconds": self.arrays.seconds,
            "width": width,
            "height": height,
            "head": self.arrays.head,
            "faces": [{"face": number, **face.to_dict()} for number, face in enumerate(self, 1)],
            **self.info.record(),
        }

    def to_pandas(self) -> pandas.DataFrame:
        """Return a table with a row for each face, by pandas.

        Columns and their types are the same for every picture, also without faces: the file's name,
        the seconds of a stream's frame, the person's number (both missing for a photograph), left,
        top, right and bottom, the attributes of `Face`, and the probability of each expression.
        Quality issues are separated by semicolons.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install pandas") from error
        types = _column_types(self.arrays.labels)
        frame = {"file": self.name, "seconds": self.arrays.seconds}
        rows = [
            frame
            | vars(face)
            | dict(zip(BOX, face.box, strict=True))
            | {"quality": ";".join(face.quality)}
            | face.probabilities
            for face in self
        ]
        return pandas.DataFrame(rows, columns=[*types]).astype(types)

    def annotated(self, *, bars: bool = False) -> Image:
        """Return a copy of the picture with boxes and names, its channels as they were given.

        With `bars`, the probabilities of all expressions stand beside each face. ValueError if the
        picture was not kept.
        """
        picture = self._annotated_rgb(bars=bars)
        return _swapped(picture) if self.colour == "bgr" else picture

    def save(self, path: str | os.PathLike[str], *, bars: bool = False) -> None:
        """Write the annotated picture, replacing what is there; its ending must be a format's.

        ValueError if it is none, or if the picture was not kept.
        """
        file = Path(path)
        kind = PillowImage.registered_extensions().get(file.suffix.lower())
        if kind not in PillowImage.SAVE:
            raise ValueError(f"expected a file such as out.jpg or out.png, got {file.name!r}")
        picture = PillowImage.fromarray(self._annotated_rgb(bars=bars))
        with atomic_write([file]) as [part]:
            picture.save(part, kind)

    def _annotated_rgb(self, *, bars: bool = False) -> Image:
        """Return the annotated picture in RGB; ValueError if the picture was not kept."""
        if self.image is None:
            raise ValueError(
                "expected faces with their picture, got some of keep_image=False: analyse it "
                "again without that"
            )
        return annotate(self.image, self.arrays, bars=bars)

    def _repr_png_(self) -> bytes | None:
        """Show the annotated picture in a notebook; without one, the notebook shows `repr`."""
        return None if self.image is None else encoded(self._annotated_rgb(), ".png")


def _column_types(labels: Sequence[str]) -> dict[str, str]:
    """Return the columns of `Faces.to_pandas` with their pandas types, in order."""
    return {
        "file": "str",
        "seconds": "float64",
        "person": "Int64",
        **dict.fromkeys(BOX, "float64"),
        "detection_score": "float64",
        "head": "str",
        "answer": "str",
        "uncertain": "bool",
        "reason": "str",
        "quality": "str",
        "expression": "str",
        "confidence": "float64",
        **dict.fromkeys(labels, "float64"),
    }


class Stream:
    """Faces of a camera or a recording, frame by frame: with numbers for people, and smoothed.

        camera, stream = cv2.VideoCapture(0), fer.Stream(colour="bgr")
        while True:
            there, frame = camera.read()
            if not there:
                break
            for face in stream(frame):
                print(face.person, face.expression)

    Each person's probabilities are averaged over `smoothing_seconds`; 0 is none. For the other
    arguments and errors, see `analyze`.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        colour: Colour = "rgb",
        head: str | None = None,
        smoothing_seconds: float = DEFAULT_SMOOTHING_SECONDS,
        keep_image: bool = True,
    ) -> None:
        self._colour = _checked(colour)
        self._keep_image = keep_image
        self._stream = FaceStream.load(_directory(model))
        self._head = self._stream.spec.head(head).name
        self._smoothing_seconds = smoothing_seconds
        self._start: float | None = None

    def __call__(self, frame: Picture, seconds: float | None = None) -> Faces:
        """Return the faces of the next frame; each has a `person`, a number from 1.

        The frame is usually an array ``(height, width, 3)`` of uint8; see `analyze`. Its time never
        goes back, and is by default that of the call.
        """
        image = _rgb(frame, self._colour)
        if seconds is None:
            now = time.monotonic()
            self._start = now if self._start is None else self._start
            seconds = now - self._start
        found = self._stream(
            image, seconds, head=self._head, smoothing_seconds=self._smoothing_seconds
        )
        return _faces(image, found.faces, "", self._stream, self._colour, self._keep_image)


def analyze(
    picture: Picture,
    *,
    model: str | os.PathLike[str] | None = None,
    head: str | None = None,
    colour: Colour = "rgb",
    keep_image: bool = True,
) -> Faces:
    """Return the faces of a picture, left to right, with their expressions.

    Args:
        picture: the path of a photograph, its bytes, a Pillow image, or an array
            ``(height, width, 3)`` or ``(height, width)`` of uint8.
        model: a model directory, or the name of a model that comes with FER Lens; the shipped one
            by default. It is loaded once.
        head: name of the head that answers; the usual one by default.
        colour: order of an array's channels; OpenCV's is ``"bgr"``.
        keep_image: whether the result holds the picture, which `Faces.annotated` and `Faces.save`
            need. Without it, results of many pictures take little memory.

    Raises:
        ImageError: the photograph cannot be read.
        ModelError: there is no such model, or it has no such head.
        TypeError: it is nothing of these, or an array of another type.
    """
    image = _rgb(picture, _checked(colour))
    analyzer = _analyzer(_directory(model))
    name = os.path.basename(os.fspath(picture)) if isinstance(picture, str | os.PathLike) else ""
    return _faces(image, analyzer(image, head=head), str(name), analyzer, colour, keep_image)


def _directory(model: str | os.PathLike[str] | None) -> Path:
    """Return the directory of a model, by default of the shipped one."""
    return shipped_model() if model is None else model_directory(model)


@lru_cache(maxsize=4)
def _analyzer(model: Path) -> FaceAnalyzer:
    return FaceAnalyzer.for_photos(model, threads=min(4, os.cpu_count() or 1))


def _faces(
    image: Image,
    arrays: FaceArrays,
    name: str,
    by: FaceAnalyzer | FaceStream,
    colour: Colour,
    keep_image: bool,
) -> Faces:
    """Return the faces of a picture as a caller gets them."""
    info = ExportInfo.of(by.spec, by.detector_version, datetime.now(UTC))
    height, width = image.shape[:2]
    return Faces(image if keep_image else None, (width, height), arrays, name, info, colour)


def _checked(colour: Colour) -> Colour:
    if colour not in ("rgb", "bgr"):
        raise ValueError(f'expected colour "rgb" or "bgr", got {colour!r}')
    return colour


def _rgb(picture: Picture, colour: Colour) -> Image:
    match picture:
        case np.ndarray():
            return _array_as_rgb(picture, colour)
        case bytes() | bytearray() | memoryview():
            return decode(bytes(picture))
        case PillowImage.Image():
            return from_pillow(picture)
        case str() | os.PathLike():
            path = os.fspath(picture)
            if problem := path_problem(path):
                raise ImageError(f"{shortened(path)} {problem}")
            try:
                return read(Path(path))
            except ImageError as error:
                raise ImageError(f"{path} {error}", error.reason) from error
    expected = "the path of a photograph, its bytes, a Pillow image or an array of uint8"
    raise TypeError(f"expected {expected}; got {type(picture).__name__}")


def _array_as_rgb(array: NDArray[np.uint8], colour: Colour) -> Image:
    is_picture = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3))
    if array.dtype != np.uint8 or not is_picture or not array.size:
        raise TypeError(
            "expected an array (height, width, 3) or (height, width) of uint8, 0 to 255; "
            f"got {array.shape} of {array.dtype}"
        )
    if array.ndim == 2 or array.shape[2] == 1:
        return np.asarray(cv2.cvtColor(array, cv2.COLOR_GRAY2RGB), np.uint8)
    return _swapped(array) if colour == "bgr" else np.ascontiguousarray(array)


def _swapped(image: Image) -> Image:
    return np.ascontiguousarray(image[:, :, ::-1])


def _counted(faces: int) -> str:
    return "1 face" if faces == 1 else f"{faces or 'no'} faces"
