"""Runs other face software in the environment that has it, as a script.

It imports nothing from this project, whose package `fer` has the name of another one on PyPI.
``peer_worker.py KIND`` answers for `tools.peers`: each request is a line of JSON with the path of
an ``.npy`` file, each response one with faces, seconds, and seconds of processor time.
``peer_worker.py video FILE FOLDER`` analyses every frame of a recording and marks the faces, as the
package does by default.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
if "video" not in sys.argv:  # the libraries read these when they are imported
    names = "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"
    os.environ |= dict.fromkeys(names, "1")

import cv2
import numpy as np

#: Takes an RGB picture and returns left, top, right, bottom and score of each face.
Detect = Callable[[Any], list[list[float]]]


def haar() -> Detect:
    """Return OpenCV's cascade with its own settings, for faces from 18 pixels on."""
    folder = cv2.data.haarcascades  # type: ignore[attr-defined]  # OpenCV before 5
    cascade = cv2.CascadeClassifier(  # type: ignore[attr-defined]
        f"{folder}haarcascade_frontalface_alt2.xml"
    )

    def detect(image: Any) -> list[list[float]]:
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        boxes = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=3, minSize=(18, 18))
        return [_corners(*box) for box in boxes]

    return detect


def package(*, keras: bool) -> Detect:
    """Return the PyPI package ``fer`` with its network in Keras or LiteRT."""
    recognise = importlib.import_module("fer.fer").FER(mtcnn=False, use_tflite=not keras)

    def detect(image: Any) -> list[list[float]]:
        found = recognise.detect_emotions(np.ascontiguousarray(image[..., ::-1]))
        return [_corners(*face["box"]) for face in found]

    return detect


def _corners(x: float, y: float, width: float, height: float) -> list[float]:
    return [float(x), float(y), float(x + width), float(y + height), 1.0]


def video(recording: str, folder: str) -> None:
    """Analyse a recording as the package does by default; files go to the folder."""
    recording = os.path.abspath(recording)
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    # It closes windows that it has not opened, which an OpenCV without windows refuses.
    vision: Any = cv2
    vision.destroyAllWindows, vision.waitKey = lambda: None, lambda delay: -1
    recognise = importlib.import_module("fer.fer").FER(mtcnn=False)
    clip = importlib.import_module("fer.classes").Video(recording, outdir=os.getcwd())
    clip.analyze(recognise, display=False, save_frames=False, zip_images=False)


def answer(kind: str) -> None:
    """Answer requests until standard input ends."""
    # Libraries may print to standard output. Responses use a duplicate of it, and everything else
    # goes to standard error.
    responses = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    cv2.setNumThreads(1)
    detect = haar() if kind == "haar" else package(keras=kind == "keras")
    print(json.dumps(["ready"]), file=responses, flush=True)
    for line in sys.stdin:
        image = np.load(json.loads(line))
        started, processor = time.perf_counter(), time.process_time()
        found = detect(image)
        took = time.perf_counter() - started, time.process_time() - processor
        print(json.dumps([found, *took]), file=responses, flush=True)


if __name__ == "__main__":
    video(*sys.argv[2:]) if sys.argv[1] == "video" else answer(sys.argv[1])
