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
from dataclasses import dataclass, field
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
from fer.export.table import BOX, ExportInfo, PhotoResult, face_columns, face_records, photo_record
from fer.images import decode, from_pillow, read
from fer.model.spec import shipped_model
from fer.stream import DEFAULT_SMOOTHING_SECONDS, FaceStream
from fer.text import chance
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


@dataclass(frozen=True, eq=False, repr=False)
class Faces(Sequence[Face]):
    """The faces of one picture, left to right: a sequence of `Face`.

    Attributes:
        image: ``(height, width, 3)`` RGB uint8, upright: the picture as it was analysed.
        arrays: the same faces as arrays, with landmarks; see `fer.types.Faces`.
        name: name of the file; empty for pictures without one.
        info: when they were found, and by which model and detector.
        colour: order of the channels of the array that was given, and of `annotated`.
    """

    image: Image
    arrays: FaceArrays
    name: str
    info: ExportInfo
    colour: Colour = "rgb"
    _faces: tuple[Face, ...] = field(init=False)

    def __post_init__(self) -> None:
        people = [int(track) if track >= 0 else None for track in self.arrays.track_id]
        faces = [
            Face(
                **record | {"box": (*record["box"],), "quality": (*record["quality"],)}, person=one
            )
            for record, one in zip(face_records(self.arrays), people, strict=True)
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
        """Return everything as what JSON has: file, size, faces, model and detector."""
        height, width = self.image.shape[:2]
        return photo_record(PhotoResult(self.name, width, height, self.arrays)) | self.info.record()

    def to_pandas(self) -> pandas.DataFrame:
        """Return a table with a row for each face and a column for each expression, by pandas."""
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install pandas") from error
        rows = [
            dict(zip(BOX, face.box, strict=True))
            | vars(face)
            | {"quality": ";".join(face.quality)}
            | face.probabilities
            for face in self
        ]
        return pandas.DataFrame(rows, columns=face_columns(self.arrays.labels))

    def annotated(self, *, bars: bool = False) -> Image:
        """Return a copy of the picture with boxes and names, its channels as they were given.

        With `bars`, the probabilities of all expressions stand beside each face.
        """
        picture = annotate(self.image, self.arrays, bars=bars)
        return _swapped(picture) if self.colour == "bgr" else picture

    def save(self, path: str | os.PathLike[str], *, bars: bool = False) -> None:
        """Write the annotated picture, replacing what is there; its ending must be a format's."""
        file = Path(path)
        kind = PillowImage.registered_extensions().get(file.suffix.lower())
        if kind not in PillowImage.SAVE:
            raise ValueError(f"expected a file such as out.jpg or out.png, got {file.name!r}")
        with atomic_write([file]) as [part]:
            PillowImage.fromarray(annotate(self.image, self.arrays, bars=bars)).save(part, kind)

    def _repr_png_(self) -> bytes:
        """Show the annotated picture in a notebook."""
        return encoded(annotate(self.image, self.arrays), ".png")


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
    ) -> None:
        self._colour = _checked(colour)
        self._stream = FaceStream.load(shipped_model() if model is None else Path(model))
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
        return _faces(image, found.faces, "", self._stream, self._colour)


def analyze(
    picture: Picture,
    *,
    model: str | os.PathLike[str] | None = None,
    head: str | None = None,
    colour: Colour = "rgb",
) -> Faces:
    """Return the faces of a picture, left to right, with their expressions.

    Args:
        picture: the path of a photograph, its bytes, a Pillow image, or an array
            ``(height, width, 3)`` or ``(height, width)`` of uint8.
        model: a model directory; the shipped one by default. It is loaded once.
        head: name of the head that answers; the usual one by default.
        colour: order of an array's channels; OpenCV's is ``"bgr"``.

    Raises:
        ImageError: the photograph cannot be read.
        ModelError: there is no such model, or it has no such head.
        TypeError: it is nothing of these, or an array of another type.
    """
    image = _rgb(picture, _checked(colour))
    analyzer = _analyzer(shipped_model() if model is None else Path(model))
    name = os.path.basename(os.fspath(picture)) if isinstance(picture, str | os.PathLike) else ""
    return _faces(image, analyzer(image, head=head), str(name), analyzer, colour)


@lru_cache(maxsize=4)
def _analyzer(model: Path) -> FaceAnalyzer:
    return FaceAnalyzer.for_photos(model, threads=min(4, os.cpu_count() or 1))


def _faces(
    image: Image, arrays: FaceArrays, name: str, by: FaceAnalyzer | FaceStream, colour: Colour
) -> Faces:
    info = ExportInfo.of(by.spec, by.detector_version, datetime.now(UTC))
    return Faces(image, arrays, name, info, colour)


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
            if str(picture).startswith(("http://", "https://")):
                raise ImageError("is an address; download it, and give its bytes or its path.")
            try:
                return read(Path(picture))
            except ImageError as error:
                raise ImageError(f"{os.fspath(picture)} {error}", error.reason) from error
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
