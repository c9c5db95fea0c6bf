"""What a TURN server that fails is told to be. There is a real one in tests/browser/hosting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from aioice.stun import Class, Message, Method, TransactionFailed, TransactionTimeout

from app.live.streaming.ice import STUN, Help, Ice, Server
from app.live.streaming.relay import RelayCheck, RelayState, allocate, first_turn
from tests.app.samples import Clock
from tests.browser.server import free_port

OWN: Server = {"urls": ["turn:a.example"], "username": "u", "credential": "c"}


def refusal(code: int) -> TransactionFailed:
    message = Message(Method.ALLOCATE, Class.ERROR)
    message.attributes["ERROR-CODE"] = (code, "no")
    return TransactionFailed(message)


class Turn:
    """Is asked for a relay, and raises what it is given."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)

    def __call__(self, server: Server) -> None:
        answer = self.answers.pop(0)
        if answer:
            raise answer


@pytest.mark.parametrize(
    ("servers", "first"),
    [
        ((), None),
        (STUN, None),
        ((*STUN, OWN), OWN),
        (
            ({**OWN, "urls": ["stun:b.example", "turns:b.example", "turn:c.example"]},),
            "turns:b.example",
        ),
    ],
)
def test_the_first_turn_address_is_asked(servers: tuple[Server, ...], first: object) -> None:
    found = first_turn(Ice(Help.TURN, servers))
    assert found == (OWN | {"urls": [first]} if isinstance(first, str) else first)


def test_without_a_turn_server_nobody_is_asked() -> None:
    assert RelayCheck(Turn()).state(Ice(Help.STUN, STUN)) is None


@pytest.mark.parametrize(
    ("answer", "expires", "state"),
    [
        (None, None, RelayState.WORKS),
        (None, 999.0, RelayState.WORKS),  # its clock may be late
        (refusal(401), None, RelayState.REFUSED),
        (refusal(401), 1001.0, RelayState.REFUSED),
        (refusal(401), 1000.0, RelayState.EXPIRED),
        (refusal(403), None, RelayState.REFUSED),
        (refusal(486), 999.0, RelayState.FULL),
        (refusal(508), None, RelayState.FULL),
        (TransactionTimeout(), None, RelayState.UNREACHABLE),
        (TimeoutError(), None, RelayState.UNREACHABLE),
        (ConnectionRefusedError(), None, RelayState.UNREACHABLE),
        (ValueError("malformed uri"), None, RelayState.UNREACHABLE),
    ],
)
def test_what_an_answer_means(
    answer: Exception | None, expires: float | None, state: RelayState
) -> None:
    check = RelayCheck(Turn(answer), today=lambda: 1000.0)
    assert check.state(Ice(Help.TURN, (OWN,), expires=expires)) is state


def test_an_answer_holds_for_a_while_and_for_servers_that_were_replaced(clock: Clock) -> None:
    check = RelayCheck(Turn(refusal(401), None), clock)
    assert check.state(Ice(Help.TURN, (OWN,))) is RelayState.REFUSED
    clock.seconds += 29
    assert check.state(Ice(Help.TURN, (OWN,))) is RelayState.REFUSED
    clock.seconds += 1
    assert check.state(Ice(Help.TURN, (OWN,))) is RelayState.WORKS


def on_a_thread(server: Server) -> None:
    """Ask as a visitor's page does. A browser's test may have left an event loop on this one."""
    with ThreadPoolExecutor() as pool:
        pool.submit(allocate, server).result()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_port_where_nobody_is(transport: str) -> None:
    server = OWN | {"urls": [f"turn:127.0.0.1:{free_port()}?transport={transport}"]}
    with pytest.raises((OSError, TimeoutError)):
        on_a_thread(server)


def test_an_address_that_is_none() -> None:
    with pytest.raises(ValueError, match="malformed"):
        on_a_thread(OWN | {"urls": ["turn:"]})
