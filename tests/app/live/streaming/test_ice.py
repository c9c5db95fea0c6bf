import json
import logging
import urllib.request
from typing import Any

import pytest

from app.live.streaming.ice import LIFETIME_SECONDS, STUN, Help, IceSource

CLOUDFLARE = {"CLOUDFLARE_TURN_KEY_ID": "key/1", "CLOUDFLARE_TURN_KEY_API_TOKEN": "s3cret"}
TWILIO = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "s3cret"}
OWN = {"TURN_URLS": "turn:a.example:3478, turns:a.example:5349"}
TURN = {"urls": ["turn:relay.example"], "username": "u", "credential": "c"}


class Provider:
    """Answers with what it is given, and remembers the requests."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[urllib.request.Request] = []

    def __call__(self, request: urllib.request.Request) -> Any:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


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
    ice = IceSource(settings, Provider()).current()
    assert (ice.help, ice.configuration, ice.problem) == (help_, {"iceServers": servers}, "")


@pytest.mark.parametrize(
    ("settings", "provider", "answer"),
    [
        (CLOUDFLARE, "Cloudflare", {"iceServers": [{"urls": ["stun:s.example"]}, TURN]}),
        (CLOUDFLARE, "Cloudflare", {"iceServers": TURN}),
        (TWILIO, "Twilio", {"ice_servers": [{"url": "turn:relay.example", "username": "u"}]}),
    ],
)
def test_a_providers_servers_are_used(settings: dict[str, str], provider: str, answer: Any) -> None:
    ask = Provider(answer)
    ice = IceSource(settings, ask).current()
    assert (ice.help, ice.provider) == (Help.TURN, provider)
    assert any("turn:relay.example" in s["urls"] for s in ice.configuration["iceServers"])
    assert ask.requests[0].get_method() == "POST"


def test_requests_say_who_asks_and_for_how_long() -> None:
    ask = Provider({"iceServers": TURN}, {"ice_servers": [TURN]})
    IceSource(CLOUDFLARE, ask).current()
    IceSource(TWILIO, ask).current()
    cloudflare, twilio = ask.requests
    assert "keys/key%2F1/credentials" in cloudflare.full_url
    assert cloudflare.get_header("Authorization") == "Bearer s3cret"
    assert json.loads(cloudflare.data or b"") == {"ttl": LIFETIME_SECONDS}
    assert twilio.full_url.endswith("/Accounts/AC1/Tokens.json")
    assert (twilio.get_header("Authorization") or "").startswith("Basic ")


def test_credentials_are_shared_and_renewed_before_they_end() -> None:
    clock, ask = Clock(), Provider({"iceServers": TURN}, {"iceServers": TURN})
    source = IceSource(CLOUDFLARE, ask, clock)
    assert source.current() is source.current()
    clock.seconds = LIFETIME_SECONDS - 1800
    source.current()
    assert len(ask.requests) == 2


@pytest.mark.parametrize(
    "answer", [TimeoutError("s3cret"), {}, {"iceServers": [{"urls": "stun:only.example"}]}]
)
def test_a_provider_that_fails_is_named_tried_again_later_and_no_secret_told(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    clock, ask = Clock(), Provider(answer, {"iceServers": TURN})
    source = IceSource(CLOUDFLARE, ask, clock)
    with caplog.at_level(logging.DEBUG):
        ice = source.current()
    assert (ice.help, list(ice.servers)) == (Help.STUN, list(STUN))
    assert ice.problem == "The TURN provider Cloudflare did not answer; trying without."
    assert "s3cret" not in caplog.text
    source.current()
    assert len(ask.requests) == 1
    clock.seconds = 61
    assert source.current().help is Help.TURN


def test_credentials_are_not_in_the_records_text() -> None:
    ice = IceSource(OWN | {"TURN_CREDENTIAL": "s3cret"}, Provider()).current()
    assert "s3cret" not in repr(ice)
