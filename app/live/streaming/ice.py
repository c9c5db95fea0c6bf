"""STUN and TURN servers that connect browser and server. Does not use Streamlit.

Without a TURN server, a stream works on the server's own machine, in its own network and through
simple routers. Hosts such as Streamlit Community Cloud need one. Secrets are sent to their provider
only: they appear in no log, page or error.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

_log = logging.getLogger(__name__)

#: Setting that turns outside servers off: this machine and its own network only.
ICE_VARIABLE = "FER_ICE"
LOCAL = "local"

STUN = ({"urls": ["stun:stun.l.google.com:19302"]},)

#: Seconds: lifetime of requested credentials (the one that streamlit-webrtc requests of
#: Cloudflare), remaining lifetime that a new connection needs, and pause after a failed request.
LIFETIME_SECONDS = 2 * 3600
_RESERVE_SECONDS = 3600
_RETRY_SECONDS = 60

_TIMEOUT_SECONDS = 5

#: Settings with each provider's account and secret. The first provider that has both is used.
_ACCOUNTS = {
    "Cloudflare": ("CLOUDFLARE_TURN_KEY_ID", "CLOUDFLARE_TURN_KEY_API_TOKEN"),
    "Twilio": ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"),
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
    """

    help: Help
    servers: Sequence[Server] = field(repr=False)
    provider: str = ""
    problem: str = ""

    @property
    def configuration(self) -> dict[str, Any]:
        """The `RTCConfiguration` of the browser and of the server."""
        return {"iceServers": list(self.servers)}


class IceSource:
    """Caches credentials for all visitors and renews them in time. Thread-safe.

    Args:
        settings: environment and secrets.
        providers: functions that fetch the servers of Cloudflare and Twilio, by name.
        clock: monotonic clock, in seconds.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        providers: Mapping[str, Fetch],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = {name: value.strip() for name, value in settings.items()}
        self._providers = providers
        self._clock = clock
        self._lock = threading.Lock()
        self._ice: Ice | None = None
        self._good_until = -1.0

    def current(self) -> Ice:
        """Return servers with credentials that last long enough for a new connection."""
        with self._lock:
            if self._ice is None or self._clock() >= self._good_until:
                requested_at = self._clock()  # credentials age while the response is on its way
                self._ice, seconds = self._make()
                self._good_until = requested_at + seconds
            return self._ice

    def _make(self) -> tuple[Ice, float]:
        """Return servers and the number of seconds for which new connections may use them."""
        if self._settings.get(ICE_VARIABLE, "").lower() == LOCAL:
            return Ice(Help.LOCAL, ()), float("inf")
        own = _own_server(self._settings)
        if own:
            return Ice(Help.TURN, own, "your own server"), float("inf")
        for provider, names in _ACCOUNTS.items():
            account, secret = (self._settings.get(name) for name in names)
            if not account or not secret:
                continue
            try:
                servers = _servers(self._providers[provider](account, secret))
            except Exception as error:
                # The message may quote the request, so only the type is logged. streamlit-webrtc
                # raises the same type for every failure, so the type of the cause says more.
                kind = type(error.__context__ or error).__name__
                _log.warning("%s gave no TURN credentials: %s", provider, kind)
                problem = f"The TURN provider {provider} did not answer; trying without."
                return Ice(Help.STUN, STUN, "Google", problem), _RETRY_SECONDS
            return Ice(Help.TURN, servers, provider), LIFETIME_SECONDS - _RESERVE_SECONDS
        return Ice(Help.STUN, STUN, "Google"), float("inf")


def _own_server(settings: Mapping[str, str]) -> Sequence[Server]:
    urls = [url.strip() for url in settings.get("TURN_URLS", "").split(",") if url.strip()]
    if not urls:
        return ()
    server: Server = {"urls": urls}
    for name, key in (("username", "TURN_USERNAME"), ("credential", "TURN_CREDENTIAL")):
        if settings.get(key):
            server[name] = settings[key]
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
