"""Worker process of `benchmarks.peer`: runs in an environment with the PyPI package ``fer``.

That environment's Python runs it as a script. It imports nothing from this project, whose own
package has the same name. Each request is a line of JSON on standard input, and each response is
one on standard output.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

# The libraries read these when they are imported.
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
    """Return the variants by name; each takes a BGR frame and returns a record per face."""
    package = importlib.import_module("fer.fer")
    default = package.FER(mtcnn=False)
    with_keras = package.FER(mtcnn=False, use_tflite=False)
    with_predict = package.FER(mtcnn=False, use_tflite=False)
    network = with_predict._FER__emotion_classifier
    # Most scripts and tutorials call `predict`; the package itself calls the model as a function.
    with_predict._classify_emotions = lambda faces: network.predict(faces, verbose=0)
    return {
        "tflite": default.detect_emotions,
        "keras": with_keras.detect_emotions,
        "predict": with_predict.detect_emotions,
    }


def main() -> None:
    """Answer requests until standard input ends."""
    # Libraries may print to standard output. Responses use a duplicate of it, and everything else
    # goes to standard error.
    responses = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    cv2.setNumThreads(1)
    variants = recognisers()
    print(json.dumps(sorted(variants)), file=responses, flush=True)
    frames: dict[str, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        file = request["frames"]
        if file not in frames:
            frames = {file: np.load(file, mmap_mode="r")}
        result = measure(variants[request["variant"]], frames[file], request["indices"])
        print(json.dumps(result), file=responses, flush=True)


def measure(recognise: Callable[[Any], list], frames: Any, indices: list[int]) -> list[tuple]:
    """Return milliseconds, milliseconds of CPU time, and number of faces found for each frame."""
    costs = []
    for index in indices:
        frame = np.array(frames[index])
        started, cpu_started = time.perf_counter(), time.process_time()
        faces = recognise(frame)
        cpu_seconds = time.process_time() - cpu_started
        seconds = time.perf_counter() - started
        costs.append((seconds * 1e3, cpu_seconds * 1e3, len(faces)))
    return costs


if __name__ == "__main__":
    main()
