"""Worker process of `benchmarks.detection.detectors`: runs OpenCV's own face detectors.

Haar cascades are only in OpenCV before 5, so another environment's Python runs this as a script. It
imports nothing from this project. Each request is a line of JSON on standard input with the path of
an ``.npy`` file, and each response is one on standard output: boxes, scores and CPU time.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

#: A detector takes an RGB picture and returns ``(n, 5)``: left, top, right, bottom, score.
Detect = Callable[[Any], Any]


def haar(file: str) -> Detect:
    """Return a cascade with OpenCV's own settings, for faces from 18 pixels on."""
    cascade = cv2.CascadeClassifier(file)  # type: ignore[attr-defined]  # OpenCV before 5
    if cascade.empty():
        raise ValueError(f"{file} is no Haar cascade")

    def detect(image: Any) -> Any:
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        boxes = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=3, minSize=(18, 18))
        found = np.zeros((len(boxes), 5))
        for row, (x, y, width, height) in zip(found, boxes, strict=True):
            row[:] = x, y, x + width, y + height, 1
        return found

    return detect


def yunet(file: str) -> Detect:
    """Return YuNet with OpenCV's own limits, on the whole picture."""
    network = cv2.FaceDetectorYN.create(file, "", (320, 320))

    def detect(image: Any) -> Any:
        network.setInputSize(image.shape[1::-1])
        faces = network.detect(image[..., ::-1].copy())[1]
        if faces is None:
            return np.zeros((0, 5))
        corner = faces[:, :2] + faces[:, 2:4]
        return np.concatenate([faces[:, :2], corner, faces[:, -1:]], axis=1)

    return detect


def detector(kind: str, file: str) -> Detect:
    """Return a detector by name; `file` may be empty for the cascade that comes with OpenCV."""
    if kind == "yunet":
        return yunet(file)
    folder = cv2.data.haarcascades  # type: ignore[attr-defined]
    return haar(file or f"{folder}haarcascade_frontalface_alt2.xml")


def main() -> None:
    """Answer requests until standard input ends."""
    # Libraries may print to standard output. Responses use a duplicate of it, and everything else
    # goes to standard error.
    responses = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    cv2.setNumThreads(1)
    detect = detector(*sys.argv[1:])
    print(json.dumps("ready"), file=responses, flush=True)
    for line in sys.stdin:
        image = np.load(json.loads(line))
        started = time.process_time()
        found = detect(image)
        seconds = time.process_time() - started
        answer = {"found": np.asarray(found, float).tolist(), "seconds": seconds}
        print(json.dumps(answer), file=responses, flush=True)


if __name__ == "__main__":
    main()
