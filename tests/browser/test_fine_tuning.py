"""A visitor fine-tunes a model on the Your data page; a script stands for the training."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from fer.evaluation.report import Report
from tests.app.own_data.samples import adaptation
from tests.browser.conftest import Open, Serve, follow, until_made
from tests.browser.servers.fine_tuning_streamlit import MODEL_VARIABLE, SIGN_VARIABLE
from tests.samples import write_copy
from training.demo_faces import demo_face


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for models, and what the training makes."""
    folder = tmp_path_factory.mktemp("fine_tuning")
    write_copy(folder / "models", "compact")
    write_copy(folder / "made", "my-faces")
    made = folder / "made" / "my-faces"
    Report.load(made).model_copy(update={"adaptation": adaptation()}).save(made)
    return folder


@pytest.fixture
def page(browser: Browser, serve: Serve, open_page: Open, material: Path) -> Page:
    env = {
        "FER_FINE_TUNING": "1",
        "FER_MODEL": str(material / "models" / "compact"),
        "FER_MODELS": str(material / "models"),
        MODEL_VARIABLE: str(material / "made" / "my-faces"),
        SIGN_VARIABLE: str(material / "sign"),
    }
    server = serve(env, module="tests.browser.servers.fine_tuning_streamlit")
    return open_page(browser, f"{server}/own_data")


def labelled_faces() -> bytes:
    """Return a ZIP with drawn faces in folders of their expressions."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for expression in ("happy", "surprise"):
            for number in range(6):
                face = demo_face(expression, np.random.default_rng([9, number]))
                data = cv2.imencode(".png", face)[1].tobytes()
                archive.writestr(f"{expression}/{expression} {number}.png", data)
    return out.getvalue()


def test_a_model_is_fine_tuned_and_answers_its_visitor_alone(
    page: Page, material: Path, browser: Browser, open_page: Open
) -> None:
    faces = {"name": "faces.zip", "mimeType": "application/zip", "buffer": labelled_faces()}
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files([faces])
    expect(page.get_by_role("figure", name="Confusion matrix")).to_be_visible()
    page.get_by_role("button", name="Teach it").click()
    page.get_by_role("button", name="Fine-tune compact").click()
    expect(page.get_by_text("round 7 of 16, about 70 seconds left")).to_be_visible()
    page.reload()
    expect(page.get_by_text("round 7 of 16")).to_be_visible()
    follow(page, "About")
    follow(page, "Your data")
    expect(page.get_by_text("round 7 of 16")).to_be_visible()
    assert not (material / "models" / "my-faces").exists()

    (material / "sign").touch()
    expect(page.get_by_text("my-faces has learnt from your faces")).to_be_visible()
    expect(page.get_by_text("Before and after", exact=True)).to_be_visible()
    page.get_by_role("button", name="Use this model").click()
    expect(page.get_by_text("my-faces answers now, on all pages")).to_be_visible()
    left = {entry.name for entry in (material / "models").iterdir()}
    assert left == {"compact", "my-faces"}
    follow(page, "Dashboard")
    expect(page.get_by_label("Compare with")).to_be_visible()
    address = page.url.partition("?")[0]
    other = open_page(browser, f"{address}?model=my-faces")
    expect(other.get_by_role("figure", name="Confusion matrix")).to_be_visible()
    until_made(other)
    expect(other.get_by_label("Compare with")).to_have_count(0)
    expect(other.get_by_text("my-faces")).to_have_count(0)
    follow(page, "Photos")
    page.get_by_role("button", name="Try it with a sample photo").click()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("radio", name="my-faces")).to_be_checked()
