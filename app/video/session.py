"""One visitor's recording and what becomes of it. Does not use Streamlit."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import BinaryIO, Protocol

import av

from app.core.budget import MB, UploadFolders
from app.core.jobs import Cancelled, Job, Jobs
from app.core.sample_clip import RATE, SECONDS, SIZE, SampleClip
from app.core.server.events import log_disk_failure
from app.core.settings import SAMPLE
from app.video.engine import Result, VideoProgress, VideoSettings, check_work, disk_message
from fer.errors import VideoError
from fer.labelled.names import shown_name
from fer.video.opening import VideoInfo
from fer.video.reading import probe
from fer.video.recording import OnProgress

#: A recording costs its size twice: itself and the marked one.
COPIES = 2

#: What is said after a cancel before the first frame was analysed.
CANCELLED = "The analysis was cancelled, and the recording is deleted."

#: What is said where there is no room. A visitor cannot change it, but wait.
_FULL = (
    "This server has no room for it at the moment: the recordings of other visitors take it. Try "
    "again later, or with a shorter or smaller recording."
)

SAMPLE_NAME = "sample.mp4"

#: What its header says.
SAMPLE_VIDEO = VideoInfo(*SIZE, seconds=SECONDS, frame_rate=RATE, codec="h264", has_sound=False)

#: Stands for the header of a recording that has not been read.
UNREAD = VideoInfo(0, 0, seconds=None, frame_rate=None, codec="", has_sound=False)

#: H.264 in half a megabyte, written in about three seconds.
_SAMPLE_QUALITY = {"preset": "veryfast", "crf": "26"}


class Engine(Protocol):
    """Turns a recording into a result; see `app.video.engine.read_video`."""

    def __call__(  # noqa: D102 - said there
        self,
        source: Path,
        marked: Path,
        settings: VideoSettings,
        on_progress: OnProgress,
        cancelled: Cancelled,
        *,
        stopped: Cancelled,
    ) -> Result: ...


@dataclass(frozen=True)
class Source:
    """A visitor's recording on the server's disk."""

    #: As the visitor calls it.
    name: str
    #: Where it is; the sample is written there when it is analysed first.
    path: Path
    #: What its header says; `UNREAD` until the job has read it.
    video: VideoInfo
    #: Size of the file; 0 of the sample.
    bytes: int = 0
    is_sample: bool = False


class VideoSession:
    """One visitor's recording, the job that analyses it, and the result. One at a time.

    Safe to share between threads: the page works with it, and another thread ends it when the
    visitor has left.
    """

    def __init__(self, jobs: Jobs, folders: UploadFolders, engine: Engine) -> None:
        self.jobs, self.folders, self._engine = jobs, folders, engine
        self._lock = threading.RLock()
        self._started = 0
        self._stopped = threading.Event()
        self.ended = False
        #: Where the files of the recording are; None without one.
        self.folder: Path | None = None
        self.source: Source | None = None
        self.job: Job[Result] | None = None
        self.progress = VideoProgress()
        self.settings = VideoSettings()
        #: Why the last file was not taken, or what became of it.
        self.notice = ""

    def take(self, file: BinaryIO, size: int, name: str, settings: VideoSettings) -> None:
        """Analyse a recording in the place of the last one, or leave a notice why not.

        The job reads its header. If the recording is refused then, it is deleted, and a notice says
        why.
        """

        def stored(folder: Path) -> Source:
            suffix = PurePath(name).suffix.lower()
            plain = suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= 6
            path = folder / f"recording{suffix if plain else ''}"
            with path.open("wb") as out:
                shutil.copyfileobj(file, out, MB)
            return Source(name, path, UNREAD, size)

        name = shown_name(name)
        self._take(stored, size, name, settings)

    def take_sample(self, settings: VideoSettings) -> None:
        """Analyse the sample in the place of the last recording, or leave a notice why not."""
        path = self.folders.root / SAMPLE_NAME
        source = Source(SAMPLE_NAME, path, SAMPLE_VIDEO, is_sample=True)
        self._take(lambda folder: source, 0, SAMPLE_NAME, settings)

    def _take(
        self, store: Callable[[Path], Source], size: int, name: str, settings: VideoSettings
    ) -> None:
        with self._lock:
            self.clear()
            if self.ended:
                return
            notice = f"{name} was not taken. {_FULL}"
            try:
                if folder := self.folders.make(COPIES * size):
                    self.folder = folder
                    self.source = store(folder)
                    self.start(settings)
                    return
            except OSError as error:
                log_disk_failure(error, "video")
                notice = f"{name} was not taken. {disk_message(error)}"
            self.clear()
            self.notice = notice

    def start(self, settings: VideoSettings) -> None:
        """Analyse the recording, in the place of an analysis with other settings."""
        with self._lock:
            source, folder = self.source, self.folder
            if source is None or folder is None:
                return
            self._stop()
            self._started += 1  # the last analysis may still be writing
            marked = folder / f"marked-{self._started}.mp4"
            progress = VideoProgress(fine=settings.fine)
            stopped = threading.Event()

            def work(cancelled: Cancelled) -> Result:
                if source.is_sample:
                    write_sample(source.path)
                if source.video is UNREAD:
                    self._read_header(source)
                return self._engine(
                    source.path,
                    marked,
                    settings,
                    progress.report,
                    cancelled,
                    stopped=stopped.is_set,
                )

            def tidy() -> None:
                """Delete what a cancelled analysis wrote after its end, and a refused recording."""
                with self._lock:
                    if self.folder != folder:
                        self.folders.remove(folder)
                    elif job.cancelled():
                        marked.unlink(missing_ok=True)
                    elif isinstance(job.error, VideoError) and self._is_unread():
                        self.clear()
                        self.notice = f"{source.name} {job.error}"

            self._stopped = stopped
            self.settings, self.progress, self.notice = settings, progress, ""
            job: Job[Result] = Job(work, tidy)
            self.job = job
            self.jobs.start(job)

    @property
    def stopping(self) -> bool:
        """Whether an analysis was cancelled that is still to become a result."""
        return self._stopped.is_set() and self.job is not None and self.job.active

    def _read_header(self, source: Source) -> None:
        """Read the header of the recording; VideoError if it cannot be analysed."""
        video = probe(source.path)
        check_work(video, source.bytes)
        with self._lock:
            if self.source is source:
                self.source = replace(source, video=video)

    def _is_unread(self) -> bool:
        return self.source is not None and self.source.video is UNREAD

    def cancel(self) -> None:
        """End the analysis soon, with what was analysed so far as its result.

        Before the first frame was analysed, delete the recording at once. Do nothing after the end.
        """
        with self._lock:
            if self.job is None or not self.job.active:
                return
            if self.progress.newest:
                self._stopped.set()
                return
            self.clear()
            self.notice = CANCELLED

    def clear(self) -> None:
        """Delete the recording and its result."""
        with self._lock:
            self._stop()
            if self.folder:
                self.folders.remove(self.folder)
            self.source = self.job = self.folder = None
            self.progress, self.notice = VideoProgress(), ""

    def end(self) -> None:
        """Delete all: the visitor has left."""
        with self._lock:
            self.clear()
            self.ended = True

    def _stop(self) -> None:
        if self.job:
            self.job.cancel()
            result = self.job.result
            if result and result.marked:
                result.marked.unlink(missing_ok=True)


def write_sample(file: Path) -> None:
    """Draw and write the sample, the Live page's clip, if it is not there.

    Whoever comes while it is being written writes their own.
    """
    if file.exists():
        return
    half = file.with_name(f"{secrets.token_hex(8)}.mp4")
    clip = SampleClip(SAMPLE)
    try:
        with av.open(str(half), "w", options={"movflags": "faststart"}) as out:
            stream = out.add_stream("libx264", rate=RATE, options=_SAMPLE_QUALITY)
            stream.width, stream.height = SIZE
            stream.pix_fmt = "yuv420p"
            for index in range(round(SECONDS * RATE)):
                frame = av.VideoFrame.from_ndarray(clip.frame(index / RATE), format="rgb24")
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
        os.replace(half, file)
    finally:
        half.unlink(missing_ok=True)
