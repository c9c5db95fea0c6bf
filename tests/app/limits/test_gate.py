"""A server that is full, or not set up correctly, as a visitor meets it."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from app.limits import gate
from tests.app.samples import Upload, png


@pytest.fixture(autouse=True)
def _fresh_server() -> Iterator[None]:
    shared = (gate._wrong_settings, gate._admission, gate._upload_rate)
    for one in shared:
        one.clear()
    yield
    for one in shared:
        one.clear()


def words(page: AppTest) -> str:
    said = (*page.title, *page.markdown, *page.caption, *page.error, *page.warning)
    return "\n".join(str(element.value) for element in said).replace("\\", "")


def test_a_full_server_says_so_and_opens_when_there_is_a_place(
    monkeypatch: pytest.MonkeyPatch, page: AppTest
) -> None:
    monkeypatch.setenv("FER_MAX_SESSIONS", "0")
    gate._admission.clear()
    page.run()
    assert "Everybody is here at once" in words(page)
    assert not page.title
    assert not page.exception
    gate._admission().most = 1
    page.run()
    assert page.title[0].value == "Read the expressions in a photo"


def test_a_wrong_setting_is_told_in_words(monkeypatch: pytest.MonkeyPatch, page: AppTest) -> None:
    monkeypatch.setenv("FER_MAX_PHOTOS", "many")
    gate._wrong_settings.clear()
    page.run()
    assert not page.exception
    assert "FER_MAX_PHOTOS: expected a whole number such as 4, got 'many'" in words(page)


def test_files_that_come_too_fast_are_told(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_MAX_UPLOADS_A_MINUTE", "2")
    page = upload(*[(f"{n}.png", png(seed=n)) for n in range(3)])
    assert page.metric[0].value == "2"
    assert "2.png was not added: this server takes 2 files a minute" in words(page)


@pytest.mark.parametrize("place", ["collection", "video", "own_data"])
def test_no_page_takes_more(page: AppTest, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("FER_MAX_UPLOADS_A_MINUTE", "0")
    page.switch_page(f"app/pages/{place}.py").run()
    given = [("a.png", png(), "")]
    page.file_uploader[0].set_value(given[0] if place == "video" else given)
    page.run()
    assert not page.exception
    assert "was not added: this server takes no uploads" in words(page)
