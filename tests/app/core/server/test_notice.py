"""What an operator tells the people in front of a camera."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from app.core.server import notice
from app.core.server.notice import Notice

SET = {
    "FER_NOTICE_OPERATOR": "Museum of <b>Faces</b>",
    "FER_NOTICE_CONTACT": "privacy@example.org",
    "FER_NOTICE_PURPOSE": "an exhibit & its *tests*",
}


def test_what_is_set_stands_on_the_notice_and_there_are_lines_to_fill_in() -> None:
    assert Notice.of({}) == Notice()
    assert Notice().page().count("<span></span>") == 3
    page = Notice.of(SET).page()
    assert "Museum of &lt;b&gt;Faces&lt;/b&gt;" in page
    assert "an exhibit &amp; its *tests*" in page
    assert "<span></span>" not in page


LAW = notice.AI_ACT + notice.GDPR + notice.LAW_SOURCES + notice.LAW_STATE


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (Notice().page(), ("estimates which expression", "nothing is recorded",
         "Nobody is identified", "have it deleted", "data protection authority", "Art. 50(3)")),
        (LAW, ("Art. 5(1)(f)", "2 February 2025", "Art. 50(3)", "2 August 2026", "Annex III 1(c)",
         "reported as moved to 2 December 2027", "C(2025) 5052", "Guidelines 05/2022",
         "10.1177/1529100619832930", "not legal advice")),
    ],
)  # fmt: skip
def test_what_people_must_be_told_and_by_which_law(text: str, parts: tuple[str, ...]) -> None:
    assert [part for part in parts if part not in " ".join(text.split())] == []


def test_the_notice_prints_without_a_network() -> None:
    assert not re.search(r"https?://|src=", Notice().page())


def test_a_notice_is_where_pictures_are_taken(
    page: AppTest, live_page: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(place: str) -> list[str]:
        infos = page.switch_page(f"app/pages/{place}.py").run().info
        return [str(one.value) for one in infos if "run by" in str(one.value)]

    assert told("photos") == []
    for name, value in SET.items():
        monkeypatch.setenv(name, value)
    for place in ("photos", "video", "live", "own_data"):
        (said,) = told(place)
        assert "Museum of \\<b\\>Faces\\</b\\>" in said
        assert "privacy@example\\.org" in said
    assert told("about") == []
