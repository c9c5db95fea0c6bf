"""The theme file says the same as the code, and can be read."""

import tomllib
from typing import Any

import pytest

from app.core.layout import _LIGHT_INK
from app.core.settings import MAX_PHOTOS_MB, MAX_VIDEO_MB
from fer.images import MAX_BYTES
from fer.labels import COLOURS
from tests.samples import ROOT

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
THEMES = ("light", "dark")

#: Streamlit shows captions with this share of the text's opacity.
CAPTION = 0.6


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#RRGGBB`` (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def faded(colour: str, ground: str, share: float) -> str:
    mixed = [
        round(int(colour[i : i + 2], 16) * share + int(ground[i : i + 2], 16) * (1 - share))
        for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in mixed)


@pytest.fixture(params=THEMES)
def theme(request: pytest.FixtureRequest) -> dict[str, Any]:
    return CONFIG["theme"][request.param]


@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_text_can_be_read(theme: dict[str, Any], ground: str) -> None:
    assert contrast(theme["textColor"], theme[ground]) >= 7
    assert contrast(theme["linkColor"], theme[ground]) >= 4.5


def test_captions_and_buttons_can_be_read_and_seen(theme: dict[str, Any]) -> None:
    ground = theme["backgroundColor"]
    assert contrast(faded(theme["textColor"], ground, CAPTION), ground) >= 4.5
    assert contrast("#ffffff", theme["primaryColor"]) >= 4.5
    assert contrast(theme["primaryColor"], theme["backgroundColor"]) >= 3


def test_the_configuration_says_the_same_as_the_code() -> None:
    assert contrast(_LIGHT_INK, CONFIG["theme"]["light"]["backgroundColor"]) >= 4.5
    # Kept for a moment when the theme changes under a chart.
    assert contrast(_LIGHT_INK, CONFIG["theme"]["dark"]["backgroundColor"]) >= 3
    assert CONFIG["theme"]["chartCategoricalColors"] == list(COLOURS.values())
    largest = CONFIG["server"]["maxUploadSize"]
    assert largest == MAX_PHOTOS_MB.number({})
    assert largest >= max(MAX_VIDEO_MB.number({}), MAX_BYTES / 2**20)
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"
