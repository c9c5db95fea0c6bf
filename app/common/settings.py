"""Settings of a server, in the environment or the secrets. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


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
        name: of the variable.
        about: what it says, with its unit.
        default: what holds without it; None if that depends on the machine or there is nothing.
        kind: what its value is.
        choices: all values that it may have; empty if any.
    """

    name: str
    about: str
    default: int | str | None = None
    kind: Kind = Kind.NUMBER
    choices: tuple[str, ...] = ()


#: All settings. What happens at each limit stands in docs/hosting.md.
SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("FER_MAX_SESSIONS", "open tabs", 200),
        Setting("FER_MAX_UPLOADS_A_MINUTE", "uploads of a visitor in a minute", 300),
        Setting("FER_MAX_UPLOADS_TOTAL_MB", "megabytes of uploads waiting in memory", 1000),
        Setting("FER_MAX_PHOTO_MB", "megabytes of a photo", 64),
        Setting("FER_MAX_PHOTO_MEGAPIXELS", "million pixels of a photo", 52),
        Setting("FER_MAX_FACES", "faces of a photo, the largest", 200),
        Setting("FER_MAX_PHOTOS", "photos on the Photo page", 100),
        Setting("FER_MAX_PHOTOS_TOTAL_MB", "megabytes of them together", 256),
        Setting("FER_MAX_STREAMS", "live streams over the server"),
        Setting("FER_MAX_STREAMS_A_VISITOR", "of them, a visitor's", 2),
        Setting("FER_MAX_COLLECTION_JOBS", "collections read at once"),
        Setting("FER_MAX_COLLECTION_PHOTOS", "photos of a collection", 500),
        Setting("FER_MAX_COLLECTION_MB", "megabytes of a collection", 300),
        Setting("FER_MAX_COLLECTION_TOTAL_MB", "megabytes of all collections in memory", 1000),
        Setting("FER_MAX_VIDEO_JOBS", "recordings analysed at once"),
        Setting("FER_MAX_VIDEO_MB", "megabytes of a recording", 200),
        Setting("FER_MAX_VIDEO_MINUTES", "minutes of processor time of an analysis", 60),
        Setting("FER_MAX_VIDEO_TOTAL_MB", "megabytes of all recordings on the disk", 2000),
        Setting("FER_MAX_OWN_JOBS", "sets of own faces read at once"),
        Setting("FER_MAX_OWN_PHOTOS", "photos of a set", 10_000),
        Setting("FER_MAX_OWN_MB", "megabytes of a set", 300),
        Setting("FER_MAX_OWN_TOTAL_MB", "megabytes of all sets in memory", 1000),
        Setting("FER_DRAIN_SECONDS", "for which an ending server waits", 120),
        Setting("FER_MODEL", "directory of the first model", "models/compact", Kind.TEXT),
        Setting("FER_MODELS", "folder of all models", "models", Kind.TEXT),
        Setting("FER_ICE", "way of live video", None, Kind.TEXT, ("local", "relay")),
        Setting("TURN_URLS", "addresses of a TURN server", None, Kind.TEXT),
        Setting("TURN_USERNAME", "its user", None, Kind.SECRET),
        Setting("TURN_CREDENTIAL", "its password", None, Kind.SECRET),
        Setting("TURN_SECRET", "secret shared with coturn", None, Kind.SECRET),
        Setting("CLOUDFLARE_TURN_KEY_ID", "account for TURN", None, Kind.SECRET),
        Setting("CLOUDFLARE_TURN_KEY_API_TOKEN", "its token", None, Kind.SECRET),
        Setting("TWILIO_ACCOUNT_SID", "account for TURN", None, Kind.SECRET),
        Setting("TWILIO_AUTH_TOKEN", "its token", None, Kind.SECRET),
        Setting("FER_TEACHING", "visitors may teach models", "0", Kind.TEXT, ("0", "1")),
        Setting("FER_TEACHING_REPLAY", "data set that is replayed", None, Kind.TEXT),
        Setting("FER_LOG", "events as lines of JSON", None, Kind.TEXT, ("json",)),
        Setting("FER_OPERATOR_PASSWORD", "password of this page", None, Kind.SECRET),
        Setting("FER_NOTICE_OPERATOR", "who is responsible", None, Kind.TEXT),
        Setting("FER_NOTICE_CONTACT", "how to reach them", None, Kind.TEXT),
        Setting("FER_NOTICE_PURPOSE", "what for", None, Kind.TEXT),
    )
}


def whole_number(settings: Mapping[str, str], variable: str, default: int | None = None) -> int:
    """Return a setting that is a whole number.

    Args:
        settings: environment variables and secrets; may contain the variable.
        variable: name of the setting.
        default: what holds where it is missing or empty; if None, what `SETTINGS` says.

    Raises:
        ValueError: the setting is not a whole number of at least 0.
    """
    setting = settings.get(variable, "").strip()
    if not setting:
        usual = SETTINGS[variable].default if default is None else default
        return int(usual or 0)
    if not (setting.isascii() and setting.isdecimal()):
        raise ValueError(f"{variable}: expected {Kind.NUMBER.value}, got {setting!r}")
    return int(setting)


def problems(settings: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the settings, a sentence for each; none if all is well.

    Args:
        settings: environment variables and secrets.
    """
    found = []
    for setting in SETTINGS.values():
        given = settings.get(setting.name, "").strip()
        if setting.kind is Kind.NUMBER:
            try:
                whole_number(settings, setting.name, 0)
            except ValueError as error:
                found.append(str(error))
        elif given and setting.choices and given.lower() not in setting.choices:
            choices = " or ".join(setting.choices)
            found.append(f"{setting.name}: expected {choices}, got {given!r}")
    return found


def in_force(settings: Mapping[str, str], setting: Setting) -> tuple[str, bool]:
    """Return what holds for a setting, to be shown to the operator, and whether it was set.

    Args:
        settings: environment variables and secrets.
        setting: one of `SETTINGS`.
    """
    given = settings.get(setting.name, "").strip()
    if setting.kind is Kind.SECRET:
        return ("set" if given else "not set"), bool(given)
    if given:
        return given, True
    return ("" if setting.default is None else str(setting.default)), False
