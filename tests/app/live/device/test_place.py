"""Where live video is analysed until the visitor has chosen, and after that."""

import pytest

from app.live.device.place import Choice, Place, ServerState, reason_for_device
from app.live.streaming.ice import Help

FINE = ServerState(4, True, Help.LOCAL)
FULL = ServerState(4, False, Help.TURN)
VISITOR_FULL = ServerState(4, False, Help.TURN, visitor_full=True)
OFF = ServerState(0, False, Help.TURN)
NO_TURN = ServerState(4, True, Help.STUN)


@pytest.mark.parametrize(
    ("server", "says"),
    [
        (FINE, ""),
        (ServerState(4, True, Help.TURN), ""),
        (FULL, "All places on this server are taken"),
        (VISITOR_FULL, "You have other live streams open"),
        (OFF, "switched off"),
        (NO_TURN, "no relay (TURN)"),
    ],
)
def test_the_device_is_first_where_something_speaks_against_the_server(
    server: ServerState, says: str
) -> None:
    choice = Choice().revised(server, "")
    assert (choice.place is Place.DEVICE) == bool(says)
    assert says in choice.reason
    assert choice.reason == reason_for_device(server)
    assert server.usable == (server in (FINE, NO_TURN) or not says)


@pytest.mark.parametrize("server", [FULL, OFF, NO_TURN])
def test_a_device_that_cannot_is_not_first(server: ServerState) -> None:
    assert Choice().revised(server, "simd") == Choice()
    preselected = Choice().revised(server, "")
    assert preselected.revised(server, "simd") == Choice(), "found out after it was chosen"


def test_who_was_given_the_device_is_not_moved_when_a_place_is_free_again() -> None:
    preselected = Choice().revised(FULL, "")
    assert preselected.revised(FINE, "") == preselected


@pytest.mark.parametrize("place", list(Place))
@pytest.mark.parametrize("server", [FINE, FULL, OFF, NO_TURN])
@pytest.mark.parametrize("problem", ["", "runtime"])
def test_what_the_visitor_has_chosen_stays(place: Place, server: ServerState, problem: str) -> None:
    chosen = Choice(place, by_visitor=True)
    assert chosen.revised(server, problem) == chosen
