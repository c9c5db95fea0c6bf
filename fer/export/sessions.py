"""The files of a camera session or recording: CSV, JSON and Parquet, subtitles, and a summary."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, BinaryIO, TextIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer.export.stream import CAMERA_OFF, NO_FACE, HeadLabels, StreamResult, StreamRows, answers
from fer.export.subtitles import srt, webvtt
from fer.export.summary import summary_json
from fer.export.table import BOX, ExportInfo, FaceRow, face_columns
from fer.text import cell
from fer.types import FLAWS, UNCERTAIN

#: Columns of every table of a session, before and after those of a face.
FIRST_COLUMNS = ("seconds", "width", "height", "person")
LAST_COLUMNS = ("time", "model", "detector", "smoothing_seconds", "camera_off")


def stream_csv(rows: StreamRows, info: ExportInfo) -> str:
    """Return what `write_csv` writes."""
    out = io.StringIO()
    write_csv(rows, info, out)
    return out.getvalue()


def write_csv(rows: StreamRows, info: ExportInfo, out: TextIO) -> None:
    """Write a CSV table with one row per face and frame; a frame without faces has one row.

    The columns are seconds since the start, width and height of the image, person (the track
    number), those of `fer.export.table.face_columns` with the labels of all heads, the time in
    ISO 8601, the names of model and detector, the smoothing window in seconds, and whether the
    camera was switched off (true or false). Without a face, the cells from person to the last label
    are empty. Boxes are in camera coordinates (not mirrored).

    Args:
        rows: rows of a session or recording.
        info: what is said about all of them.
        out: open for text without translation of line ends (``newline=""``).
    """
    writer = csv.writer(out, lineterminator="\n")
    columns = face_columns(rows.labels)
    writer.writerow([*FIRST_COLUMNS, *columns, *LAST_COLUMNS])
    for row in rows.array:
        seconds = float(row["seconds"])
        cells: list[object] = [""] * (1 + len(columns))
        if row["track"] > NO_FACE:
            cells = [int(row["track"]), *_face_row(row, rows).cells(rows.labels)]
        frame = (round(seconds, 3), int(row["width"]), int(row["height"]))
        model = rows.heads[int(row["head"])].model or info.model
        said = (info.iso_time_after(seconds), cell(model), info.detector, _smoothing(row))
        writer.writerow([*frame, *cells, *said, str(_camera_off(row)).lower()])


def stream_json(rows: StreamRows, info: ExportInfo) -> str:
    """Return what `write_json` writes."""
    out = io.StringIO()
    write_json(rows, info, out)
    return out.getvalue()


def write_json(rows: StreamRows, info: ExportInfo, out: TextIO) -> None:
    """Write a JSON object with start, model, detector, settings, heads, and each frame.

    The settings are a list: the first are those of the first frame, and each further entry says
    from which second on they were changed. Where several models answered, ``models`` has them all,
    and ``heads`` the labels of each one's heads, by ``model/head``.

    Args:
        rows: rows of a session or recording.
        info: what is said about all of them.
        out: open for text.
    """
    record = {
        "started": info.iso_time_after(0.0),
        **info.record(),
        "settings": _settings(rows, info),
        "labels": rows.labels,
        "heads": {_head_name(head, info): head.labels for head in rows.heads},
    }
    # Frame by frame: a long session's need not all be in memory at once.
    out.write(json.dumps(record).removesuffix("}") + ', "frames": [')
    for i, frame in enumerate(_frames(rows, info)):
        out.write(f"{',' if i else ''}\n{json.dumps(frame)}")
    out.write("]}")


def _head_name(head: HeadLabels, info: ExportInfo) -> str:
    return f"{head.model}/{head.name}" if info.others else head.name


def _settings(rows: StreamRows, info: ExportInfo) -> list[dict[str, Any]]:
    chosen = np.stack([rows.array["head"], rows.array["smoothing_ms"]], axis=1)
    changed = np.ones(len(rows), np.bool_)
    changed[1:] = (np.diff(chosen, axis=0) != 0).any(axis=1)
    return [
        {
            "seconds": round(float(row["seconds"]), 3),
            **({"model": rows.heads[int(row["head"])].model} if info.others else {}),
            "head": rows.heads[int(row["head"])].name,
            "smoothing_seconds": _smoothing(row),
        }
        for row in rows.array[changed]
    ]


def _smoothing(row: np.void) -> float:
    return int(row["smoothing_ms"]) / 1000


def _camera_off(row: np.void) -> bool:
    return int(row["track"]) == CAMERA_OFF


def _frames(rows: StreamRows, info: ExportInfo) -> Iterator[dict[str, Any]]:
    for seconds, frame in groupby(rows.array, key=lambda row: float(row["seconds"])):
        frame_rows = list(frame)
        yield {
            "seconds": round(seconds, 3),
            "time": info.iso_time_after(seconds),
            "width": int(frame_rows[0]["width"]),
            "height": int(frame_rows[0]["height"]),
            "faces": [
                {"person": int(row["track"])} | _face_row(row, rows).record()
                for row in frame_rows
                if row["track"] > NO_FACE
            ],
            "camera_off": _camera_off(frame_rows[0]),
        }


def _face_row(row: np.void, rows: StreamRows) -> FaceRow:
    head = rows.heads[int(row["head"])]
    columns = [rows.labels.index(label) for label in head.labels]
    return FaceRow.of(
        box=row["box"],
        score=float(row["score"]),
        head=head.name,
        labels=head.labels,
        probabilities=row["probabilities"][columns],
        uncertain=bool(row["uncertain"]),
        flaws=row["flaws"].tolist(),
    )


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


def _text(write: Callable[[StreamResult, TextIO], object]) -> Callable[..., None]:
    def encoded(result: StreamResult, out: BinaryIO) -> None:
        text = io.TextIOWrapper(out, encoding="utf-8", newline="")
        write(result, text)
        text.detach()  # else it would close what the caller has opened

    return encoded


#: What writes a file, by the ending that its name gets.
WRITERS: dict[str, Callable[[StreamResult, BinaryIO], None]] = {
    ".csv": _text(lambda result, out: write_csv(result.rows, result.info, out)),
    ".json": _text(lambda result, out: write_json(result.rows, result.info, out)),
    ".parquet": lambda result, out: write_parquet(result.rows, result.info, out),
    ".vtt": _text(lambda result, out: out.write(webvtt(result))),
    ".srt": _text(lambda result, out: out.write(srt(result))),
    "-summary.json": _text(lambda result, out: out.write(summary_json(result))),
}


def file_bytes(result: StreamResult, ending: str) -> bytes:
    """Return one of the files; see `WRITERS`."""
    out = io.BytesIO()
    WRITERS[ending](result, out)
    return out.getvalue()
