"""One visitor's recording and what becomes of it. Does not use Streamlit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO

from app.core.jobs import Cancelled, Job, Jobs
from app.video import sample
from app.video.engine import Result, VideoSettings
from app.video.progress import VideoProgress
from app.video.room import check_work
from app.video.workspace import NoRoomError, Workspace, Workspaces
from fer.errors import VideoError
from fer.labelled.names import shown_name
from fer.video.opening import VideoInfo
from fer.video.reading import probe
from fer.video.recording import OnProgress

#: What is said after a cancel.
CANCELLED = "The analysis was cancelled, and the recording is deleted."


#: Turns a recording into a result; see `app.video.engine.read_video`.
Engine = Callable[[Path, Path, VideoSettings, OnProgress, Cancelled], Result]


@dataclass(frozen=True)
class Source:
    """A visitor's recording on the server's disk.

    Attributes:
        name: as the visitor calls it.
        path: where it is; the sample is written there when it is analysed first.
        video: what its header says.
        bytes: size of the file; 0 of the sample.
        is_sample: whether it is the sample.
    """

    name: str
    path: Path
    video: VideoInfo
    bytes: int = 0
    is_sample: bool = False


class VideoVisit:
    """One visitor's recording, the job that analyses it, and the result. One at a time.

    Safe to share between threads: the page works with it, and another thread ends it when the
    visitor has left.

    Args:
        jobs: run the analyses of all visitors.
        workspaces: hold the recordings of all visitors.
        engine: analyses a recording.
    """

    def __init__(self, jobs: Jobs, workspaces: Workspaces, engine: Engine) -> None:
        self.jobs, self.workspaces, self._engine = jobs, workspaces, engine
        self._lock = threading.RLock()
        self._workspace: Workspace | None = None
        self._started = 0
        self.ended = False
        self.source: Source | None = None
        self.job: Job[Result] | None = None
        self.progress = VideoProgress()
        self.settings = VideoSettings()
        #: Why the last file was not taken, or what became of it.
        self.notice = ""

    @property
    def folder(self) -> Path | None:
        """Where the files of the recording are; None without one."""
        workspace = self._workspace
        return workspace.folder if workspace else None

    def take(self, file: BinaryIO, size: int, name: str, settings: VideoSettings) -> None:
        """Analyse a recording in the place of the last one, or leave a notice why not.

        Args:
            file: the recording.
            size: its size in bytes.
            name: its name, which may be anything.
            settings: how to analyse it.
        """
        with self._lock:
            self.clear()
            if self.ended:
                return
            name = shown_name(name)
            stored = f"recording{_suffix(name)}"
            try:
                self._workspace = self.workspaces.take(file, size, stored)
                path = self._workspace.folder / stored
                info = probe(path)
                check_work(info, size)
                self.source = Source(name, path, info, size)
            except NoRoomError as error:
                self._refuse(f"{name} was not taken. {error}")
            except VideoError as error:
                self._refuse(f"{name} {error}")
            self.start(settings)

    def take_sample(self, settings: VideoSettings) -> None:
        """Analyse the sample in the place of the last recording, or leave a notice why not."""
        with self._lock:
            self.clear()
            if self.ended:
                return
            try:
                self._workspace = self.workspaces.open(0)
            except NoRoomError as error:
                self._refuse(str(error))
                return
            path = self.workspaces.root / sample.NAME
            self.source = Source(sample.NAME, path, sample.VIDEO, is_sample=True)
            self.start(settings)

    def start(self, settings: VideoSettings) -> None:
        """Analyse the recording, in the place of an analysis with other settings."""
        with self._lock:
            source, workspace = self.source, self._workspace
            if source is None or workspace is None or self.ended:
                return
            self._stop()
            self._started += 1  # the last analysis may still be writing
            marked = workspace.folder / f"marked-{self._started}.mp4"
            progress = VideoProgress(fine=settings.fine)

            def work(cancelled: Cancelled) -> Result:
                if source.is_sample:
                    sample.sample_video(source.path.parent)
                return self._engine(source.path, marked, settings, progress.report, cancelled)

            self.settings, self.progress, self.notice = settings, progress, ""
            job: Job[Result] = Job(work, after=lambda: self._tidy(workspace, job, marked))
            self.job = job
            self.jobs.start(job)

    def cancel(self) -> None:
        """End the analysis at once, and delete the recording."""
        with self._lock:
            cancelled = self.job is not None and self.job.active
            self.clear()
            if cancelled:
                self.notice = CANCELLED

    def clear(self) -> None:
        """Delete the recording and its result."""
        with self._lock:
            self._stop()
            if self._workspace:
                self.workspaces.remove(self._workspace)
            self.source = self.job = self._workspace = None
            self.progress, self.notice = VideoProgress(), ""

    def end(self) -> None:
        """Delete all: the visitor has left."""
        with self._lock:
            self.clear()
            self.ended = True

    def _refuse(self, notice: str) -> None:
        self.clear()
        self.notice = notice

    def _stop(self) -> None:
        if self.job:
            self.job.cancel()
            result = self.job.result
            if result and result.marked:
                result.marked.unlink(missing_ok=True)

    def _tidy(self, workspace: Workspace, job: Job[Result], marked: Path) -> None:
        """Delete what a cancelled analysis wrote after its end."""
        with self._lock:
            if self._workspace is not workspace:
                self.workspaces.remove(workspace)
            elif job.cancelled():
                marked.unlink(missing_ok=True)


def _suffix(name: str) -> str:
    """Return the ending of a file's name, if it is one that a file's name may have anywhere."""
    suffix = PurePath(name).suffix.lower()
    return suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= 6 else ""
