import pytest

from app.own_data.teaching.runner import Progress
from app.own_data.teaching.text import expectation, failed, progress


@pytest.mark.parametrize(
    ("said", "share", "line"),
    [
        (Progress(), 0.0, "starting …"),
        (Progress("reading"), 0.02, "reading the images …"),
        (Progress("a stage of tomorrow"), 0.0, "a stage of tomorrow …"),
        (Progress("measuring"), 0.5, "measuring what it answers now …"),
        (Progress("measuring", 1, 2, 70), 0.75, "now, about 70 seconds left"),
        (Progress("heads", 1, 16), None, "learning, the last layer first, round 1 of 16"),
        (Progress("all layers", 16, 16, 0), 0.5, "round 16 of 16, some seconds left"),
    ],
)
def test_progress_in_words(said: Progress, share: float | None, line: str) -> None:
    shown, words = progress(said)
    assert line in words
    assert 0 <= shown <= 1
    assert share is None or shown == pytest.approx(share)


def test_progress_never_goes_back() -> None:
    steps = [
        Progress(),
        Progress("reading"),
        *(Progress("heads", n, 16) for n in range(1, 5)),
        *(Progress("all layers", n, 16) for n in range(5, 17)),
        Progress("measuring"),
        Progress("measuring", 5, 5),
    ]
    shares = [progress(step)[0] for step in steps]
    assert shares == sorted(shares)


def test_a_failure_has_a_reason_even_if_none_was_given() -> None:
    assert failed("no face in it.") == "It could not be taught: no face in it."
    assert "want of memory" in failed("")


def test_what_to_expect() -> None:
    assert expectation({"happy": 20, "sad": 20}, replay=True) == "It takes a few minutes."
    little = expectation({"happy": 20, "sad": 7}, replay=False)
    assert "Of sad there are fewer than 20" in little
    assert "FER_TEACHING_REPLAY" in little
