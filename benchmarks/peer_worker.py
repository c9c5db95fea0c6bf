"""The other side of `benchmarks.peer`: runs in an environment with the PyPI package ``fer``.

Started as a script by that environment's Python, it needs nothing of this project, whose own
package has the same name. A request is a line of JSON on standard input; its answer is one on
standard output.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

# Read when the libraries load.
os.environ |= {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
}

import cv2
import numpy as np


def recognisers() -> dict[str, Callable[[Any], list]]:
    """Return what is compared: each takes a BGR frame and returns a record per face."""
    package = importlib.import_module("fer.fer")
    as_it_comes = package.FER(mtcnn=False)
    with_keras = package.FER(mtcnn=False, use_tflite=False)
    with_predict = package.FER(mtcnn=False, use_tflite=False)
    network = with_predict._FER__emotion_classifier
    # What most scripts and tutorials call; the package itself calls the model like a function.
    with_predict._classify_emotions = lambda faces: network.predict(faces, verbose=0)
    return {
        "tflite": as_it_comes.detect_emotions,
        "keras": with_keras.detect_emotions,
        "predict": with_predict.detect_emotions,
    }


def main() -> None:
    """Answer requests until standard input ends."""
    # Libraries print where they like; answers have a channel of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    cv2.setNumThreads(1)
    variants = recognisers()
    print(json.dumps(sorted(variants)), file=answers, flush=True)
    frames: dict[str, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        file = request["frames"]
        if file not in frames:
            frames = {file: np.load(file, mmap_mode="r")}
        result = measured(variants[request["variant"]], frames[file], request["indices"])
        print(json.dumps(result), file=answers, flush=True)


def measured(recognise: Callable[[Any], list], frames: Any, indices: list[int]) -> list[tuple]:
    """Return milliseconds, milliseconds of processor time, and faces found of each frame."""
    costs = []
    for index in indices:
        frame = np.array(frames[index])
        began, busy = time.perf_counter(), time.process_time()
        faces = recognise(frame)
        busy, spent = time.process_time() - busy, time.perf_counter() - began
        costs.append((spent * 1e3, busy * 1e3, len(faces)))
    return costs


if __name__ == "__main__":
    main()
