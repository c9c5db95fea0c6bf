"""Settings of a server, in the environment or the secrets. Does not use Streamlit."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

#: Root of the checkout that the app runs from.
ROOT = Path(__file__).resolve().parents[2]

ASSETS = ROOT / "app" / "assets"
LOGO = ASSETS / "logo.svg"
SAMPLE = ASSETS / "sample.jpg"


class Kind(Enum):
    """What a setting's value is."""

    NUMBER = "a whole number such as 4"
    TEXT = "text"
    #: Shown to nobody, not even the operator.
    SECRET = "a secret"


@dataclass(frozen=True)
class Setting:
    """Something that whoever runs a server may set.

    Attributes:
        about: what it says, with its unit.
        default: what holds without it; None if that depends on the machine or there is nothing.
        at_limit: what happens when a limit is reached; empty if it is none.
        choices: all values that it may have; empty if any.
        machine: the default in words, if it depends on the machine.
    """

    name: str
    about: str
    default: int | str | None = None
    at_limit: str = ""
    kind: Kind = Kind.NUMBER
    choices: tuple[str, ...] = ()
    machine: str = ""

    def text(self, settings: Mapping[str, str] = os.environ) -> str:
        """Return what is set, without spaces around it, or the default; empty if there is none."""
        default = "" if self.default is None else str(self.default)
        return settings.get(self.name, "").strip() or default

    def number(self, settings: Mapping[str, str] = os.environ, default: int = 0) -> int:
        """Return the whole number ≥ 0 that is set, else its own default, else this one.

        A ValueError, if something else is set.
        """
        number = self.text(settings) or str(default)
        if not (number.isascii() and number.isdecimal()):
            raise ValueError(f"{self.name}: expected {self.kind.value}, got {number!r}")
        return int(number)


MAX_SESSIONS = Setting(
    "FER_MAX_SESSIONS", "open tabs", 200, "the next one opens by itself once a place is free"
)
MAX_UPLOADS_A_MINUTE = Setting(
    "FER_MAX_UPLOADS_A_MINUTE",
    "uploads a minute of a visitor; a set is one",
    300,
    "the page says in how many seconds to add the rest",
)
MAX_UPLOADS_TOTAL_MB = Setting(
    "FER_MAX_UPLOADS_TOTAL_MB", "megabytes of uploads in memory", 1000, "the upload is broken off"
)
MAX_PHOTO_MB = Setting(
    "FER_MAX_PHOTO_MB", "megabytes of a photo", 64, "it is refused; never more than 64"
)
MAX_PHOTO_MEGAPIXELS = Setting(
    "FER_MAX_PHOTO_MEGAPIXELS", "million pixels of a photo", 52, "it is refused"
)
MAX_FACES = Setting("FER_MAX_FACES", "faces of a photo", 200, "the largest are read")
MAX_PHOTO_JOBS = Setting(
    "FER_MAX_PHOTO_JOBS",
    "sets of more than six photos read at once",
    at_limit="others wait; 0: six photos at most",
    machine="one per two cores",
)
MAX_PHOTOS = Setting(
    "FER_MAX_PHOTOS", "photos on the Photos page", 500, "further ones are named as not read"
)
MAX_PHOTOS_MB = Setting("FER_MAX_PHOTOS_MB", "megabytes of them together", 300, "they are refused")
MAX_PHOTOS_TOTAL_MB = Setting(
    "FER_MAX_PHOTOS_TOTAL_MB",
    "megabytes of all visitors' photos in memory",
    1000,
    "further photos are refused",
)
MAX_STREAMS = Setting(
    "FER_MAX_STREAMS",
    "live streams over the server",
    at_limit="the page offers the visitor's device; 0: no streams",
    machine="two per core",
)
MAX_STREAMS_A_VISITOR = Setting(
    "FER_MAX_STREAMS_A_VISITOR", "live streams of one visitor", 2, "the page says to stop one"
)
MAX_VIDEO_JOBS = Setting(
    "FER_MAX_VIDEO_JOBS",
    "recordings analysed at once",
    at_limit="others wait; 0: no such page",
    machine="one per two cores",
)
MAX_VIDEO_MB = Setting("FER_MAX_VIDEO_MB", "megabytes of a recording", 200, "it is refused")
MAX_VIDEO_MINUTES = Setting(
    "FER_MAX_VIDEO_MINUTES",
    "minutes of processor time of an analysis",
    60,
    "it ends with what it has",
)
MAX_VIDEO_TOTAL_MB = Setting(
    "FER_MAX_VIDEO_TOTAL_MB", "megabytes of recordings on the disk", 2000, "the page waits for room"
)
MAX_OWN_JOBS = Setting(
    "FER_MAX_OWN_JOBS",
    "sets of own faces read at once",
    at_limit="others wait; 0: no such page",
    machine="one per two cores",
)
MAX_OWN_PHOTOS = Setting(
    "FER_MAX_OWN_PHOTOS", "photos of a set", 10_000, "further ones are named as not read"
)
MAX_OWN_MB = Setting("FER_MAX_OWN_MB", "megabytes of a set", 300, "it is refused")
MAX_OWN_TOTAL_MB = Setting(
    "FER_MAX_OWN_TOTAL_MB", "megabytes of sets in memory", 1000, "the page waits for room"
)
DRAIN_SECONDS = Setting(
    "FER_DRAIN_SECONDS", "seconds that an ending server waits for visitors", 120, "it ends"
)
MODEL = Setting("FER_MODEL", "directory of the first model", "models/compact", kind=Kind.TEXT)
MODELS = Setting("FER_MODELS", "folder of all models and reports", "models", kind=Kind.TEXT)
ICE = Setting(
    "FER_ICE",
    "live video: ask nothing outside, or all through TURN",
    kind=Kind.TEXT,
    choices=("local", "relay"),
)
TURN_URLS = Setting("TURN_URLS", "addresses of a TURN server, with commas between", kind=Kind.TEXT)
TURN_USERNAME = Setting("TURN_USERNAME", "its fixed user", kind=Kind.SECRET)
TURN_CREDENTIAL = Setting("TURN_CREDENTIAL", "its fixed password", kind=Kind.SECRET)
TURN_SECRET = Setting("TURN_SECRET", "secret shared with coturn", kind=Kind.SECRET)
CLOUDFLARE_TURN_KEY_ID = Setting(
    "CLOUDFLARE_TURN_KEY_ID", "account for TURN by Cloudflare", kind=Kind.SECRET
)
CLOUDFLARE_TURN_KEY_API_TOKEN = Setting(
    "CLOUDFLARE_TURN_KEY_API_TOKEN", "its token", kind=Kind.SECRET
)
TWILIO_ACCOUNT_SID = Setting("TWILIO_ACCOUNT_SID", "account for TURN by Twilio", kind=Kind.SECRET)
TWILIO_AUTH_TOKEN = Setting("TWILIO_AUTH_TOKEN", "its token", kind=Kind.SECRET)
FINE_TUNING = Setting(
    "FER_FINE_TUNING", "visitors may fine-tune models", "0", kind=Kind.TEXT, choices=("0", "1")
)
FINE_TUNING_REPLAY = Setting(
    "FER_FINE_TUNING_REPLAY", "data set that is replayed then", kind=Kind.TEXT
)
LOG = Setting("FER_LOG", "events as lines of JSON", kind=Kind.TEXT, choices=("json",))
OPERATOR_PASSWORD = Setting(
    "FER_OPERATOR_PASSWORD", "password of /operator, 12 characters or more", kind=Kind.SECRET
)
NOTICE_OPERATOR = Setting(
    "FER_NOTICE_OPERATOR", "who is responsible for this server", kind=Kind.TEXT
)
NOTICE_CONTACT = Setting("FER_NOTICE_CONTACT", "how to reach them", kind=Kind.TEXT)
NOTICE_PURPOSE = Setting("FER_NOTICE_PURPOSE", "what faces are read for", kind=Kind.TEXT)

#: All of them, in the order of docs/settings.md, which `python -m tools.readme` writes.
SETTINGS: Mapping[str, Setting] = {
    one.name: one for one in [*globals().values()] if isinstance(one, Setting)
}


def problems(settings: Mapping[str, str] = os.environ) -> list[str]:
    """Return what is wrong with the settings, a sentence for each; none if all is well."""
    found = []
    for setting in SETTINGS.values():
        given = settings.get(setting.name, "").strip()
        if setting.kind is Kind.NUMBER:
            try:
                setting.number(settings)
            except ValueError as error:
                found.append(str(error))
        elif given and setting.choices and given.lower() not in setting.choices:
            choices = " or ".join(setting.choices)
            found.append(f"{setting.name}: expected {choices}, got {given!r}")
    return found


#: Files beside photos in a folder or a drop, such as a table of labels.
_OTHER_FILES = 1000


def max_files() -> int:
    """Return how many files a tab may upload at a time; 0 if a setting is wrong."""
    try:
        return max(MAX_PHOTOS.number(), MAX_OWN_PHOTOS.number()) + _OTHER_FILES
    except ValueError:  # shown on every page, which then takes nothing
        return 0


def model_dir() -> Path:
    """Return the directory of the model to run; relative paths start at the repository root."""
    return ROOT / MODEL.text()


def models_dir() -> Path:
    """Return the folder of models to show; relative paths start at the repository root."""
    return ROOT / MODELS.text()


def without_folder(text: str, folder: Path = ROOT) -> str:
    """Remove a folder's path from a message, so that it does not reveal the installation path."""
    return text.replace(f"{folder}{os.sep}", "")
