"""Where live video is analysed until the visitor has chosen, and after that."""

from itertools import product

import pytest

from app.live.device.view import Choice, Place, reason_for_device
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


def test_what_was_chosen_stays_but_for_a_device_that_cannot() -> None:
    assert Choice().revised(REASON, "simd") == Choice()
    preselected = Choice().revised(REASON, "")
    assert preselected.revised(REASON, "simd") == Choice(), "found out after it was chosen"
    assert preselected.revised("", "") == preselected, "nobody is moved when a place is free again"
    for place in Place:
        chosen = Choice(place, by_visitor=True)
        for reason, problem in product(("", REASON), ("", "runtime")):
            assert chosen.revised(reason, problem) == chosen
