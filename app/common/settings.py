"""Settings of a server, in the environment or the secrets. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Mapping


def whole_number(settings: Mapping[str, str], variable: str, default: int) -> int:
    """Return a setting that is a whole number.

    Args:
        settings: environment variables and secrets; may contain the variable.
        variable: name of the setting.
        default: what holds where it is missing or empty.

    Raises:
        ValueError: the setting is not a whole number of at least 0.
    """
    setting = settings.get(variable, "").strip()
    if not setting:
        return default
    if not setting.isdecimal():
        raise ValueError(f"{variable}: expected a whole number such as 4, got {setting!r}")
    return int(setting)
