"""What is asked of the page while a collection is read."""

from collections.abc import Iterator

import pytest

from app.core.budget import Budget
from app.core.jobs import Jobs
from app.core.memory import MB
from app.core.photo_session import UploadLimits
from app.core.uploads import Upload
from app.photos import collection_view as view
from app.photos.collection import CollectionSession
from fer.labels import EXPRESSION_HEAD
from tests.app.samples import FakeAnalyzer, png


class NewRunError(Exception):
    """The page is asked to run anew."""


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[CollectionSession]:
    """A session whose collection waits for a place, on a page that is only asked to run anew."""

    def rerun() -> None:
        raise NewRunError

    monkeypatch.setattr(view.st, "rerun", rerun)
    for shown in ("info", "progress"):
        monkeypatch.setattr(view.st, shown, lambda *args, **options: None)
    jobs = Jobs(0)
    session = CollectionSession(jobs, Budget(MB, free=lambda: None), UploadLimits(9, MB))
    session.take([Upload("a.png", png())], FakeAnalyzer())
    yield session
    jobs.close()


def test_while_it_is_read_the_page_goes_on_as_it_is(waiting: CollectionSession) -> None:
    view.show_growing(waiting, EXPRESSION_HEAD, None)


def test_a_photo_that_is_opened_or_closed_meanwhile_is_a_new_page(
    waiting: CollectionSession,
) -> None:
    waiting.open(0)
    with pytest.raises(NewRunError):
        view.show_growing(waiting, EXPRESSION_HEAD, None)
    view.show_growing(waiting, EXPRESSION_HEAD, 0)
    waiting.open(None)
    with pytest.raises(NewRunError):
        view.show_growing(waiting, EXPRESSION_HEAD, 0)


def test_the_end_is_a_new_page(waiting: CollectionSession) -> None:
    waiting.cancel()
    with pytest.raises(NewRunError):
        view.show_growing(waiting, EXPRESSION_HEAD, None)
