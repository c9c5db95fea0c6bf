"""The Video page as a visitor meets it, with a fake engine and without a browser."""

import errno
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from streamlit.testing.v1 import AppTest

from app.core.budget import UploadFolders
from app.core.jobs import Job, Jobs
from app.core.models import running_model
from app.video import inputs
from app.video.session import VideoSession
from fer.errors import ModelError
from fer.labels import FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.app.samples import PATIENCE, FakeAnalyzer, chart_alts, words
from tests.app.video.samples import FakeEngine, nobody, recording, video
from tests.samples import ROOT

PAGE = "app/pages/video.py"


@pytest.fixture
def engine(spec: ModelSpec) -> Iterator[FakeEngine]:
    fake = FakeEngine(spec)
    yield fake
    fake.go.set()


@pytest.fixture
def session(engine: FakeEngine, tmp_path: Path) -> VideoSession:
    return VideoSession(Jobs(1), UploadFolders(2**30, tmp_path, lambda folder: 2**40), engine)


@pytest.fixture
def page(session: VideoSession, analyzer: FakeAnalyzer, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(inputs, "video_session", lambda: session)
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
    return app.switch_page(PAGE).run()


def upload(page: AppTest, name: str = "holiday.mp4", data: bytes | None = None) -> AppTest:
    contents = video().getvalue() if data is None else data
    page.file_uploader[0].set_value((name, contents, "video/mp4"))
    return page.run()


def finished(page: AppTest, session: VideoSession, engine: FakeEngine) -> AppTest:
    engine.go.set()
    assert session.job
    assert session.job.wait(PATIENCE)
    return page.run()


def progress_texts(page: AppTest) -> list[str]:
    return [element.proto.text for element in page.get("progress")]


def test_an_upload_and_a_cancel(page: AppTest, session: VideoSession, engine: FakeEngine) -> None:
    assert page.file_uploader[0].proto.max_upload_size_mb == 200
    assert page.button(key="video_try_sample")
    assert "3 minutes after you close this tab" in words(page)
    upload(page)
    assert engine.began.wait(PATIENCE)
    page.run()
    assert page.title[0].value == "holiday\\.mp4"
    assert "64 × 48 pixels" in words(page)
    assert progress_texts(page)[0].startswith("Step 1 of 2: reading expressions · 40%")
    assert chart_alts(page)[0].startswith("Timeline from 0:00")
    assert "person 2 mostly" in chart_alts(page)[0]
    (picture,) = (one.alt for element in page.image for one in element.proto.imgs)
    assert "newest analysed frame" in picture
    assert not [*page.file_uploader, *page.download_button]
    assert page.button(key="video_cancel")
    session.clear()
    page.run()
    engine.reports = False
    engine.began.clear()
    upload(page)
    assert engine.began.wait(PATIENCE)
    page.button(key="video_cancel").click().run()
    assert "The analysis was cancelled" in page.info[0].value
    assert page.file_uploader
    assert not progress_texts(page)
    assert session.folder is None
    engine.share = None  # of unknown length
    engine.reports = True
    engine.began.clear()
    upload(page)
    assert engine.began.wait(PATIENCE)
    page.run()
    assert "Step 1 of 2: reading expressions · 0:00 so far" in words(page)
    assert not progress_texts(page)


def test_a_cancel_keeps_the_part_that_was_analysed_and_a_second_click_loses_nothing(
    page: AppTest, session: VideoSession, engine: FakeEngine
) -> None:
    upload(page)
    assert engine.began.wait(PATIENCE)
    page.run()
    page.button(key="video_cancel").click().run()
    assert session.job
    assert session.job.wait(PATIENCE)
    page.run()
    assert "There is no marked video." in page.info[0].value
    assert not page.warning
    assert "2 people in 0:01" in words(page)
    assert "Summary (JSON)" in [button.label for button in page.download_button]
    assert page.get("popover")[0].proto.popover.label == "Another video"
    assert page.button(key="video_other").label == "Delete and choose another", "it asks first"
    page.button(key="video_again").click().run()
    finished(page, session, engine)
    assert "an expression on every face that was found" in page.get("video")[0].proto.alt
    assert not [button for button in page.button if button.key == "video_again"]


def test_a_result_has_all_files(page: AppTest, session: VideoSession, engine: FakeEngine) -> None:
    upload(page)
    page.switch_page("app/pages/about.py").run()  # where it goes on
    finished(page, session, engine)
    page.switch_page(PAGE).run()
    assert "**2 people in 0:01, 2 scenes: mostly sad.** After a cut" in words(page)
    (player,) = page.get("video")
    assert "an expression on every face that was found" in player.proto.alt
    timeline, curves, shares = chart_alts(page)
    assert "Another scene at 0:00." in timeline
    assert curves.startswith("Probabilities of Person")
    assert shares.startswith("Share of time.")
    assert [button.label for button in page.download_button] == [
        "Marked video (MP4)", "All files (ZIP)", "CSV", "JSON", "Parquet", "Subtitles (VTT)",
        "Subtitles (SRT)", "Summary (JSON)",
    ]  # fmt: skip
    page.segmented_control(key="video_shown").set_value("Original with subtitles").run()
    (player,) = page.get("video")
    assert "with subtitles" in player.proto.alt
    assert [track.label for track in player.proto.subtitles] == ["Expressions"]
    page.button(key="video_other").click().run()
    assert [*session.folders.root.iterdir()] == []
    upload(page, "holiday.mkv")
    finished(page, session, engine)
    page.segmented_control(key="video_shown").set_value("Original with subtitles").run()
    assert "Not every browser plays H.264 in MKV files" in words(page)
    (player,) = page.get("video")
    assert "a box and an expression" in player.proto.alt


def test_without_a_face_or_a_marked_video(
    page: AppTest, session: VideoSession, engine: FakeEngine, spec: ModelSpec
) -> None:
    engine.recording = recording(spec, nobody())
    engine.note = "The disk of this server is full."
    upload(page)
    finished(page, session, engine)
    assert "No face was found" in words(page)
    assert "No face in this recording." in words(page)
    assert "Surest moments" not in words(page)
    assert chart_alts(page) == []
    assert "There is no marked video" in page.warning[0].value
    assert "disk of this server is full" in page.warning[0].value
    assert "with subtitles" in page.get("video")[0].proto.alt
    assert page.download_button[0].label == "All files (ZIP)"


def test_a_fault_is_told(page: AppTest, session: VideoSession, engine: FakeEngine) -> None:
    upload(page, "notes_1.mp4", b"these are notes")
    job = session.job
    assert job is None or job.wait(PATIENCE)
    page.run()
    assert "notes\\_1\\.mp4 is not a recording that can be read" in page.warning[0].value
    engine.error = RuntimeError("a fault that nobody thought of")
    upload(page)
    finished(page, session, engine)
    assert "Something went wrong in FER Lens" in page.error[0].value
    assert "nobody thought of" not in words(page)
    engine.error = None
    page.button(key="video_retry").click().run()
    finished(page, session, engine)
    assert page.get("video")


def test_another_way_is_a_click(page: AppTest, session: VideoSession, engine: FakeEngine) -> None:
    page.segmented_control(key="video_rate").set_value("5").run()
    upload(page)
    finished(page, session, engine)
    page.segmented_control(key="video_rate").set_value("every frame")
    page.toggle(key="video_fine").set_value(True)
    page.session_state["head"] = FERPLUS_HEAD
    page.run()
    page.button(key="video_again").click().run()
    assert not [button for button in page.button if button.key == "video_again"]
    finished(page, session, engine)
    first, second = engine.settings
    assert (first.rate, first.fine) == (5.0, False)
    assert (second.rate, second.fine, second.head) == (None, True, FERPLUS_HEAD)


def test_who_waits_is_told_why(page: AppTest, session: VideoSession, engine: FakeEngine) -> None:
    engine_of_other = Job(lambda cancelled: engine.go.wait(PATIENCE))
    session.jobs.start(engine_of_other)
    upload(page)
    assert "All places are taken." in page.info[0].value
    assert "Yours is next." in page.info[0].value
    assert page.button(key="video_cancel")
    engine.go.set()
    assert engine_of_other.wait(PATIENCE)
    finished(page, session, engine)
    assert page.get("video")


def test_uploads_have_the_room(page: AppTest, session: VideoSession, tmp_path: Path) -> None:
    for room, megabytes in ((400, [200]), (399, [175]), (2000, [200]), (40, [])):
        session.folders = UploadFolders(room * 2**20, tmp_path, lambda folder: 2**40)
        page.run()
        sizes = [uploader.proto.max_upload_size_mb for uploader in page.file_uploader]
        assert sizes == megabytes, room
    assert "no room for another recording" in page.info[0].value
    session.jobs = Jobs(0)
    page.run()
    assert "switched off" in page.info[0].value
    assert not page.file_uploader
    assert not page.button


def test_without_a_place_or_a_model(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, error, says in (
        (running_model, "model_spec", ModelError("none"), "not installed here"),
        (inputs, "video_session", OSError(errno.EROFS, "secret"), "no place for recordings"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, Mock(side_effect=error))
            page.run()
        assert says in page.error[0].value
        assert "secret" not in words(page)
        assert not page.file_uploader
