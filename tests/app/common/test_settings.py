"""What whoever runs a server may set."""

import ast

import pytest

from app.common.settings import SETTINGS, Kind, Setting, in_force, problems, whole_number
from tests.samples import ROOT

HOSTING = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("setting", "number"), [("", 7), ("  ", 7), ("0", 0), (" 12 ", 12)])
def test_a_setting_counts_where_there_is_one(setting: str, number: int) -> None:
    assert whole_number({"SIZE": setting}, "SIZE", 7) == number
    assert whole_number({}, "SIZE", 7) == 7


def test_without_another_default_that_of_the_list_holds() -> None:
    assert whole_number({}, "FER_MAX_PHOTOS") == SETTINGS["FER_MAX_PHOTOS"].default == 100


@pytest.mark.parametrize("setting", ["four", "-1", "2.5", "²"])
def test_a_wrong_setting_is_named(setting: str) -> None:
    with pytest.raises(ValueError, match=r"SIZE: expected a whole number such as 4"):
        whole_number({"SIZE": setting}, "SIZE", 7)


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
    setting = Setting("TOKEN", "", kind=Kind.SECRET)
    assert in_force({}, setting) == ("not set", False)
    assert in_force({"TOKEN": "s3cret"}, setting) == ("set", True)
    guarded = {name for name, one in SETTINGS.items() if one.kind is Kind.SECRET}
    words = ("SECRET", "TOKEN", "PASSWORD", "CREDENTIAL", "_SID", "KEY", "USERNAME")
    assert {name for name in SETTINGS if any(word in name for word in words)} == guarded


def test_what_holds_is_shown_with_whether_it_was_set() -> None:
    assert in_force({}, SETTINGS["FER_MAX_PHOTOS"]) == ("100", False)
    assert in_force({"FER_MAX_PHOTOS": "7"}, SETTINGS["FER_MAX_PHOTOS"]) == ("7", True)
    assert in_force({}, SETTINGS["FER_MAX_STREAMS"]) == ("", False)


def test_every_setting_that_the_app_reads_is_listed() -> None:
    read = {
        node.value
        for file in (ROOT / "app").rglob("*.py")
        if file.name != "settings.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(("FER_", "TURN_", "TWILIO_", "CLOUDFLARE_"))
        and node.value.replace("_", "").isalnum()
    }
    assert read == SETTINGS.keys()


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_every_setting_is_documented_with_its_default(setting: Setting) -> None:
    rows = [line for line in HOSTING.splitlines() if f"`{setting.name}`" in line]
    assert rows
    if isinstance(setting.default, int):
        cells = [cell.strip() for row in rows for cell in row.split("|")]
        assert f"{setting.default:,}" in cells
