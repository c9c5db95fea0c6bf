"""When a server that takes nobody new may end."""

from app.serving.drain import Drain
from tests.app.samples import Clock


def test_a_server_that_was_not_told_to_end_never_does(clock: Clock) -> None:
    drain = Drain(clock)
    clock.seconds += 1000
    assert (drain.draining, drain.seconds_left, drain.over) == (False, None, False)


def test_it_waits_for_who_is_there_and_not_longer_than_it_may(clock: Clock) -> None:
    drain = Drain(clock)
    with drain.connection():
        drain.begin(60)
        clock.seconds += 59
        assert (drain.draining, drain.seconds_left, drain.over) == (True, 1, False)
        clock.seconds += 1
        assert (drain.seconds_left, drain.over) == (0, True)


def test_who_comes_back_at_once_is_waited_for(clock: Clock) -> None:
    drain = Drain(clock)
    with drain.connection():
        drain.begin(60)
    clock.seconds += 9.9
    assert not drain.over  # a page that is reloaded
    with drain.connection():
        clock.seconds += 30
    assert not drain.over
    clock.seconds += 10
    assert drain.over


def test_where_nobody_is_nobody_is_waited_for(clock: Clock) -> None:
    drain = Drain(clock)
    with drain.connection():
        pass
    clock.seconds += 10
    drain.begin(60)
    assert drain.over


def test_two_servers_have_two_names() -> None:
    assert Drain().server != Drain().server
