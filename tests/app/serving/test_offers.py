"""What a browser is given to keep of the files that a page offers."""

from __future__ import annotations

import base64

import pytest

from app.serving import offers
from app.serving.offers import forget_offers, offered_files, remember_offer


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers.st, "session_state", {})


def test_a_page_that_offers_nothing() -> None:
    assert offered_files() == []
    forget_offers()
    assert offered_files() == []


def test_small_kinds_are_made_and_others_are_not() -> None:
    remember_offer("a", "CSV", lambda: "ä", "a.csv", "text/csv")
    remember_offer("b", "JSON", lambda: b"{}", "b.json", "application/json")
    remember_offer("c", "All", lambda: pytest.fail("made"), "c.zip", "application/zip")
    assert [(f["label"], f["name"], f["mime"]) for f in offered_files()] == [
        ("CSV", "a.csv", "text/csv"),
        ("JSON", "b.json", "application/json"),
    ]
    assert [base64.b64decode(f["contents"]) for f in offered_files()] == ["ä".encode(), b"{}"]


def test_a_button_offers_its_last_file_and_a_new_page_none() -> None:
    for text in ("old", "new"):
        remember_offer("a", "CSV", lambda text=text: text, "a.csv", "text/csv")
    assert [base64.b64decode(f["contents"]) for f in offered_files()] == [b"new"]
    forget_offers()
    assert offered_files() == []


def test_a_file_that_cannot_be_made_does_not_take_the_others_along() -> None:
    remember_offer("a", "CSV", lambda: 1 / 0, "a.csv", "text/csv")
    remember_offer("b", "JSON", lambda: "{}", "b.json", "application/json")
    assert [f["name"] for f in offered_files()] == ["b.json"]


def test_what_is_too_much_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "_MOST_BYTES", 3)
    for name in ("a", "b"):
        remember_offer(name, "CSV", lambda: "12", f"{name}.csv", "text/csv")
    assert [f["name"] for f in offered_files()] == ["a.csv"]
