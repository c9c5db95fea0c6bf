"""STUN and TURN servers that connect browser and server. Does not use Streamlit.

Without a TURN server, a stream works on the server's own machine, in its own network and through
simple routers. Hosts such as Streamlit Community Cloud need one. Secrets are sent to their provider
only: they appear in no log, page or error.
"""

from __future__ import annotations

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
from enum import Enum, auto
from secrets import token_hex
from typing import Any

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
LIFETIME_SECONDS = 2 * 3600
_RESERVE_SECONDS = 3600
_RETRY_SECONDS = 60

_TIMEOUT_SECONDS = 5

#: Settings with each provider's account and secret. The first provider that has both is used.
_ACCOUNTS = {
    "Cloudflare": (CLOUDFLARE_TURN_KEY_ID, CLOUDFLARE_TURN_KEY_API_TOKEN),
    "Twilio": (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN),
}

Server = dict[str, Any]

#: Fetches a provider's servers, given an account and its secret; may raise any exception.
Fetch = Callable[[str, str], Any]


class Help(Enum):
    """Kind of server that helps a connection."""

    TURN = auto()
    STUN = auto()
    LOCAL = auto()


@dataclass(frozen=True)
class Ice:
    """The servers for one connection.

    Attributes:
        help: kind of the servers.
        servers: in the format of `RTCPeerConnection`; they hold credentials and must not be logged.
        provider: name of the provider, for display.
        problem: description of a failure, for display; empty if there was none.
        relayed: whether everything goes through the TURN server.
        expires: when the credentials end, in seconds since 1970; None if that is not known.
    """

    help: Help
    servers: Sequence[Server] = field(repr=False)
    provider: str = ""
    problem: str = ""
    relayed: bool = False
    expires: float | None = None

    @property
    def configuration(self) -> dict[str, Any]:
        """The `RTCConfiguration` of the browser and of the server."""
        policy = {"iceTransportPolicy": "relay"} if self.relayed else {}
        return {"iceServers": list(self.servers), **policy}


class IceSource:
    """Caches credentials for all visitors and renews them in time. Thread-safe.

    Args:
        settings: environment and secrets.
        providers: functions that fetch the servers of Cloudflare and Twilio, by name.
        clock: monotonic clock, in seconds.
        today: seconds since 1970.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        providers: Mapping[str, Fetch],
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], float] = time.time,
    ) -> None:
        self._settings = {name: value.strip() for name, value in settings.items()}
        self._providers = providers
        self._clock, self._today = clock, today
        self._lock = threading.Lock()
        self._ice: Ice | None = None
        self._good_until = -1.0
        #: When a provider's credentials came last, and when they last did not: seconds since 1970.
        self.succeeded_at: float | None = None
        self.failed_at: float | None = None

    def current(self) -> Ice:
        """Return servers with credentials that last long enough for a new connection."""
        with self._lock:
            if self._ice is None or self._clock() >= self._good_until:
                requested_at = self._clock()  # credentials age while the response is on its way
                ice, seconds = self._make()
                relayed = self._setting == RELAY and ice.help is Help.TURN
                self._ice = replace(ice, relayed=relayed)
                self._good_until = requested_at + seconds
            return self._ice

    @property
    def source(self) -> str:
        """A relay as `app.core.server.events` names it; empty before the first visitor."""
        with self._lock:
            ice = self._ice
        if ice is None or ice.help is not Help.TURN:
            return "" if ice is None else ice.help.name.lower()
        return ice.provider.lower() if ice.provider in self._providers else "own"

    @property
    def _setting(self) -> str:
        return ICE.text(self._settings).lower()

    def _make(self) -> tuple[Ice, float]:
        """Return servers and the number of seconds for which new connections may use them."""
        if self._setting == LOCAL:
            return Ice(Help.LOCAL, ()), float("inf")
        shared = TURN_SECRET.text(self._settings)
        made = _credentials(shared, self._today()) if shared else {}
        own = _own_server(self._settings | made)
        if own:
            # With a shared secret, every visit gets credentials of its own.
            seconds = 0.0 if made else float("inf")
            return Ice(Help.TURN, own, "your own server", expires=_expiry(own[0])), seconds
        for provider, accounts in _ACCOUNTS.items():
            account, secret = (one.text(self._settings) for one in accounts)
            if not account or not secret:
                continue
            requested = self._today()
            try:
                servers = _servers(self._providers[provider](account, secret))
            except Exception as error:
                # The message may quote the request, so only the type is logged. streamlit-webrtc
                # raises the same type for every failure, so the type of the cause says more.
                kind = type(error.__context__ or error).__name__
                _log.warning("%s gave no TURN credentials: %s", provider, kind)
                log_event("turn_failed", reason=provider.lower())
                self.failed_at = self._today()
                problem = f"The TURN provider {provider} did not answer; trying without."
                return Ice(Help.STUN, STUN, "Google", problem), _RETRY_SECONDS
            self.succeeded_at = self._today()
            expires = requested + LIFETIME_SECONDS
            ice = Ice(Help.TURN, servers, provider, expires=expires)
            return ice, LIFETIME_SECONDS - _RESERVE_SECONDS
        return Ice(Help.STUN, STUN, "Google"), float("inf")


def _credentials(secret: str, now: float) -> dict[str, str]:
    """Return the settings of credentials that a server with the same secret accepts for a while.

    The user's name says when they expire, and the password is its signature: a TURN server needs no
    list of users (draft-uberti-behave-turn-rest-00; coturn calls it ``use-auth-secret``).

    Args:
        secret: what this server and the TURN server share.
        now: seconds since 1970.
    """
    user = f"{int(now) + LIFETIME_SECONDS}:{token_hex(8)}"
    signature = hmac.digest(secret.encode(), user.encode(), "sha1")
    return {TURN_USERNAME.name: user, TURN_CREDENTIAL.name: base64.b64encode(signature).decode()}


def _expiry(server: Server) -> float | None:
    """Return when credentials end whose user's name says so, as those of `_credentials` do."""
    seconds, colon, _ = server.get("username", "").partition(":")
    return float(seconds) if colon and seconds.isdecimal() else None


def _own_server(settings: Mapping[str, str]) -> Sequence[Server]:
    urls = [url.strip() for url in TURN_URLS.text(settings).split(",") if url.strip()]
    if not urls:
        return ()
    server: Server = {"urls": urls}
    for name, key in (("username", TURN_USERNAME), ("credential", TURN_CREDENTIAL)):
        if value := key.text(settings):
            server[name] = value
    return (server,)


def twilio_servers(account: str, token: str) -> Any:
    """Fetch TURN servers from Twilio with credentials that are valid for `LIFETIME_SECONDS`.

    The function of streamlit-webrtc needs the package twilio, and it caches credentials for their
    whole lifetime, so a visitor may get credentials that expire a second later.

    Raises:
        Exception: of any type, if there is no usable response.
    """
    secret = base64.b64encode(f"{account}:{token}".encode()).decode()
    request = urllib.request.Request(
        "https://api.twilio.com/2010-04-01/Accounts/"
        f"{urllib.parse.quote(account, safe='')}/Tokens.json",
        data=urllib.parse.urlencode({"Ttl": LIFETIME_SECONDS}).encode(),
        headers={"Authorization": f"Basic {secret}", "User-Agent": "fer-lens"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
        return json.load(answer)["ice_servers"]


def _servers(found: Any) -> Sequence[Server]:
    """Convert the servers of either provider to one format.

    Raises:
        ValueError: there is no TURN server among them.
    """
    found = [found] if isinstance(found, dict) else found
    servers = []
    for server in found:
        urls = server.get("urls") or server.get("url") or []
        kept = {key: server[key] for key in ("username", "credential") if server.get(key)}
        servers.append({"urls": [urls] if isinstance(urls, str) else list(urls), **kept})
    if not any(url.startswith("turn") for server in servers for url in server["urls"]):
        raise ValueError("expected a TURN server in the answer")
    return tuple(servers)
