import io
import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from fer.export.sessions import WRITERS, file_bytes, stream_csv, stream_json, stream_parquet
from fer.export.stream import StreamResult
from fer.export.subtitles import srt, webvtt
from fer.export.summary import summary_record
from tests.fer.export.samples import INFO, steady


@pytest.mark.parametrize("script", ["", "h" * 10 + "." * 5 + "uus"], ids=["nothing", "a session"])
def test_each_file_is_what_its_format_says(script: str) -> None:
    rows = steady(script)
    result = StreamResult(rows, replace(INFO, model="Modell für Gesichter"))
    files = {ending: file_bytes(result, ending) for ending in WRITERS}
    assert files[".csv"].decode() == stream_csv(rows, result.info)
    assert json.loads(files[".json"]) == json.loads(stream_json(rows, result.info))
    assert pq.read_table(io.BytesIO(files[".parquet"])) == pq.read_table(
        io.BytesIO(stream_parquet(rows, result.info))
    )
    assert files[".vtt"].decode() == webvtt(result)
    assert files[".srt"].decode() == srt(result)
    assert json.loads(files["-summary.json"]) == summary_record(result)


def test_what_the_caller_has_opened_stays_open() -> None:
    out = io.BytesIO()
    for write in WRITERS.values():
        write(StreamResult(steady("h"), INFO), out)
    assert not out.closed
