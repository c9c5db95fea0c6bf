"""A clock of the wall may be set back at any moment: no duration is measured with it."""

import re

import pytest

from tests.test_house import modules

#: Who asks what time it is, and why that is no duration, or harmless where time goes backwards.
KNOWN = {
    "app.live.streaming.turn": "credentials that end at a time which coturn knows too",
    "app.own_data.fine_tuning": "age of a folder that another process left: kept for longer",
    "app.core.budget": "age of a folder that another process left: kept for longer",
}


@pytest.mark.parametrize("package", ["app", "fer"])
def test_durations_are_measured_by_a_clock_that_only_grows(package: str) -> None:
    wall = re.compile(r"\btime\.time(?:_ns)?\b|utcnow")
    found = {name for name, file in modules(package).items() if wall.search(file.read_text())}
    assert found == {name for name in KNOWN if name.startswith(package)}
