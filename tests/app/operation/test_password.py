"""Who may see the operator's page."""

import pytest

from app.operation.password import ATTEMPT_SECONDS, ATTEMPTS, PasswordDoor, password_of
from tests.app.samples import Clock

RIGHT = "correct horse battery"


@pytest.mark.parametrize(
    ("setting", "password"),
    [("", ""), ("  ", ""), ("elevenchars", ""), ("twelve chars", "twelve chars"), (RIGHT, RIGHT)],
)
def test_without_a_long_password_there_is_no_page(setting: str, password: str) -> None:
    assert password_of({"FER_OPERATOR_PASSWORD": setting}) == password
    assert password_of({}) == ""


@pytest.mark.parametrize("given", ["", " ", "correct", RIGHT.upper(), RIGHT + "x", "\ud800"])
def test_only_the_right_password_opens(given: str) -> None:
    door = PasswordDoor(Clock())
    assert not door.lets_in(given, RIGHT)
    assert door.lets_in(RIGHT, RIGHT)


def test_without_a_password_nobody_gets_in() -> None:
    assert not PasswordDoor(Clock()).lets_in("", "")


def test_after_some_wrong_ones_even_the_right_one_must_wait() -> None:
    clock = Clock()
    door = PasswordDoor(clock)
    assert door.closed_seconds == 0
    for _ in range(ATTEMPTS):
        assert not door.lets_in("wrong", RIGHT)
    assert door.closed_seconds == ATTEMPT_SECONDS
    assert not door.lets_in(RIGHT, RIGHT)
    clock.seconds += ATTEMPT_SECONDS
    assert door.lets_in(RIGHT, RIGHT)


def test_nobody_tries_more_often_than_that() -> None:
    clock, tried = Clock(), 0
    door = PasswordDoor(clock)
    for _ in range(600):
        if not door.closed_seconds:
            door.lets_in("wrong", RIGHT)
            tried += 1
        clock.seconds += 1
    assert tried <= ATTEMPTS * (600 / ATTEMPT_SECONDS + 1)
