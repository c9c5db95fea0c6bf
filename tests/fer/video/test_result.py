from pathlib import Path

from fer.model.spec import ModelSpec
from fer.video.recording import VideoOptions, analyse
from fer.video.result import result_of
from tests.fer.video.samples import beacon, even, red_stream, write_clip


def test_the_files_of_a_recording_tell_its_name_size_scenes_and_end(
    tmp_path: Path, spec: ModelSpec
) -> None:
    clip = write_clip(tmp_path / "a.mp4", even(20), beacon(lambda t: 20 + 20 * t), sound="aac")
    recording = analyse(clip, red_stream(spec), VideoOptions(5), portraits=False)
    result = result_of(recording, "holiday.mov")
    assert result.source["file"] == "holiday.mov"
    assert (result.source["width"], result.source["height"]) == (160, 96)
    assert result.source["has_sound"] is True
    assert (result.rows, result.info) == (recording.rows, recording.info)
    assert (result.cuts, result.note) == (recording.cuts, recording.note)
    assert result.times.until[-1] == recording.end, "the last frame stands to the end"
    assert result.times.lasted.min() > 0.1
