"""Analyse a recording with the PyPI package ``fer``, in whose environment this runs as a script.

``python video_peer_worker.py FILE FOLDER``: every frame, and the video with the faces marked, as
the package does by default. It imports nothing from this project, whose package has the same name.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


def main() -> None:
    """Analyse the recording that the command line names."""
    recording, folder = (os.path.abspath(argument) for argument in sys.argv[1:])
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    # It closes windows that it has not opened, which an OpenCV without windows refuses.
    vision: Any = importlib.import_module("cv2")
    vision.destroyAllWindows, vision.waitKey = lambda: None, lambda delay: -1
    package = importlib.import_module("fer.fer")
    videos = importlib.import_module("fer.classes")
    video = videos.Video(recording, outdir=folder)
    video.analyze(package.FER(mtcnn=False), display=False, save_frames=False, zip_images=False)


if __name__ == "__main__":
    main()
