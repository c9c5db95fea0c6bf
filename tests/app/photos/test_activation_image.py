"""A map can be read without its colours, and says what they and its lines mean."""

import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np

from app.photos.activation_image import AGAINST, FOR, activation_image, activation_legend

GREY = np.full((480, 480, 3), 128, np.uint8)


def test_a_face_without_evidence_stays_grey() -> None:
    read = cv2.imdecode(
        np.frombuffer(activation_image(GREY, np.zeros((480, 480), np.float32)), np.uint8),
        cv2.IMREAD_COLOR,
    )
    assert (read == 128).all()


def test_strong_evidence_has_an_outline() -> None:
    heatmap = np.zeros((480, 480), np.float32)
    heatmap[100:300, 100:300] = 1
    picture = activation_image(GREY, heatmap)
    read = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert (read > 240).all(axis=2).any()


def test_the_legend_has_a_scale_and_both_outlines() -> None:
    drawing = ElementTree.fromstring(activation_legend("#24232A"))
    said = " ".join(drawing.itertext())
    for words in (
        "lowered most",
        "no effect",
        "raised most",
        "strongly raised",
        "strongly lowered",
    ):
        assert words in said
    stops = [e.get("stop-color") for e in drawing.iter() if e.tag.endswith("stop")]
    assert {AGAINST, FOR} == set(stops)
    lines = [e.get("stroke-dasharray") for e in drawing.iter() if e.tag.endswith("path")]
    assert lines == [None, None, "6 4", "6 4"]
