import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer.export import sessions
from fer.export.sessions import stream_csv, stream_parquet
from fer.export.stream import HeadLabels, StreamRows
from tests.fer.export.samples import HEADS, INFO, LABELS, steady


def table(rows: StreamRows) -> pa.Table:
    return pq.read_table(io.BytesIO(stream_parquet(rows, INFO)))


def header(rows: StreamRows) -> list[str]:
    return next(csv.reader(io.StringIO(stream_csv(rows, INFO))))


@pytest.mark.parametrize("script", ["", ".", "h", "hu.os"], ids=["none", "nobody", "one", "all"])
def test_the_columns_are_those_of_the_csv_and_each_row_says_the_same(script: str) -> None:
    rows = steady(script)
    read = table(rows)
    assert read.column_names == header(rows)
    told = list(csv.DictReader(io.StringIO(stream_csv(rows, INFO))))
    assert len(told) == read.num_rows
    for line, row in zip(told, read.to_pylist(), strict=True):
        for name in ("head", "answer", "expression", "model", "detector"):
            assert (row[name] or "") == line[name]
        for name in ("seconds", "person", "confidence", "left", *LABELS):
            assert (
                line[name] == ""
                if row[name] is None
                else row[name] == pytest.approx(float(line[name]))
            )
        for name in ("uncertain", "camera_off"):
            assert line[name] == ("" if row[name] is None else str(row[name]).lower())
        assert ";".join(row["quality"] or ()) == line["quality"]
        assert row["time"].isoformat(timespec="milliseconds") == line["time"]


def test_values_have_their_types_and_are_not_rounded() -> None:
    rows = steady("h")
    rows.array["seconds"], rows.array["score"] = 1.23456, 0.123456
    rows.array["flaws"][0] = (True, False, False, True)
    rows.array["smoothing_ms"] = 600
    read = table(rows)
    [row] = read.to_pylist()
    assert row["seconds"] == 1.23456
    assert row["detection_score"] == pytest.approx(0.123456, abs=1e-8)
    assert row["quality"] == ["small", "turned"]
    assert row["smoothing_seconds"] == pytest.approx(0.6)
    assert read.schema.field("person").type == pa.int32()
    assert read.schema.field("time").type == pa.timestamp("ms", tz="UTC")


def test_the_schema_says_what_made_it() -> None:
    told = table(steady("")).schema.metadata
    assert told == {
        b"model": b"compact",
        b"sha256": b"ab" * 32,
        b"detector": b"stream-1 (nets 2.0)",
        b"start": b"2026-03-01T23:59:59.000+00:00",
    }


def test_times_are_in_utc_wherever_the_visitor_is() -> None:
    here = timezone(timedelta(hours=5, minutes=30))
    info = replace(INFO, time=datetime(2026, 3, 2, 1, 0, tzinfo=here))
    read = pq.read_table(io.BytesIO(stream_parquet(steady("h"), info)))
    assert read["time"].to_pylist() == [datetime(2026, 3, 1, 19, 30, tzinfo=UTC)]


def test_a_label_that_a_row_s_head_lacks_is_null() -> None:
    one = steady("hs")
    both = (*HEADS, HeadLabels("other", ("sad", "happy")))
    one.array["head"][1] = 1
    read = table(StreamRows(one.array, both))
    assert read["head"].to_pylist() == ["expression", "other"]
    assert [value is None for value in read["neutral"].to_pylist()] == [False, True]


def test_long_sessions_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_GROUP_ROWS", 7)
    rows = steady("hs.u" * 5)
    data = stream_parquet(rows, INFO)
    assert pq.ParquetFile(io.BytesIO(data)).num_row_groups == 3
    assert table(rows)["seconds"].to_pylist() == rows.seconds.tolist()
    assert np.asarray(table(rows)["uncertain"].to_pylist()).tolist().count(None) == 5
