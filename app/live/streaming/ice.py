"""Who helps browser and server to find each other: STUN and TURN. No streamlit in here.

Without a TURN server, a stream works on the server's own machine, in its own network, and through
simple routers; hosts such as Streamlit Community Cloud need one. Secrets go to their provider and
nowhere else: no log, no page, no error has them.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

_log = logging.getLogger(__name__)

#: Setting that allows no help at all: this machine and its own network only.
ICE_VARIABLE = "FER_ICE"
LOCAL = "local"

STUN = ({"urls": ["stun:stun.l.google.com:19302"]},)

#: Seconds for which credentials are asked for, the rest that a visitor's start must have of them,
#: and the pause after a provider that did not answer.
LIFETIME_SECONDS = 4 * 3600
_RESERVE_SECONDS = 3600
_RETRY_SECONDS = 60

_TIMEOUT_SECONDS = 5

Server = dict[str, Any]
Fetch = Callable[[urllib.request.Request], Any]


class Help(Enum):
    """What kind of help a connection has."""

    TURN = auto()
    STUN = auto()
    LOCAL = auto()


@dataclass(frozen=True)
class Ice:
    """The servers for one connection.

    Attributes:
        help: what they can do.
        servers: as `RTCPeerConnection` takes them; with credentials, so not for logs.
        provider: whose they are, for people.
        problem: what did not work, for people; "" if all did.
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
    """Keeps credentials for all visitors and renews them in time. Safe to share between threads.

    Args:
        settings: environment and secrets.
        fetch: sends a request and returns the JSON of the answer.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        fetch: Fetch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = {name: value.strip() for name, value in settings.items()}
        self._fetch = fetch or _fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._ice: Ice | None = None
        self._good_until = -1.0

    def current(self) -> Ice:
        """Return servers that will do for a connection that starts now."""
        with self._lock:
            if self._ice is None or self._clock() >= self._good_until:
                self._ice, seconds = self._make()
                self._good_until = self._clock() + seconds
            return self._ice

    def _make(self) -> tuple[Ice, float]:
        """Return servers, and for how many seconds they may be handed out."""
        if self._settings.get(ICE_VARIABLE, "").lower() == LOCAL:
            return Ice(Help.LOCAL, ()), float("inf")
        own = _own_server(self._settings)
        if own:
            return Ice(Help.TURN, own, "your own server"), float("inf")
        for provider, request_of in (("Cloudflare", _cloudflare), ("Twilio", _twilio)):
            request = request_of(self._settings)
            if request is None:
                continue
            try:
                servers = _servers(self._fetch(request))
            except Exception as error:
                # Its text may quote the request, so only its kind is logged.
                _log.warning("%s gave no TURN credentials: %s", provider, type(error).__name__)
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


def _cloudflare(settings: Mapping[str, str]) -> urllib.request.Request | None:
    key = settings.get("CLOUDFLARE_TURN_KEY_ID")
    token = settings.get("CLOUDFLARE_TURN_KEY_API_TOKEN")
    if not key or not token:
        return None
    return urllib.request.Request(
        "https://rtc.live.cloudflare.com/v1/turn/keys/"
        f"{urllib.parse.quote(key, safe='')}/credentials/generate-ice-servers",
        data=json.dumps({"ttl": LIFETIME_SECONDS}).encode(),
        # Cloudflare turns the default agent of urllib away.
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": "fer-lens",
        },
        method="POST",
    )


def _twilio(settings: Mapping[str, str]) -> urllib.request.Request | None:
    account, token = settings.get("TWILIO_ACCOUNT_SID"), settings.get("TWILIO_AUTH_TOKEN")
    if not account or not token:
        return None
    secret = base64.b64encode(f"{account}:{token}".encode()).decode()
    return urllib.request.Request(
        "https://api.twilio.com/2010-04-01/Accounts/"
        f"{urllib.parse.quote(account, safe='')}/Tokens.json",
        data=urllib.parse.urlencode({"Ttl": LIFETIME_SECONDS}).encode(),
        headers={"Authorization": f"Basic {secret}", "User-Agent": "fer-lens"},
        method="POST",
    )


def _fetch(request: urllib.request.Request) -> Any:
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
        return json.load(answer)


def _servers(answer: Any) -> Sequence[Server]:
    """Return the servers of either provider's answer.

    Raises:
        ValueError: there is no TURN server among them.
    """
    found = answer.get("iceServers") or answer.get("ice_servers") or []
    found = [found] if isinstance(found, dict) else found
    servers = []
    for server in found:
        urls = server.get("urls") or server.get("url") or []
        kept = {key: server[key] for key in ("username", "credential") if server.get(key)}
        servers.append({"urls": [urls] if isinstance(urls, str) else list(urls), **kept})
    if not any(url.startswith("turn") for server in servers for url in server["urls"]):
        raise ValueError("expected a TURN server in the answer")
    return tuple(servers)
