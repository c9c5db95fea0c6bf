"""The words of the mode on the device are complete."""

import re
from pathlib import Path

import fer_lens_ondevice

from app.live.device.component import IN_BROWSER
from app.live.device.view import PROBLEMS, explained

PAGE = fer_lens_ondevice.ASSETS / "page"
SCRIPTS = [fer_lens_ondevice.ASSETS / "live.js", *PAGE.glob("*.js")]


def text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def test_every_text_that_a_script_shows_is_there_and_no_other() -> None:
    used = set(re.findall(r"texts\.(\w+)", "\n".join(map(text, SCRIPTS))))
    used |= set(re.findall(r'^  \w+: \["\w+", "(\w+)"\]', text(PAGE / "view.js"), re.MULTILINE))
    session = text(PAGE / "session.js")
    used |= set(re.findall(r'"(\w+)"', session[session.rindex("  show() {") :])) - {"running"}
    assert used == set(IN_BROWSER)


def test_every_problem_of_a_browser_or_worker_has_its_words() -> None:
    assert set(re.findall(r'return "(\w+)"', text(PAGE / "camera.js"))) <= set(PROBLEMS)
    types = text(fer_lens_ondevice.ASSETS / "types.js")
    codes = re.search(r"@typedef \{([^}]*)\} FailureCode", types)
    assert codes
    assert set(re.findall(r'"(\w+)"', codes[1])) <= set(PROBLEMS)


def test_an_unknown_problem_has_words_too() -> None:
    assert explained("memory") == PROBLEMS["memory"]
    assert explained("nobody knows") == PROBLEMS["analysis"]
