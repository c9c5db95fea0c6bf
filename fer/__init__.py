"""Facial expressions in photographs, videos and camera streams.

from fer import FaceAnalyzer, read_image
faces = FaceAnalyzer.for_photos(Path("models/compact"))(read_image(Path("photo.jpg")))
"""

from fer.analyzer import FaceAnalyzer
from fer.annotation import annotate
from fer.errors import DataError, FerError, ImageError, ModelError
from fer.images import decode as decode_image
from fer.images import read as read_image
from fer.stream import FaceStream
from fer.types import Detections, Faces

__all__ = [
    "DataError",
    "Detections",
    "FaceAnalyzer",
    "FaceStream",
    "Faces",
    "FerError",
    "ImageError",
    "ModelError",
    "annotate",
    "decode_image",
    "read_image",
]
