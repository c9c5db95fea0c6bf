"""A camera session or recording as a Parquet file: the columns of the CSV, each with its type."""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer.export.face_rows import BOX, face_columns
from fer.export.info import ExportInfo
from fer.export.sessions import FIRST_COLUMNS, LAST_COLUMNS
from fer.export.stream_rows import StreamRows
from fer.export.stream_times import answers
from fer.types import FLAWS, UNCERTAIN

#: Rows of a row group: so many are in memory as columns at a time.
_GROUP_ROWS = 1 << 16

_NAME = pa.dictionary(pa.int16(), pa.string())

#: Types of the columns that are not numbers of 32 bits.
_TYPES = {
    "seconds": pa.float64(),
    "width": pa.int32(),
    "height": pa.int32(),
    "person": pa.int32(),
    "head": _NAME,
    "answer": _NAME,
    "uncertain": pa.bool_(),
    "quality": pa.list_(pa.string()),
    "expression": _NAME,
    "time": pa.timestamp("ms", tz="UTC"),
    "model": _NAME,
    "detector": _NAME,
    "camera_off": pa.bool_(),
}


def stream_parquet(rows: StreamRows, info: ExportInfo) -> bytes:
    """Return what `write_parquet` writes."""
    out = io.BytesIO()
    write_parquet(rows, info, out)
    return out.getvalue()


def write_parquet(rows: StreamRows, info: ExportInfo, out: BinaryIO) -> None:
    """Write a Parquet table with one row per face and frame; a frame without faces has one row.

    The columns are those of `fer.export.sessions.write_csv`, not rounded. Times are in UTC, quality
    flaws are a list, and without a face the cells from person to the last label are null. The
    schema's metadata say model, sha256, detector and the start in ISO 8601, and where several
    models answered, the names of all and their hashes, with commas between them.

    Args:
        rows: rows of a session or recording.
        info: what is said about all of them.
        out: open for bytes.
    """
    # Imported here, because its libraries take 8 MB of memory, and few servers are asked for it.
    import pyarrow.parquet as pq

    schema = _schema(rows.labels, info)
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for start in range(0, len(rows), _GROUP_ROWS):
            writer.write_table(_table(rows.take(slice(start, start + _GROUP_ROWS)), info, schema))


def _schema(labels: tuple[str, ...], info: ExportInfo) -> pa.Schema:
    names = [*FIRST_COLUMNS, *face_columns(labels), *LAST_COLUMNS]
    told = {
        "model": ", ".join([info.model, *(name for name, _ in info.others)]),
        "sha256": ", ".join([info.sha256, *(sha256 for _, sha256 in info.others)]),
        "detector": info.detector,
        "start": info.iso_time_after(0.0),
    }
    return pa.schema([(name, _TYPES.get(name, pa.float32())) for name in names], metadata=told)


def _table(rows: StreamRows, info: ExportInfo, schema: pa.Schema) -> pa.Table:
    array, none = rows.array, ~rows.has_face
    start = np.datetime64(round(1000 * info.time.timestamp()), "ms")
    box = {name: array["box"][:, i] for i, name in enumerate(BOX)}
    of_face: dict[str, NDArray] = {
        "person": rows.track,
        **box,
        "detection_score": array["score"],
        "uncertain": array["uncertain"],
        "confidence": rows.probabilities.max(axis=1),
    }
    columns = {
        "seconds": rows.seconds,
        "width": array["width"],
        "height": array["height"],
        "head": _names(array["head"], [head.name for head in rows.heads], none),
        "answer": _names(answers(rows), [*rows.labels, UNCERTAIN], none),
        "quality": _flaws(array["flaws"], none),
        "expression": _names(rows.probabilities.argmax(axis=1), rows.labels, none),
        "time": start + np.round(1000 * rows.seconds).astype("timedelta64[ms]"),
        "model": _names(array["head"], [head.model or info.model for head in rows.heads]),
        "detector": _names(np.zeros(len(rows), np.int16), [info.detector]),
        "smoothing_seconds": array["smoothing_ms"].astype(np.float32) / 1000,
        "camera_off": rows.camera_off,
        **{name: pa.array(values, mask=none) for name, values in of_face.items()},
    }
    lacks = np.array([[label not in head.labels for label in rows.labels] for head in rows.heads])
    for i, label in enumerate(rows.labels):
        columns[label] = pa.array(rows.probabilities[:, i], mask=none | lacks[array["head"], i])
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _names(
    index: NDArray, names: tuple[str, ...] | list[str], none: NDArray[np.bool_] | None = None
) -> pa.Array:
    """Return a column of names by their index; null where there is none."""
    return pa.DictionaryArray.from_arrays(
        pa.array(index.astype(np.int16), mask=none), pa.array(names, pa.string())
    )


def _flaws(flaws: NDArray[np.bool_], none: NDArray[np.bool_]) -> pa.Array:
    """Return a column with the list of each row's flaws; null where there is no face."""
    offsets = np.concatenate([[0], np.cumsum(flaws.sum(axis=1))]).astype(np.int32)
    names = pa.array(np.array(FLAWS)[np.nonzero(flaws)[1]], pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), names, mask=pa.array(none))
