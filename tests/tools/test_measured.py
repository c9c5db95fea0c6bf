"""What tools compute of what they measure. How fast anything is, no test can promise."""

import os
import sys
from collections.abc import Callable
from itertools import islice, repeat
from pathlib import Path

import numpy as np
import psutil
import pytest

from fer.images import read
from fer.types import Floats, Image
from fer.video.reading import VideoReader
from tests.fer.video.samples import even, write_clip
from tools import collection, framing, live_path, peers, quality, video
from tools.hosting import EVERY, WINDOW, kept, medians, spread, verdict
from tools.peers import Peer
from tools.pictures import BORDER, ENLARGE, SIZES, moving_faces, photograph, write_photos
from tools.report import Sample, Watch, table


def test_a_table_lines_up() -> None:
    assert table(["a", "bb"], []).splitlines() == ["a  bb", "-  --"]
    assert table(["a", "b"], [["long", "1"]]).splitlines()[-1] == "long  1"


def test_a_watch_sees_a_process_and_what_it_uses() -> None:
    with Watch(psutil.Process(), 0.01) as watch:
        used = os.times().user + 0.2
        while os.times().user < used:
            pass
    assert watch.samples[0].mb > 10
    assert min(watch.samples[0].threads, watch.samples[0].handles) >= 1
    assert watch.processor_seconds >= 0.1


def test_each_upload_is_new_and_only_one_is_there_at_a_time(tmp_path: Path) -> None:
    seen = set()
    for number, file in enumerate(islice(write_photos(tmp_path), 5)):
        width, height = SIZES[number % len(SIZES)]
        assert read(file).shape == (height, width, 3)
        assert [*tmp_path.iterdir()] == [file]
        seen.add(file.read_bytes())
    assert len(seen) == 5


def test_a_collection_is_read_whole_and_its_memory_watched(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.draw_photos(tmp_path, 3)
    files = list(tmp_path.rglob("*.jpg"))
    assert len({file.read_bytes() for file in files}) == 3
    assert collection.run(tmp_path, collection.CollectionOptions(workers=1)).tally.faces == 3
    arguments = ["x", "--photos", "6", "--memory-photos", "30", "--without-ray"]
    monkeypatch.setattr("sys.argv", arguments)
    collection.main()
    lines = capsys.readouterr().out.splitlines()
    one, two = (line.split() for line in lines[3:5])
    assert (one[:3], two[:3]) == (["local,", "1", "6"], ["local,", "2", "6"])
    assert min(float(value) for value in one[3:]) > 0
    tenths, growth = lines[5].removeprefix("MB by tenth: ").split("; second to last ")
    assert min(map(float, tenths.split(","))) > 10
    assert abs(float(growth.rstrip("%"))) < 100


@pytest.mark.parametrize("faces", [0, 1, 3, 8])
def test_a_live_scene_has_as_many_faces_as_asked_for_and_moves(faces: int) -> None:
    frames = moving_faces(faces, (640, 480), 4)
    assert {frame.shape for frame in frames} == {(480, 640, 3)}
    assert not (frames[0] == frames[1]).all()
    steps = live_path.live_path(frames)  # in each of the first, one is looked at closely
    assert [found for _, found in islice(steps, faces, faces + 4)] == [faces] * 4


def test_the_live_path_and_a_peer_get_the_same_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_path, "SIZE", (320, 240))
    found, *times = live_path.cost(1, 0.0, warm_up=1)
    assert found == "1.0"
    assert len(times) == len(live_path.PARTS)
    frames = []

    def peer(frame: Image) -> tuple[Floats, float, float]:
        frames.append(frame)
        return np.zeros((1, 5), np.float32), 0.5, 0.25

    own = [50.0 if part in ("total", "processor") else 0.0 for part in live_path.PARTS]
    monkeypatch.setattr(live_path, "live_path", lambda frames: repeat((own, 0)))
    words = ["500.0", "50.0", "10.0", "250.0", "50.0", "5.0", "100%", "0%"]
    assert live_path.beside(peer, seconds=0.0) == words
    assert {frame.shape for frame in frames} == {(240, 320, 3)}


#: What `tools.peers` uses of the PyPI package: it finds one face in what is not black.
FAKE_PACKAGE = """
import numpy as np

class FER:
    def __init__(self, mtcnn, use_tflite):
        assert not mtcnn
    def detect_emotions(self, frame):
        assert frame.shape == (60, 80, 3) and frame.dtype == np.uint8
        if frame[..., 0].max() == 9:
            raise SystemExit
        return [{"box": (1, 2, 9, 10)}] if frame.any() else []
"""


def test_a_peer_answers_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fer").mkdir()
    (tmp_path / "fer" / "__init__.py").touch()
    (tmp_path / "fer" / "fer.py").write_text(FAKE_PACKAGE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    black = np.zeros((60, 80, 3), np.uint8)
    with Peer(Path(sys.executable), "keras") as peer:
        faces, seconds, processor = peer(black)
        assert (faces.shape, seconds >= 0, processor >= 0) == ((0, 5), True, True)
        assert peer(black + 1)[0].tolist() == [[1, 2, 10, 12, 1]]
        with pytest.raises(RuntimeError, match=r"peers\.py keras gave no .*PyPI package fer"):
            peer(black + 9)
    for kind, needs in (("haar", "opencv-python"), ("tflite", "package fer")):
        with pytest.raises(RuntimeError, match=rf"{kind} gave no .*{needs}"):
            Peer(Path("/bin/true"), kind).__enter__()


@pytest.mark.parametrize("boxes", [(), np.array([[5, 6, 20, 20]])])
def test_a_cascade_sees_the_picture_in_grey(
    monkeypatch: pytest.MonkeyPatch, boxes: np.ndarray
) -> None:
    class Cascade:
        """What OpenCV before 5 gives: an empty tuple, or left, top, width and height of each."""

        def __init__(self, file: str) -> None:
            assert file == "there/haarcascade_frontalface_alt2.xml"

        def detectMultiScale(self, image: np.ndarray, **_: object) -> np.ndarray:  # noqa: N802
            assert image.shape == (60, 80)
            return boxes

    monkeypatch.setattr(peers.cv2, "CascadeClassifier", Cascade, raising=False)
    monkeypatch.setattr(peers.cv2.data, "haarcascades", "there/", raising=False)
    assert len(peers.haar()(np.zeros((60, 80, 3), np.uint8))) == len(boxes)


def test_a_face_of_a_data_set_is_found_again_in_a_photograph_of_it(astronaut: Image) -> None:
    grey = astronaut[50:200, 150:300, :1][::3, ::3][:48, :48]
    found = framing.find_again(np.stack([grey, np.zeros_like(grey)]), np.array([3, 5]))
    assert (found.total, found.labels.tolist(), len(found.faces)) == (2, [3], 1)
    assert photograph(grey).shape == ((48 + 2 * BORDER) * ENLARGE,) * 2 + (3,)
    assert found.images.shape == found.crops.shape == (1, 48, 48, 1)
    sharp = np.diff(found.crops.astype(float), axis=1).std()
    softer = dict.fromkeys(("14 px", "blurred, σ = 2.0 px of 48", "15% of the light, noise 2"))
    for name, _, change in quality.corruptions():
        if name in softer:
            changed = quality.corrupted(found.crops, change)
            assert np.diff(changed.astype(float), axis=1).std() < 0.8 * sharp, name
    nobody = framing.find_again(np.zeros((0, 48, 48, 1), np.uint8), np.zeros(0, np.int64))
    assert (len(nobody.faces), nobody.crops.shape) == (0, (0, 48, 48, 1))


def test_points_lost_have_the_standard_error_of_the_difference() -> None:
    answers = np.eye(2, dtype=np.float32)[[0, 0, 0, 0]]
    others = np.eye(2, dtype=np.float32)[[0, 0, 0, 1]]
    points, error = framing.lost(answers, others, np.zeros(4, np.int64))
    assert (points, error) == (25.0, pytest.approx(100 * 0.5 / 2))


def test_a_recording_is_repeated_packet_by_packet(tmp_path: Path) -> None:
    short = write_clip(tmp_path / "a.mp4", even(15, 30))
    with VideoReader(video.write_repeated(short, tmp_path / "b.mp4", 3)) as reader:
        times = [frame.seconds for frame in reader.frames()]
    assert times == pytest.approx([i / 30 for i in range(45)], abs=0.002)


def test_a_process_is_measured_and_its_failure_told() -> None:
    busy = "a = bytearray(200 * 2**20); sum(range(20_000_000))"
    small, large = (video.cost_of([sys.executable, "-c", code]) for code in ("", busy))
    assert large.megabytes > small.megabytes + 150
    assert large.processor > small.processor
    with pytest.raises(RuntimeError, match="ended with status 3"):
        video.cost_of([sys.executable, "-c", "raise SystemExit(3)"])
    costs = [video.Cost(seconds, 2 * seconds, 100 * seconds) for seconds in (5.0, 2.0, 1.0)]
    assert video.row("a", 10, costs) == ["a", "2.0 s", "5.0", "2.0 to 10.0", "4.0 s", "500 MB"]


def series(minutes: float, mb: Callable[[float], float]) -> list[Sample]:
    """Return samples of so many minutes with a memory by the time in seconds."""
    times = [EVERY * n for n in range(round(60 * minutes / EVERY) + 1)]
    return [Sample(seconds, mb(seconds), 10, 20) for seconds in times]


@pytest.mark.parametrize(("minutes", "windows"), [(0, 0), (4, 0), (5, 1), (11, 2), (20, 4)])
def test_only_whole_windows_count(minutes: float, windows: int) -> None:
    assert len(medians(series(minutes, lambda _: 1.0) if minutes else [], 0.0)) == windows


def test_what_was_before_does_not_count_and_a_short_peak_does_not_either() -> None:
    samples = series(20, lambda s: 900 if s < WINDOW else 800 if s % 60 == 0 else 400)
    assert medians(samples, WINDOW) == [400, 400, 400]
    assert [spread(values) for values in ([], [5], [400, 400])] == [0, 0, 0]
    assert spread([400, 420, 410]) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("growth", "threads", "handles", "wrong"),
    [
        (0.0, 12, 30, []),
        (0.001, 11, 25, []),
        (0.1, 12, 30, ["medians of the memory differ by 18.7%, more than 5%"]),
        (0.0, 14, 31, ["2 threads are left over", "1 handles are left over"]),
    ],
)
def test_a_soak_says_what_does_not_hold(
    growth: float, threads: int, handles: int, wrong: list[str]
) -> None:
    samples = series(30, lambda seconds: 400 + growth * max(0.0, seconds - 1800 / 2))
    before, after = Sample(0.0, 400.0, 12, 30), Sample(1800.0, 400.0, threads, handles)
    assert [text[:50] for text in verdict(samples, before, after, 30)] == [w[:50] for w in wrong]


@pytest.mark.parametrize(("measured", "says"), [(300.0, "kept"), (301.0, "MISSED")])
def test_a_limit_says_whether_it_was_kept(
    measured: float, says: str, capsys: pytest.CaptureFixture
) -> None:
    assert kept("start", measured, 300) == (says == "kept")
    assert capsys.readouterr().out == f"start: {measured} MB, at most 300: {says}\n"
