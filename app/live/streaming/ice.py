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

#: Seconds for which credentials are asked for, which streamlit-webrtc chose for Cloudflare's; the
#: rest that a visitor's start must have of them; the pause after a provider that did not answer.
LIFETIME_SECONDS = 2 * 3600
_RESERVE_SECONDS = 3600
_RETRY_SECONDS = 60

_TIMEOUT_SECONDS = 5

#: The settings with a provider's account and its secret. The first provider that has both is asked.
_ACCOUNTS = {
    "Cloudflare": ("CLOUDFLARE_TURN_KEY_ID", "CLOUDFLARE_TURN_KEY_API_TOKEN"),
    "Twilio": ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"),
}

Server = dict[str, Any]

#: Returns a provider's servers for an account and its secret; raises what it likes.
Fetch = Callable[[str, str], Any]


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
        providers: how Cloudflare and Twilio are asked, by name.
        clock: seconds that never go back.
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
        """Return servers that will do for a connection that starts now."""
        with self._lock:
            if self._ice is None or self._clock() >= self._good_until:
                asked = self._clock()  # credentials age while their answer is on its way
                self._ice, seconds = self._make()
                self._good_until = asked + seconds
            return self._ice

    def _make(self) -> tuple[Ice, float]:
        """Return servers, and for how many seconds they may be handed out."""
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
                # Its text may quote the request, so only its kind is logged: that of the error
                # behind it, where one is, because streamlit-webrtc raises one kind for all.
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
    """Ask Twilio for TURN servers, with credentials that are good for `LIFETIME_SECONDS`.

    streamlit-webrtc has a function for this too, but it needs Twilio's package, and it keeps
    credentials for as long as they are good, so that visitors get some that end the next second.

    Raises:
        Exception: of any kind, when there is no answer that can be used.
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
    """Return the servers of either provider's answer, in one form.

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
