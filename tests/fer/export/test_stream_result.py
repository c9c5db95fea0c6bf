from fer.export.stream_result import StreamResult
from tests.fer.export.samples import INFO, steady


def test_a_camera_may_stop_and_a_recording_shows_each_frame_until_the_next() -> None:
    rows = steady("h" + "_" * 49 + "h")
    assert StreamResult(rows, INFO).times.lasted.tolist() == [1.0, 1.0]
    recorded = StreamResult(rows, INFO, recorded=True, end=6.5)
    assert recorded.times.lasted.tolist() == [5.0, 1.5]


def test_no_frame_stands_for_longer_than_its_scene() -> None:
    rows = steady("hhh", rate=1)
    cut = StreamResult(rows, INFO, recorded=True, cuts=(0.25, 1.0, 2.5), end=3.0)
    assert cut.times.lasted.tolist() == [0.25, 1.0, 0.5]
