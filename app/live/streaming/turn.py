"""STUN and TURN servers that connect browser and server, and how they are. No Streamlit.

Secrets are sent to their provider only: they appear in no log, page or error.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from secrets import token_hex
from typing import Any

from aioice.stun import TransactionError, TransactionFailed
from aioice.turn import create_turn_endpoint
from aiortc.rtcicetransport import parse_stun_turn_uri

from app.core.server.events import log_event
from app.core.settings import (
    CLOUDFLARE_TURN_KEY_API_TOKEN,
    CLOUDFLARE_TURN_KEY_ID,
    ICE,
    TURN_CREDENTIAL,
    TURN_SECRET,
    TURN_URLS,
    TURN_USERNAME,
    TWILIO_ACCOUNT_SID,
    TWILIO_AUTH_TOKEN,
)

_log = logging.getLogger(__name__)

#: Values of the setting `ICE`: no outside servers (this machine and its own network only), or
#: everything through the TURN server, for servers that nobody can reach directly.
LOCAL, RELAY = "local", "relay"

STUN = ({"urls": ["stun:stun.l.google.com:19302"]},)

#: Seconds: lifetime of credentials (the one that streamlit-webrtc requests of Cloudflare), the
#: rest of it that a new connection needs, and pause after a failed request.
LIFETIME_SECONDS, _RESERVE_SECONDS, _RETRY_SECONDS = 2 * 3600, 3600, 60

#: Seconds that a provider has to answer, and a TURN server, whose answer holds for a while.
_PROVIDER_SECONDS, _TURN_SECONDS, _HOLDS_SECONDS = 5, 3.0, 30.0

#: Codes of a server that has no room: allocation quota reached, insufficient capacity (RFC 8656).
_FULL = (486, 508)

#: Settings with each provider's account and secret. The first provider that has both is used.
_ACCOUNTS = {
    "Cloudflare": (CLOUDFLARE_TURN_KEY_ID, CLOUDFLARE_TURN_KEY_API_TOKEN),
    "Twilio": (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN),
}

Server = dict[str, Any]


class Help(Enum):
    """Kind of server that helps a connection, as `app.core.server.events` names it."""

    TURN = "turn"
    STUN = "stun"
    LOCAL = "local"


@dataclass(frozen=True)
class Ice:
    """The servers for one connection."""

    help: Help
    #: In the format of `RTCPeerConnection`; they hold credentials and must not be logged.
    servers: Sequence[Server] = field(repr=False)
    #: Name of the provider, and description of a failure, both for display.
    provider: str = ""
    problem: str = ""
    #: Whether everything goes through the TURN server.
    relayed: bool = False
    #: When the credentials end, in seconds since 1970; None if that is not known.
    expires: float | None = None

    @property
    def configuration(self) -> dict[str, Any]:
        """The `RTCConfiguration` of the browser and of the server."""
        policy = {"iceTransportPolicy": "relay"} if self.relayed else {}
        return {"iceServers": list(self.servers), **policy}

    @property
    def turn(self) -> Server | None:
        """The first TURN address with its credentials, the one that aiortc uses too."""
        turns = ((s, url) for s in self.servers for url in s["urls"] if url.startswith("turn"))
        return next(({**server, "urls": [url]} for server, url in turns), None)


class IceSource:
    """Caches credentials for all visitors and renews them in time. Thread-safe.

    The providers, by name, fetch servers with an account and its secret, and may raise anything.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        providers: Mapping[str, Callable[[str, str], Any]],
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], float] = time.time,
    ) -> None:
        self._settings = {name: value.strip() for name, value in settings.items()}
        self._providers = providers
        self._clock, self._today = clock, today
        self._lock = threading.Lock()
        self._ice: Ice | None = None
        self._good_until = -1.0
        #: Seconds since 1970: when a provider's credentials last came, and when they did not.
        self.succeeded_at: float | None = None
        self.failed_at: float | None = None

    def current(self) -> Ice:
        """Return servers with credentials that last long enough for a new connection."""
        with self._lock:
            if self._ice is None or self._clock() >= self._good_until:
                requested_at = self._clock()  # credentials age while the response is on its way
                ice, seconds = self._make()
                wanted = ICE.text(self._settings).lower() == RELAY
                self._ice = replace(ice, relayed=wanted and ice.help is Help.TURN)
                self._good_until = requested_at + seconds
            return self._ice

    @property
    def source(self) -> str:
        """A relay as `app.core.server.events` names it; empty before the first visitor."""
        with self._lock:
            ice = self._ice
        if ice is None or ice.help is not Help.TURN:
            return "" if ice is None else ice.help.value
        return ice.provider.lower() if ice.provider in self._providers else "own"

    def _make(self) -> tuple[Ice, float]:
        """Return servers and the number of seconds for which new connections may use them."""
        if ICE.text(self._settings).lower() == LOCAL:
            return Ice(Help.LOCAL, ()), float("inf")
        if own := _own_server(self._settings, self._today()):
            # With a shared secret, every visit gets credentials of its own.
            seconds = 0.0 if TURN_SECRET.text(self._settings) else float("inf")
            expiry, colon, _ = own.get("username", "").partition(":")  # where its name says so
            expires = float(expiry) if colon and expiry.isdecimal() else None
            return Ice(Help.TURN, (own,), "your own server", expires=expires), seconds
        for provider, accounts in _ACCOUNTS.items():
            account, secret = (one.text(self._settings) for one in accounts)
            if account and secret:
                return self._fetched(provider, account, secret)
        return Ice(Help.STUN, STUN, "Google"), float("inf")

    def _fetched(self, provider: str, account: str, secret: str) -> tuple[Ice, float]:
        requested = self._today()
        try:
            servers = _servers(self._providers[provider](account, secret))
        except Exception as error:
            # The message may quote the request, so only the type is logged. streamlit-webrtc raises
            # the same type for every failure, so the type of the cause says more.
            kind = type(error.__context__ or error).__name__
            _log.warning("%s gave no TURN credentials: %s", provider, kind)
            log_event("turn_failed", reason=provider.lower())
            self.failed_at = self._today()
            problem = f"The TURN provider {provider} did not answer; trying without."
            return Ice(Help.STUN, STUN, "Google", problem), _RETRY_SECONDS
        self.succeeded_at = self._today()
        ice = Ice(Help.TURN, servers, provider, expires=requested + LIFETIME_SECONDS)
        return ice, LIFETIME_SECONDS - _RESERVE_SECONDS


def _own_server(settings: Mapping[str, str], now: float) -> Server | None:
    """Return the server that the settings name; None if they name none.

    With a shared secret, the user's name says when the credentials expire, and the password is its
    signature (draft-uberti-behave-turn-rest-00; coturn calls it ``use-auth-secret``).
    """
    urls = [url.strip() for url in TURN_URLS.text(settings).split(",") if url.strip()]
    if not urls:
        return None
    user, password = TURN_USERNAME.text(settings), TURN_CREDENTIAL.text(settings)
    if secret := TURN_SECRET.text(settings):
        user = f"{int(now) + LIFETIME_SECONDS}:{token_hex(8)}"
        signature = hmac.digest(secret.encode(), user.encode(), "sha1")
        password = base64.b64encode(signature).decode()
    credentials = {"username": user, "credential": password}
    return {"urls": urls, **{name: value for name, value in credentials.items() if value}}


def twilio_servers(account: str, token: str) -> Any:
    """Fetch TURN servers from Twilio with credentials that are valid for `LIFETIME_SECONDS`.

    That of streamlit-webrtc needs the package twilio, and keeps credentials for their whole
    lifetime. Raises any exception if there is no usable response.
    """
    secret = base64.b64encode(f"{account}:{token}".encode()).decode()
    request = urllib.request.Request(
        "https://api.twilio.com/2010-04-01/Accounts/"
        f"{urllib.parse.quote(account, safe='')}/Tokens.json",
        data=urllib.parse.urlencode({"Ttl": LIFETIME_SECONDS}).encode(),
        headers={"Authorization": f"Basic {secret}", "User-Agent": "fer-lens"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=_PROVIDER_SECONDS) as answer:
        return json.load(answer)["ice_servers"]


def _servers(found: Any) -> Sequence[Server]:
    """Convert the servers of either provider to one format; ValueError if none is a TURN server."""
    servers = []
    for server in [found] if isinstance(found, dict) else found:
        urls = server.get("urls") or server.get("url") or []
        kept = {key: server[key] for key in ("username", "credential") if server.get(key)}
        servers.append({"urls": [urls] if isinstance(urls, str) else list(urls), **kept})
    if not any(url.startswith("turn") for server in servers for url in server["urls"]):
        raise ValueError("expected a TURN server in the answer")
    return tuple(servers)


class RelayState(Enum):
    """What a TURN server says to the credentials of a connection; why it fails, as logs say it."""

    WORKS = ""
    EXPIRED = "expired"
    REFUSED = "password"
    FULL = "full"
    UNREACHABLE = "timeout"


class RelayCheck:
    """Asks a TURN server for a relay, as a connection does, at most twice a minute."""

    def __init__(
        self,
        ask: Callable[[Server], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], float] = time.time,
    ) -> None:
        self._ask, self._clock, self._today = ask or allocate, clock, today
        self._asked = -float("inf")
        self._state: RelayState | None = None

    def state(self, ice: Ice) -> RelayState | None:
        """Return how the TURN server of a connection is; None if the connection has none.

        An attempt that has just failed was made with servers that may have been replaced since:
        what they said holds for a while.
        """
        if self._clock() - self._asked >= _HOLDS_SECONDS:
            self._asked, self._state = self._clock(), self._look(ice)
            if self._state and self._state.value:
                log_event("turn_failed", reason=self._state.value)
        return self._state

    def _look(self, ice: Ice) -> RelayState | None:
        if ice.turn is None:
            return None
        try:
            self._ask(ice.turn)
        except TransactionFailed as error:
            if error.response.error_code in _FULL:
                return RelayState.FULL
            expired = ice.expires is not None and ice.expires <= self._today()
            return RelayState.EXPIRED if expired else RelayState.REFUSED
        except (TransactionError, OSError, ValueError):
            return RelayState.UNREACHABLE
        return RelayState.WORKS


def allocate(server: Server) -> None:
    """Ask a TURN server, by its one address, for a relay, and give it back; raise what hinders."""

    async def ask() -> None:
        uri: dict[str, Any] = parse_stun_turn_uri(server["urls"][0])
        async with asyncio.timeout(_TURN_SECONDS):
            relay, _ = await create_turn_endpoint(
                asyncio.DatagramProtocol,
                (uri["host"], uri["port"]),
                server.get("username"),
                server.get("credential"),
                ssl=True if uri["scheme"] == "turns" else None,
                transport=uri["transport"],
            )
            relay.close()
            # Which tells the server, in a task of its own.
            farewell = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*farewell, return_exceptions=True)

    asyncio.run(ask())


_WAYS = {
    "own": "TURN server of your own",
    "cloudflare": "TURN by Cloudflare",
    "twilio": "TURN by Twilio",
    "stun": "STUN only: no video through strict firewalls",
    "local": "none: this machine and its network only",
}

_STATES = {
    RelayState.WORKS: "works",
    RelayState.EXPIRED: "refuses: the credentials have expired. Are both clocks right?",
    RelayState.REFUSED: "refuses the credentials",
    RelayState.FULL: "is full",
    RelayState.UNREACHABLE: "does not answer",
}


def relay_facts(source: IceSource, relay: RelayState | None) -> list[tuple[str, str]]:
    """Return where live video goes, and what the TURN server says, for the operator."""
    facts = [("Way of live video", _WAYS.get(source.source, "not known yet"))]
    if relay:
        facts.append(("The TURN server", _STATES[relay]))
    for name, at in (
        ("Credentials came last", source.succeeded_at),
        ("They last failed to come", source.failed_at),
    ):
        if at is not None:
            facts.append((name, f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"))
    return facts
