import base64
import hashlib
import hmac
import io
import json
import logging
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from app.core.server.events import WORDS
from app.live.streaming.ice import STUN, Fetch, Help, IceSource, twilio_servers

CLOUDFLARE = {"CLOUDFLARE_TURN_KEY_ID": "key", "CLOUDFLARE_TURN_KEY_API_TOKEN": " s3cret\n"}
TWILIO = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "s3cret"}
OWN = {"TURN_URLS": "turn:a.example:3478, turns:a.example:5349"}
TURN = {"urls": ["turn:relay.example"], "username": "u", "credential": "c"}


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Provider:
    """Answers with what it is given, after some seconds, and remembers who asked."""

    def __init__(self, *answers: Any, clock: Clock | None = None, takes: float = 0.0) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []
        self.clock, self.takes = clock or Clock(), takes

    def __call__(self, account: str, secret: str) -> Any:
        self.asked.append((account, secret))
        self.clock.seconds += self.takes
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def source(settings: dict[str, str], cloudflare: Fetch, clock: Clock | None = None) -> IceSource:
    clock = clock or Clock()
    return IceSource(settings, {"Cloudflare": cloudflare, "Twilio": Provider()}, clock, clock)


@pytest.mark.parametrize(
    ("settings", "help_", "servers"),
    [
        ({}, Help.STUN, list(STUN)),
        ({"FER_ICE": "local"}, Help.LOCAL, []),
        ({"FER_ICE": "local", **CLOUDFLARE}, Help.LOCAL, []),
        ({"CLOUDFLARE_TURN_KEY_ID": "half"}, Help.STUN, list(STUN)),
        (OWN, Help.TURN, [{"urls": ["turn:a.example:3478", "turns:a.example:5349"]}]),
        (
            OWN | {"TURN_USERNAME": "me", "TURN_CREDENTIAL": "pw"} | CLOUDFLARE,
            Help.TURN,
            [
                {
                    "urls": ["turn:a.example:3478", "turns:a.example:5349"],
                    "username": "me",
                    "credential": "pw",
                }
            ],
        ),
    ],
)
def test_what_needs_no_provider_asks_none(
    settings: dict[str, str], help_: Help, servers: list[Any]
) -> None:
    ice = source(settings, Provider()).current()
    assert (ice.help, ice.configuration, ice.problem) == (help_, {"iceServers": servers}, "")


@pytest.mark.parametrize(
    ("settings", "word"),
    [({}, "stun"), ({"FER_ICE": "local"}, "local"), ({"TURN_URLS": "turn:t.example"}, "own")],
)
def test_the_operator_reads_one_word_for_where_help_comes_from(
    settings: dict[str, str], word: str
) -> None:
    shared = source(settings, Provider())
    assert shared.source == ""
    shared.current()
    assert shared.source == word
    assert word in WORDS


@pytest.mark.parametrize(
    ("settings", "provider", "asked"),
    [
        (CLOUDFLARE, "Cloudflare", ("key", "s3cret")),
        (TWILIO, "Twilio", ("AC1", "s3cret")),
        (CLOUDFLARE | TWILIO, "Cloudflare", ("key", "s3cret")),
        (CLOUDFLARE | TWILIO | {"CLOUDFLARE_TURN_KEY_ID": ""}, "Twilio", ("AC1", "s3cret")),
    ],
)
def test_the_first_provider_with_an_account_is_asked(
    settings: dict[str, str], provider: str, asked: tuple[str, str]
) -> None:
    providers = {name: Provider([TURN]) for name in ("Cloudflare", "Twilio")}
    ice = IceSource(settings, providers).current()
    assert (ice.help, ice.provider) == (Help.TURN, provider)
    assert {n: p.asked for n, p in providers.items() if p.asked} == {provider: [asked]}


@pytest.mark.parametrize(
    ("answer", "servers"),
    [
        (TURN, [TURN]),
        ([{"urls": "stun:s.example"}, TURN], [{"urls": ["stun:s.example"]}, TURN]),
        (
            [{"url": "turn:relay.example", "username": "u", "credential": ""}],
            [{"urls": ["turn:relay.example"], "username": "u"}],
        ),
    ],
)
def test_servers_come_in_one_form(answer: Any, servers: list[Any]) -> None:
    ice = source(CLOUDFLARE, Provider(answer)).current()
    assert ice.configuration == {"iceServers": servers}


@pytest.mark.parametrize("takes", [0.0, 8.0])
def test_credentials_are_shared_and_never_have_less_than_an_hour_left(takes: float) -> None:
    clock = Clock()
    ask = Provider([TURN], [TURN], clock=clock, takes=takes)
    shared = source(CLOUDFLARE, ask, clock)
    assert shared.current() is shared.current()
    clock.seconds = 3600 - 0.1
    shared.current()
    assert len(ask.asked) == 1
    clock.seconds = 3600
    shared.current()
    assert len(ask.asked) == 2


@pytest.mark.parametrize(
    "answer", [TimeoutError("s3cret"), None, [], [{"urls": "stun:only.example"}]]
)
def test_a_provider_that_fails_is_named_tried_again_later_and_no_secret_told(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    clock, ask = Clock(), Provider(answer, [TURN])
    shared = source(CLOUDFLARE, ask, clock)
    with caplog.at_level(logging.DEBUG):
        ice = shared.current()
    assert (ice.help, list(ice.servers)) == (Help.STUN, list(STUN))
    assert ice.problem == "The TURN provider Cloudflare did not answer; trying without."
    assert "Cloudflare gave no TURN credentials" in caplog.text
    assert "s3cret" not in caplog.text
    assert (shared.source, shared.failed_at, shared.succeeded_at) == ("stun", 0.0, None)
    shared.current()
    assert len(ask.asked) == 1
    clock.seconds = 60
    assert shared.current().help is Help.TURN
    assert (shared.source, shared.failed_at, shared.succeeded_at) == ("cloudflare", 0.0, 60.0)


def test_the_log_names_the_error_behind_another_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def ask(account: str, secret: str) -> Any:
        try:
            raise TimeoutError(f"{account} {secret}")
        except TimeoutError:
            raise ValueError("no credentials")  # noqa: B904 - as streamlit-webrtc does

    source(CLOUDFLARE, ask).current()
    assert "Cloudflare gave no TURN credentials: TimeoutError" in caplog.text
    assert "s3cret" not in caplog.text


def test_credentials_are_not_in_the_records_text() -> None:
    ice = source(OWN | {"TURN_CREDENTIAL": "s3cret"}, Provider()).current()
    assert "s3cret" not in repr(ice)


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
    settings = OWN | {"TURN_SECRET": "s3cret", "TURN_USERNAME": "not", "TURN_CREDENTIAL": "these"}
    ices = IceSource(settings, {}, Clock(), lambda: 1_000_000.0)
    first, second = (ices.current() for _ in range(2))
    for ice in (first, second):
        [server] = ice.servers
        expiry, _, visitor = server["username"].partition(":")
        assert int(expiry) == 1_000_000 + 7200, "two hours"
        assert visitor
        signed = hmac.new(b"s3cret", server["username"].encode(), hashlib.sha1).digest()
        assert base64.b64decode(server["credential"]) == signed
        assert ice.help is Help.TURN
        assert "s3cret" not in json.dumps(ice.configuration)
        assert server["credential"] not in repr(ice)
    assert first.servers != second.servers


@pytest.mark.parametrize(
    ("settings", "relayed"),
    [
        ({"FER_ICE": "relay"}, False),
        (OWN, False),
        (OWN | {"FER_ICE": "relay"}, True),
        (OWN | {"FER_ICE": "Relay", "TURN_SECRET": "s3cret"}, True),
    ],
)
def test_everything_is_relayed_only_if_asked_for_and_there_is_a_relay(
    settings: dict[str, str], relayed: bool
) -> None:
    ice = source(settings, Provider()).current()
    assert ice.relayed == relayed
    assert ice.configuration.get("iceTransportPolicy") == ("relay" if relayed else None)


@pytest.mark.parametrize(
    ("settings", "expires"),
    [
        ({}, None),
        (OWN, None),
        (OWN | {"TURN_USERNAME": "me", "TURN_CREDENTIAL": "pw"}, None),
        (OWN | {"TURN_USERNAME": "team:me", "TURN_CREDENTIAL": "pw"}, None),
        (OWN | {"TURN_USERNAME": "1700000000:me", "TURN_CREDENTIAL": "pw"}, 1.7e9),
        (OWN | {"TURN_SECRET": "s"}, 5000 + 7200),
        (CLOUDFLARE, 5000 + 7200),
    ],
)
def test_when_the_credentials_end_is_known_where_somebody_says_so(
    settings: dict[str, str], expires: float | None
) -> None:
    ice = IceSource(settings, {"Cloudflare": Provider([TURN])}, today=lambda: 5000.0).current()
    assert ice.expires == expires
