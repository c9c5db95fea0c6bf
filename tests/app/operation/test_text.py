"""Words and figures of the operator's page."""

from dataclasses import replace

import pytest

from app.common.settings import SETTINGS
from app.live.relay.check import RelayState
from app.operation.figures import Count
from app.operation.log import FAILED_PAGES, LOGGED
from app.operation.text import (
    about_relay,
    about_server,
    count_rows,
    duration,
    megabytes,
    setting_rows,
    streams,
)
from tests.app.operation.samples import empty_figures


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (12000, "3 h 20 min"),
     (180000, "2 d 2 h")],
)  # fmt: skip
def test_times_are_said_as_people_say_them(seconds: float, says: str) -> None:
    assert duration(seconds) == says


def test_a_server_that_nobody_has_used_has_words_for_all_of_it() -> None:
    now = empty_figures()
    assert streams(now) == "0 of 4"
    assert megabytes(now.memory) == "–"
    assert dict(about_server(now))["Janitor"] == "does not run"
    assert dict(about_relay(now)) == {"Way of live video": "not known yet"}
    assert count_rows(()) == []


def test_what_is_wrong_can_be_seen() -> None:
    now = replace(
        empty_figures(), model_sha256="", janitor_seconds=90.0, drain_seconds=30.0,
        relay="twilio", relay_failed_at=0.0,
    )  # fmt: skip
    server = dict(about_server(now))
    assert server["Model"].endswith(": cannot answer")
    assert server["Janitor"] == "looked 1 min ago: late"
    assert server["Ends in"] == "30 s"
    assert dict(about_relay(now)) == {
        "Way of live video": "TURN by Twilio",
        "They last failed to come": "1970-01-01 00:00:00 UTC",
    }


@pytest.mark.parametrize("state", RelayState)
def test_what_the_turn_server_says_is_said_in_words(state: RelayState) -> None:
    assert dict(about_relay(empty_figures(), state))["The TURN server"]


def test_events_are_named_in_words() -> None:
    counts = (
        Count(LOGGED, "error app.core.photo", 2, 5),
        Count("stream_refused", "full", 1, 60),
        Count(LOGGED, f"error {FAILED_PAGES}", 1, 2),
        Count("photo_refused", "", 3, 1),
    )
    assert [(row["What"], row["How often"], row["Last"]) for row in count_rows(counts)] == [
        ("error in the log of app.core.photo", 2, "5 s ago"),
        ("stream refused · full", 1, "1 min ago"),
        ("a page failed: see the log", 1, "2 s ago"),
        ("photo refused", 3, "1 s ago"),
    ]


def test_all_settings_are_shown_and_no_secret() -> None:
    secrets = {"TURN_SECRET": "s3cret", "FER_OPERATOR_PASSWORD": "correct horse battery"}
    rows = {row["Setting"]: row for row in setting_rows({"FER_MAX_FACES": "7"} | secrets)}
    assert rows.keys() == SETTINGS.keys()
    assert (rows["FER_MAX_FACES"]["Value"], rows["FER_MAX_FACES"]["From"]) == ("7", "set")
    assert rows["FER_MAX_PHOTOS"]["From"] == "default"
    assert int(rows["FER_MAX_STREAMS"]["Value"]) >= 2
    assert (rows["TURN_SECRET"]["Value"], rows["TWILIO_AUTH_TOKEN"]["Value"]) == ("set", "not set")
    assert not any(secret in str(rows) for secret in secrets.values())
