"""Whole numbers that whoever runs a server may set."""

import pytest

from app.common.settings import whole_number


@pytest.mark.parametrize(("setting", "number"), [("", 7), ("  ", 7), ("0", 0), (" 12 ", 12)])
def test_a_setting_counts_where_there_is_one(setting: str, number: int) -> None:
    assert whole_number({"SIZE": setting}, "SIZE", 7) == number
    assert whole_number({}, "SIZE", 7) == 7


@pytest.mark.parametrize("setting", ["four", "-1", "2.5"])
def test_a_wrong_setting_is_named(setting: str) -> None:
    with pytest.raises(ValueError, match=r"SIZE: expected a whole number such as 4"):
        whole_number({"SIZE": setting}, "SIZE", 7)
