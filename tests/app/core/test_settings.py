"""What whoever runs a server may set."""

import ast
import re

import pytest

from app.core.settings import MAX_PHOTOS, SETTINGS, Kind, Setting, problems
from tests.samples import ROOT

SIZE = Setting("SIZE", "")


@pytest.mark.parametrize(("setting", "number"), [("", 7), ("  ", 7), ("0", 0), (" 12 ", 12)])
def test_a_setting_counts_where_there_is_one(setting: str, number: int) -> None:
    assert SIZE.number({"SIZE": setting}, 7) == number
    assert SIZE.number({}, 7) == 7


def test_its_own_default_holds_before_another() -> None:
    assert MAX_PHOTOS.number({}) == MAX_PHOTOS.number({}, 7) == MAX_PHOTOS.default == 500
    assert Setting("PLACE", "", "here").text({"PLACE": " "}) == "here"
    assert Setting("PLACE", "", "here").text({"PLACE": " there "}) == "there"


@pytest.mark.parametrize("setting", ["four", "-1", "²"])
def test_a_wrong_setting_is_named(setting: str) -> None:
    with pytest.raises(ValueError, match=r"SIZE: expected a whole number such as 4"):
        SIZE.number({"SIZE": setting}, 7)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, []),
        ({"FER_MAX_STREAMS": "", "FER_ICE": " Relay ", "PATH": "x"}, []),
        ({"FER_ICE": "lan"}, ["FER_ICE: expected local or relay, got 'lan'"]),
        ({"FER_MAX_FACES": "-1"}, ["FER_MAX_FACES: expected a whole number such as 4, got '-1'"]),
        ({"FER_LOG": "xml", "FER_MAX_STREAMS": "x"}, ["FER_MAX_STREAMS: ", "FER_LOG: "]),
    ],
)
def test_all_that_is_wrong_is_told(settings: dict[str, str], says: list[str]) -> None:
    found = problems(settings)
    assert len(found) == len(says)
    assert all(one.startswith(start) for one, start in zip(found, says, strict=True))


def test_a_secret_is_never_shown() -> None:
    guarded = {name for name, one in SETTINGS.items() if one.kind is Kind.SECRET}
    words = ("SECRET", "TOKEN", "PASSWORD", "CREDENTIAL", "_SID", "KEY", "USERNAME")
    assert {name for name in SETTINGS if any(word in name for word in words)} == guarded


def test_settings_are_named_in_the_table_alone() -> None:
    elsewhere = {
        (file.name, node.value)
        for file in [*(ROOT / "app").rglob("*.py"), *ROOT.glob("*.py")]
        if file.name != "settings.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch("(FER|TURN|TWILIO|CLOUDFLARE)_[A-Z_]+", node.value)
    }
    assert not elsewhere


def test_every_setting_is_read() -> None:
    files = [*(ROOT / "app").rglob("*.py"), ROOT / "serve.py"]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    names = {name: name.removeprefix("FER_") for name in SETTINGS}
    unread = [n for n, const in names.items() if not re.search(rf"\b{const}\b(?! =|\")", source)]
    assert unread == []
