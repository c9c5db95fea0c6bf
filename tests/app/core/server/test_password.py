"""Who may see the operator's page."""

import hmac

import pytest

from app.core.server.password import ATTEMPT_SECONDS, ATTEMPTS, PasswordDoor, password_of
from tests.app.samples import Clock

RIGHT = "correct horse battery"
HERE = "192.0.2.1"


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
    assert not door.lets_in(given, RIGHT, HERE)
    assert door.lets_in(RIGHT, RIGHT, HERE)


def test_without_a_password_nobody_gets_in() -> None:
    assert not PasswordDoor(Clock()).lets_in("", "", HERE)


def test_after_some_wrong_ones_even_the_right_one_must_wait() -> None:
    clock = Clock()
    door = PasswordDoor(clock)
    assert door.closed_seconds(HERE) == 0
    for _ in range(ATTEMPTS):
        assert not door.lets_in("wrong", RIGHT, HERE)
    assert door.closed_seconds(HERE) == ATTEMPT_SECONDS
    assert not door.lets_in(RIGHT, RIGHT, HERE)
    clock.seconds += ATTEMPT_SECONDS
    assert door.lets_in(RIGHT, RIGHT, HERE)


def test_nobody_tries_more_often_than_that() -> None:
    clock, tried = Clock(), 0
    door = PasswordDoor(clock)
    for _ in range(600):
        if not door.closed_seconds(HERE):
            door.lets_in("wrong", RIGHT, HERE)
            tried += 1
        clock.seconds += 1
    assert tried <= ATTEMPTS * (600 / ATTEMPT_SECONDS + 1)


@pytest.mark.parametrize("first", ["198.51.100.1", "2001:db8::1", ""])
def test_who_guesses_locks_nobody_else_out(first: str) -> None:
    door = PasswordDoor(Clock())
    for _ in range(ATTEMPTS):
        door.lets_in("wrong", RIGHT, first)
    assert door.closed_seconds(first)
    assert not door.lets_in(RIGHT, RIGHT, first)
    assert door.lets_in(RIGHT, RIGHT, HERE)
    assert door.lets_in(RIGHT, RIGHT, "2001:db8:0:1::1")


def test_all_addresses_of_a_network_are_one_visitor() -> None:
    door = PasswordDoor(Clock())
    for number in range(ATTEMPTS):
        door.lets_in("wrong", RIGHT, f"2001:db8::{number}")
    assert door.closed_seconds("2001:db8::ffff:1")


def test_however_many_guess_memory_is_bounded() -> None:
    door = PasswordDoor(Clock())
    for number in range(3000):
        door.lets_in("wrong", RIGHT, f"10.0.{number // 256}.{number % 256}")
    assert len(door._wrong) <= 1000


def test_the_fifth_wrong_one_in_a_minute_closes_the_door_until_the_minute_is_over() -> None:
    clock = Clock()
    door = PasswordDoor(clock)
    for wrong in range(5):
        assert door.lets_in(RIGHT, RIGHT, HERE), wrong
        door.lets_in("wrong", RIGHT, HERE)
    for seconds, opens in ((0, False), (59, False), (1, True)):
        clock.seconds += seconds
        assert door.lets_in(RIGHT, RIGHT, HERE) == opens


def test_the_time_of_a_comparison_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert PasswordDoor(Clock()).lets_in("wrong", RIGHT, HERE), "nothing else compares"
    assert [list(map(len, pair)) for pair in compared] == [[32, 32]]
