"""Which servers help to connect, and what a TURN server that fails is told to be.

There is a real one in tests/browser/hosting.
"""

import base64
import hashlib
import hmac
import io
import json
import logging
import urllib.parse
import urllib.request
from typing import Any
from unittest.mock import Mock

import pytest
from aioice.stun import Class, Message, Method, TransactionFailed, TransactionTimeout

from app.core.server.events import WORDS
from app.live.streaming.turn import (
    STUN,
    Help,
    Ice,
    IceSource,
    RelayCheck,
    RelayState,
    twilio_servers,
)
from tests.app.samples import Clock

CLOUDFLARE = {"CLOUDFLARE_TURN_KEY_ID": "key", "CLOUDFLARE_TURN_KEY_API_TOKEN": " s3cret\n"}
TWILIO = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "s3cret"}
OWN = {"TURN_URLS": "turn:a.example:3478, turns:a.example:5349"}
OWN_SERVER = {"urls": ["turn:a.example:3478", "turns:a.example:5349"]}
ME = {"TURN_USERNAME": "me", "TURN_CREDENTIAL": "pw"}
MINE = {"username": "me", "credential": "pw"}
EXPIRING = {"TURN_USERNAME": "1700000000:me"}
TURN_URL = "turn:relay.example"
TURN = {"urls": [TURN_URL], "username": "u", "credential": "c"}


def source(settings: dict[str, str], ask: Any = None, clock: Any = None) -> IceSource:
    clock = clock or Clock()
    return IceSource(settings, {"Cloudflare": ask, "Twilio": ask}, clock, clock)


@pytest.mark.parametrize(
    ("settings", "help_", "servers", "word", "expires"),
    [
        ({}, Help.STUN, list(STUN), "stun", None),
        ({"FER_ICE": "local", **CLOUDFLARE}, Help.LOCAL, [], "local", None),
        ({"CLOUDFLARE_TURN_KEY_ID": "half"}, Help.STUN, list(STUN), "stun", None),
        (OWN, Help.TURN, [OWN_SERVER], "own", None),
        (OWN | ME | CLOUDFLARE, Help.TURN, [OWN_SERVER | MINE], "own", None),
        (OWN | EXPIRING, Help.TURN, [OWN_SERVER | {"username": "1700000000:me"}], "own", 1.7e9),
    ],
)
def test_what_needs_no_provider_asks_none(
    settings: dict[str, str], help_: Help, servers: list[Any], word: str, expires: float | None
) -> None:
    shared = source(settings)
    assert shared.source == ""
    ice = shared.current()
    assert (ice.help, ice.configuration, ice.problem) == (help_, {"iceServers": servers}, "")
    assert (shared.source, ice.expires, word in WORDS) == (word, expires, True)
    assert "pw" not in repr(ice)


def test_the_first_provider_with_an_account_is_asked() -> None:
    both = CLOUDFLARE | TWILIO
    for settings, provider, asked in (
        (both, "Cloudflare", ("key", "s3cret")),
        (both | {"CLOUDFLARE_TURN_KEY_ID": ""}, "Twilio", ("AC1", "s3cret")),
    ):
        ask = Mock(return_value=[TURN])
        ice = source(settings, ask).current()
        assert (ice.help, ice.provider) == (Help.TURN, provider)
        ask.assert_called_once_with(*asked)
        assert ice.expires == 1000 + 7200


@pytest.mark.parametrize(
    ("answer", "servers"),
    [
        (TURN, [TURN]),
        ([{"urls": "stun:s.example"}, TURN], [{"urls": ["stun:s.example"]}, TURN]),
        ([{"url": TURN_URL, "credential": ""}], [{"urls": [TURN_URL]}]),
    ],
)
def test_servers_come_in_one_form(answer: Any, servers: list[Any]) -> None:
    ice = source(CLOUDFLARE, lambda *_: answer).current()
    assert ice.configuration == {"iceServers": servers}


@pytest.mark.parametrize("takes", [0.0, 8.0])
def test_credentials_are_shared_for_an_hour(takes: float, clock: Clock) -> None:
    def answer(*_: str) -> list[Any]:
        clock.seconds += takes
        return [TURN]

    ask = Mock(side_effect=answer)
    shared = source(CLOUDFLARE, ask, clock)
    assert shared.current() is shared.current()
    clock.seconds = 4600 - 0.1
    shared.current()
    assert ask.call_count == 1
    clock.seconds = 4600
    shared.current()
    assert ask.call_count == 2


@pytest.mark.parametrize(
    "answer", [TimeoutError("s3cret"), None, [], [{"urls": "stun:only.example"}]]
)
def test_a_failure_is_named(answer: Any, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    ask = Mock(side_effect=[answer, [TURN]])
    shared = source(CLOUDFLARE, ask, clock)
    with caplog.at_level(logging.DEBUG):
        ice = shared.current()
    assert (ice.help, list(ice.servers)) == (Help.STUN, list(STUN))
    assert ice.problem == "The TURN provider Cloudflare did not answer; trying without."
    assert "Cloudflare gave no TURN credentials" in caplog.text
    assert "s3cret" not in caplog.text
    assert (shared.source, shared.failed_at, shared.succeeded_at) == ("stun", 1000, None)
    shared.current()
    assert ask.call_count == 1
    clock.seconds += 60
    assert shared.current().help is Help.TURN
    assert (shared.source, shared.failed_at, shared.succeeded_at) == ("cloudflare", 1000, 1060)


def test_twilio_is_told_who_asks_and_for_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[urllib.request.Request, float]] = []

    def answer(request: urllib.request.Request, timeout: float) -> io.BytesIO:
        sent.append((request, timeout))
        return io.BytesIO(json.dumps({"ice_servers": [TURN]}).encode())

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    assert twilio_servers("AC/1", "s3cret") == [TURN]
    ((request, timeout),) = sent
    assert request.full_url.endswith("/Accounts/AC%2F1/Tokens.json")
    assert request.get_method() == "POST"
    assert request.get_header("Authorization") == "Basic QUMvMTpzM2NyZXQ="
    assert urllib.parse.parse_qs(request.data) == {b"Ttl": [b"7200"]}
    assert 0 < timeout <= 10


def test_every_visit_gets_credentials_of_its_own_from_a_shared_secret() -> None:
    shared = source(OWN | ME | {"TURN_SECRET": "s3cret"})
    first, second = (shared.current() for _ in range(2))
    for ice in (first, second):
        [server] = ice.servers
        expiry, _, visitor = server["username"].partition(":")
        assert int(expiry) == ice.expires == 1000 + 7200, "two hours"
        assert visitor
        signed = hmac.new(b"s3cret", server["username"].encode(), hashlib.sha1).digest()
        assert base64.b64decode(server["credential"]) == signed
        assert ice.help is Help.TURN
        assert "s3cret" not in json.dumps(ice.configuration)
        assert server["credential"] not in repr(ice)
    assert first.servers != second.servers


@pytest.mark.parametrize(
    ("settings", "relayed"),
    [({"FER_ICE": "relay"}, False), (OWN, False), (OWN | {"FER_ICE": "Relay"}, True)],
)
def test_all_is_relayed_if_asked_for(settings: dict[str, str], relayed: bool) -> None:
    ice = source(settings).current()
    assert ice.relayed == relayed
    assert ice.configuration.get("iceTransportPolicy") == ("relay" if relayed else None)


def refusal(code: int) -> TransactionFailed:
    message = Message(Method.ALLOCATE, Class.ERROR)
    message.attributes["ERROR-CODE"] = (code, "no")
    return TransactionFailed(message)


@pytest.mark.parametrize(
    ("servers", "first"),
    [
        ((), None),
        (STUN, None),
        ((*STUN, TURN), "turn:relay.example"),
        (({**TURN, "urls": ["stun:b", "turns:b", "turn:c"]},), "turns:b"),
    ],
)
def test_the_first_turn_is_asked(servers: tuple[dict[str, Any], ...], first: str | None) -> None:
    ice = Ice(Help.TURN, servers)
    assert ice.turn == (first and TURN | {"urls": [first]})
    if not first:
        assert RelayCheck(Mock(side_effect=AssertionError)).state(ice) is None, "nobody is asked"


@pytest.mark.parametrize(
    ("answer", "expires", "state"),
    [
        (None, None, RelayState.WORKS),
        (None, 999.0, RelayState.WORKS),  # its clock may be late
        (refusal(401), None, RelayState.REFUSED),
        (refusal(401), 1001.0, RelayState.REFUSED),
        (refusal(401), 1000.0, RelayState.EXPIRED),
        (refusal(486), 999.0, RelayState.FULL),
        (refusal(508), None, RelayState.FULL),
        (TransactionTimeout(), None, RelayState.UNREACHABLE),
        (TimeoutError(), None, RelayState.UNREACHABLE),
        (ValueError("malformed uri"), None, RelayState.UNREACHABLE),
    ],
)
def test_what_an_answer_means(
    answer: Exception | None, expires: float | None, state: RelayState
) -> None:
    check = RelayCheck(Mock(side_effect=[answer]), today=lambda: 1000.0)
    assert check.state(Ice(Help.TURN, (TURN,), expires=expires)) is state


def test_an_answer_holds_for_a_while_and_for_servers_that_were_replaced(clock: Clock) -> None:
    check = RelayCheck(Mock(side_effect=[refusal(401), None]), clock)
    assert check.state(Ice(Help.TURN, (TURN,))) is RelayState.REFUSED
    clock.seconds += 29
    assert check.state(Ice(Help.TURN, (TURN,))) is RelayState.REFUSED
    clock.seconds += 1
    assert check.state(Ice(Help.TURN, (TURN,))) is RelayState.WORKS
