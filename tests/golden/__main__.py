"""``python -m tests.golden DIRECTORY``: write what commands and pages make of made-up input.

Run it before a redesign and after each step, on one machine, and compare with ``diff -r``. What is
written depends on the processor in the last digits, so nothing of it is kept in the repository.
All input is drawn here, but for the astronaut that scikit-image brings. Times are blanked; pictures
and videos are hashes of their pixels.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import re
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import av
import cv2
import numpy as np
import pyarrow.parquet as pq
from PIL import Image as PillowImage
from skimage import data

from app.core.budget import MB, Budget
from app.core.jobs import Jobs
from app.core.photo_session import PhotoSession
from app.core.uploads import UploadLimits
from tests.samples import ROOT, SHIPPED_MODEL

#: Points in time, and what a machine took for something.
_BLANKS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:?\d\d|Z)?"), "TIME"),
    (re.compile(r'("?\w*(?:milliseconds|_ms|mtime|seconds_taken|took)"?[:=] ?)[\d.]+'), r"\1N"),
)


def main(directory: Path) -> None:
    """Write all outputs to a directory, which is made."""
    directory.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        inputs = Path(work)
        photographs = _photographs(inputs / "photos")
        for step in (_photos, _folder, _videos, _collection, _labelled, _live, _evaluation):
            out = directory / step.__name__.removeprefix("_")
            out.mkdir()
            print(out.name, file=sys.stderr)
            step(photographs, out)
        _write(directory / "dashboard.txt", _dashboard())


def _photographs(folder: Path) -> Path:
    """Draw photographs of every kind that differs: none, one and many faces, turned, broken, …"""
    folder.mkdir()
    face = PillowImage.fromarray(data.astronaut())
    room = PillowImage.effect_mandelbrot((640, 400), (-3, -2.5, 2, 2.5), 60).convert("RGB")
    crowd = room.resize((1500, 500))
    for index in range(9):
        side = 120 + 30 * (index % 3)
        crowd.paste(face.crop((130, 0, 330, 200)).resize((side, side)), (20 + 160 * index, 150))
    face.save(folder / "one.jpg", quality=90)
    room.save(folder / "nobody.png")
    crowd.save(folder / "crowd.jpg", quality=90)
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    face.rotate(90, expand=True).save(folder / "turned.jpg", exif=exif)
    face.save(folder / "moving.gif", save_all=True, append_images=[room])
    face.convert("L").save(folder / "grey.png")
    face.convert("RGBA").save(folder / "transparent.png")
    face.resize((40, 40)).save(folder / "tiny.png")
    whole = (folder / "one.jpg").read_bytes()
    (folder / "cut off.jpg").write_bytes(whole[: len(whole) // 3])
    (folder / "text.jpg").write_text("no picture")
    (folder / "empty.png").write_bytes(b"")
    (folder / "again.jpg").write_bytes(whole)
    return folder


def _photos(photographs: Path, out: Path) -> None:
    from fer.__main__ import main as fer

    paths = [str(path) for path in sorted(photographs.iterdir())]
    for head in ("balanced", "expression", "ferplus"):
        marked = [] if head != "balanced" else ["--out", str(out / "marked")]
        _write(
            out / f"{head}.json",
            _printed(fer, ["photo", "--json", "--head", head, *marked, *paths]),
        )
    _write(out / "text.txt", _printed(fer, ["photo", *paths]))
    _digest(out / "marked")


def _folder(photographs: Path, out: Path) -> None:
    from fer.__main__ import main as fer

    results = out / "results"
    _printed(fer, ["folder", "--out", str(results), "--workers", "1", str(photographs)])
    rows = [
        row
        for file in sorted(results.rglob("*.parquet"))
        for row in pq.read_table(file).to_pylist()
    ]
    rows.sort(key=lambda row: str(row.get("path")))
    for file in sorted(results.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    results.rmdir()
    _write(out / "rows.json", _lines(rows, photographs))


def _videos(photographs: Path, out: Path) -> None:
    from fer.__main__ import main as fer

    clip = photographs.parent / "clip.mp4"
    _write_clip(clip)
    _printed(fer, ["video", "--out", str(out), str(clip)])
    _digest(out)


def _collection(photographs: Path, out: Path) -> None:
    """A ZIP with duplicates, nested folders and hostile names, as the page reads it."""
    from app.core.photo import Answerer, Upload
    from app.photos.results import zip_of
    from app.photos.session import GallerySession
    from fer.analyzer import FaceAnalyzer

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(photographs.iterdir()):
            archive.write(path, f"day 1/{path.name}")
        archive.write(photographs / "one.jpg", "../../outside.jpg")
        archive.write(photographs / "one.jpg", "C:\\con?.jpg")
        archive.write(photographs / "one.jpg", "day 2/=1+1.jpg")
        archive.writestr("nested.zip", content.getvalue())
    analyzer = FaceAnalyzer.for_photos(SHIPPED_MODEL)
    session = GallerySession(Jobs(1), Jobs(1), Budget(1000 * MB), UploadLimits(1000, 100 * MB))
    session.take([Upload("holiday.zip", content.getvalue())], [Answerer(analyzer, "key")])
    _finish(session)
    for head in (head.name for head in analyzer.spec.heads):
        made = zip_of(session.views(head, "key", analyzer.spec))
        _unpack(made, out / head)
    _digest(out)


def _labelled(photographs: Path, out: Path) -> None:
    from app.core.models.runnable import entry_of
    from app.core.photo import Answerer, Upload
    from app.own_data.files import labels_csv, set_zip
    from app.own_data.own_set import Label
    from app.own_data.session import OwnSession
    from fer.analyzer import FaceAnalyzer

    analyzer, entry = FaceAnalyzer.for_photos(SHIPPED_MODEL), entry_of(SHIPPED_MODEL)
    assert entry
    session = OwnSession(Jobs(1), Budget(1000 * MB), UploadLimits(1000, 100 * MB))
    names = ("one.jpg", "crowd.jpg", "nobody.png", "text.jpg")
    for name in names:  # one by one, so that faces are in this order
        upload = Upload(name, (photographs / name).read_bytes())
        session.take([upload], [Answerer(analyzer, entry.key, entry.name)])
        _finish(session)
    own = session.own
    assert own
    for index in range(len(own.faces)):
        own.label(index, Label(("happy", "sad", "neutral")[index % 3]))
    _write(out / "labels.csv", labels_csv(own, entry, "balanced"))
    _unpack(set_zip(own, entry, "balanced", originals=False), out / "set")
    _digest(out)


def _finish(session: PhotoSession) -> None:
    """Wait until a session has read its photographs."""
    assert session.job
    assert session.job.wait(600)


def _live(photographs: Path, out: Path) -> None:
    """A camera of eight seconds over the server: all files that a visitor can save."""
    from app.core.session.stream_files import FORMATS
    from app.live.streaming.session import LiveModel, LiveSession
    from app.live.streaming.stream_limit import StreamLimit
    from fer.model.classifier import ExpressionClassifier
    from fer.stream import FaceStream
    from tests.browser.fake_camera import RATE, film

    classifier = ExpressionClassifier(SHIPPED_MODEL)
    model = LiveModel(classifier, classifier.spec)
    stream = FaceStream.load(SHIPPED_MODEL)
    session = LiveSession(stream, model, StreamLimit(1), match_seconds=60.0)
    shown = hashlib.sha256()
    for index, frame in enumerate(film(data.astronaut(), (320, 240))):
        shown.update(session.process(frame, index / RATE).tobytes())
    _write(out / "shown.txt", shown.hexdigest())
    result = session.record.result(UTC)
    for kind in FORMATS:
        (out / f"session{kind.ending}").write_bytes(kind.contents(result))
    _digest(out)


def _evaluation(photographs: Path, out: Path) -> None:
    from training.__main__ import main as training

    faces = photographs.parent / "faces"
    _printed(training, ["demo-data", "--out", str(faces), "--per-class", "12"])
    model = ["--model", str(SHIPPED_MODEL)]
    for head in ("balanced", "expression", "ferplus"):
        text = _printed(training, ["evaluate", *model, "--data", str(faces), "--head", head])
        _write(out / f"{head}.txt", text)


def _dashboard() -> str:
    """Return all words of the dashboard's report on every model, texts of pictures among them."""
    from app.dashboard.models import open_model
    from app.dashboard.registry import html_report

    texts = []
    for directory in sorted(path for path in (ROOT / "models").iterdir() if path.is_dir()):
        page = re.sub(r"(?s)<(script|style).*?</\1>", " ", html_report(open_model(directory)))
        alternatives = re.sub(r'<[^>]*?(?:aria-label|alt)="([^"]*)"[^>]*>', r"\n[\1]\n", page)
        words = re.sub(r"<[^>]+>", "\n", alternatives)
        texts += [f"== {directory.name}", re.sub(r"\s*\n\s*", "\n", words)]
    return "\n".join(texts)


def _write_clip(file: Path) -> None:
    """Write two shots of a face that moves, with a second of nobody between them."""
    from tests.browser.fake_camera import RATE, film

    with av.open(str(file), "w") as out:
        # The same on each run: one thread, and a quality in place of a rate.
        stream = out.add_stream("libx264", rate=RATE, options={"threads": "1", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for frame in film(data.astronaut(), (320, 240)):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(stream.encode())


def _printed(program: Callable[[list[str]], int], arguments: list[str]) -> str:
    """Return what a command prints, and its exit status."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(io.StringIO()):
        try:
            status = program(arguments)
        except SystemExit as end:
            status = end.code  # type: ignore[assignment]
    return f"{text.getvalue()}\nexit {status}\n"


def _unpack(archive: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for name in opened.namelist():
            path = folder / name.replace("/", " - ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(opened.read(name))


def _digest(folder: Path) -> None:
    """Replace files by what can be compared: text without times, and hashes of pixels."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".parquet":
            _write(path.with_suffix(".parquet.txt"), _lines(pq.read_table(path).to_pylist()))
        elif path.suffix in (".png", ".jpg", ".mp4"):
            _write(path.with_name(f"{path.name}.txt"), _pixels(path))
        elif path.suffix != ".txt":
            _write(path, path.read_text(encoding="utf-8"))
            continue
        else:
            continue
        path.unlink()


def _pixels(path: Path) -> str:
    if path.suffix == ".mp4":
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    else:
        frames = [cv2.imread(str(path))]
    digests = [hashlib.sha256(np.ascontiguousarray(frame)).hexdigest() for frame in frames]
    return "\n".join(f"{frame.shape} {one}" for frame, one in zip(frames, digests, strict=True))


def _lines(rows: Iterable[object], folder: Path | None = None) -> str:
    text = "\n".join(json.dumps(row, default=str, sort_keys=True) for row in rows)
    return text.replace(str(folder), "FOLDER") if folder else text


def _write(path: Path, text: str) -> None:
    for pattern, blank in _BLANKS:
        text = pattern.sub(blank, text)
    today = datetime.now(UTC).date().isoformat()
    text = re.sub(r"/tmp/\w+", "TEMPORARY", text.replace(today, "TODAY"))
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.golden",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("directory", type=Path, help="is made; it must not be there yet")
    main(parser.parse_args().directory)
