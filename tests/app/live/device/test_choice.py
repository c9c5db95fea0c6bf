"""Where live video is analysed until the visitor has chosen, and after that."""

import pytest

from app.live.device.choice import Choice, Place, reason_for_device
from app.live.streaming.turn import Help

REASON = reason_for_device("full", Help.TURN)


@pytest.mark.parametrize(
    ("refusal", "connection", "says"),
    [
        ("", Help.LOCAL, ""),
        ("", Help.TURN, ""),
        ("full", Help.TURN, "All places on this server are taken"),
        ("visitor", Help.STUN, "You have other live streams open"),
        ("off", Help.LOCAL, "switched off"),
        ("", Help.STUN, "no relay (TURN)"),
    ],
)
def test_the_device_is_first_where_something_speaks_against_the_server(
    refusal: str, connection: Help, says: str
) -> None:
    choice = Choice().revised(reason_for_device(refusal, connection), "")
    assert (choice.place is Place.DEVICE) == bool(says)
    assert says in choice.reason
    assert bool(choice.reason) == bool(says)


def test_a_device_that_cannot_is_not_first() -> None:
    assert Choice().revised(REASON, "simd") == Choice()
    preselected = Choice().revised(REASON, "")
    assert preselected.revised(REASON, "simd") == Choice(), "found out after it was chosen"


def test_who_was_given_the_device_is_not_moved_when_a_place_is_free_again() -> None:
    preselected = Choice().revised(REASON, "")
    assert preselected.revised("", "") == preselected


@pytest.mark.parametrize("place", list(Place))
@pytest.mark.parametrize("reason", ["", REASON])
@pytest.mark.parametrize("problem", ["", "runtime"])
def test_what_the_visitor_has_chosen_stays(place: Place, reason: str, problem: str) -> None:
    chosen = Choice(place, by_visitor=True)
    assert chosen.revised(reason, problem) == chosen
