"""The files of a camera session or recording: CSV, JSON and Parquet, subtitles, and a summary."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from itertools import groupby
from typing import Any, BinaryIO, TextIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer.export.stream import CAMERA_OFF, NO_FACE, StreamResult, StreamRows, answers
from fer.export.subtitles import srt, webvtt
from fer.export.summary import summary_json
from fer.export.table import BOX, ExportInfo, face_cells, face_columns, face_record
from fer.text import cell
from fer.types import FLAWS, UNCERTAIN

#: Columns of every table of a session, before and after those of a face.
_FIRST_COLUMNS = ("seconds", "width", "height", "person")
_LAST_COLUMNS = ("time", "model", "detector", "smoothing_seconds", "camera_off")


def _write_csv(rows: StreamRows, info: ExportInfo, out: TextIO) -> None:
    """Write a CSV table with one row per face and frame; a frame without faces has one row.

    The columns are seconds since the start, width and height of the image, person (the track
    number), those of `fer.export.table.face_columns` with the labels of all heads, the time in
    ISO 8601, the names of model and detector, the smoothing window in seconds, and whether the
    camera was switched off (true or false). Without a face, the cells from person to the last label
    are empty. Boxes are in camera coordinates (not mirrored).
    """
    writer = csv.writer(out, lineterminator="\n")
    columns = face_columns(rows.labels)
    writer.writerow([*_FIRST_COLUMNS, *columns, *_LAST_COLUMNS])
    for row in rows.array:
        seconds, track = float(row["seconds"]), int(row["track"])
        cells: list[object] = [""] * (1 + len(columns))
        if track > NO_FACE:
            cells = [track, *face_cells(_face_record(row, rows), rows.labels)]
        frame = (round(seconds, 3), int(row["width"]), int(row["height"]))
        model = rows.heads[int(row["head"])].model or info.model
        made_by = (info.iso_time_after(seconds), cell(model), info.detector)
        camera_off = str(track == CAMERA_OFF).lower()
        writer.writerow([*frame, *cells, *made_by, row["smoothing_ms"] / 1000, camera_off])


def _write_json(rows: StreamRows, info: ExportInfo, out: TextIO) -> None:
    """Write a JSON object with start, model, detector, settings, heads, and each frame.

    The settings are a list: the first are those of the first frame, and each further entry says
    from which second on they were changed. Where several models answered, ``models`` has them all,
    and ``heads`` the labels of each one's heads, by ``model/head``.
    """
    several = bool(info.others)
    record = {
        "started": info.iso_time_after(0.0),
        **info.record(),
        "settings": _settings(rows, several),
        "labels": rows.labels,
        "heads": {f"{h.model}/{h.name}" if several else h.name: h.labels for h in rows.heads},
    }
    # Frame by frame: a long session's need not all be in memory at once.
    out.write(json.dumps(record).removesuffix("}") + ', "frames": [')
    for i, (seconds, frame) in enumerate(groupby(rows.array, lambda row: float(row["seconds"]))):
        out.write(f"{',' if i else ''}\n{json.dumps(_frame(seconds, list(frame), rows, info))}")
    out.write("]}")


def _settings(rows: StreamRows, several_models: bool) -> list[dict[str, Any]]:
    chosen = np.stack([rows.array["head"], rows.array["smoothing_ms"]], axis=1)
    changed = np.ones(len(rows), np.bool_)
    changed[1:] = (np.diff(chosen, axis=0) != 0).any(axis=1)
    settings = []
    for row in rows.array[changed]:
        head = rows.heads[int(row["head"])]
        settings.append(
            {
                "seconds": round(float(row["seconds"]), 3),
                **({"model": head.model} if several_models else {}),
                "head": head.name,
                "smoothing_seconds": int(row["smoothing_ms"]) / 1000,
            }
        )
    return settings


def _frame(
    seconds: float, frame: list[np.void], rows: StreamRows, info: ExportInfo
) -> dict[str, Any]:
    return {
        "seconds": round(seconds, 3),
        "time": info.iso_time_after(seconds),
        "width": int(frame[0]["width"]),
        "height": int(frame[0]["height"]),
        "faces": [
            {"person": int(row["track"]), **_face_record(row, rows)}
            for row in frame
            if row["track"] > NO_FACE
        ],
        "camera_off": int(frame[0]["track"]) == CAMERA_OFF,
    }


def _face_record(row: np.void, rows: StreamRows) -> dict[str, Any]:
    head = rows.heads[int(row["head"])]
    shares = row["probabilities"][[rows.labels.index(label) for label in head.labels]]
    uncertain, flaws = bool(row["uncertain"]), row["flaws"].tolist()
    return face_record(row["box"], row["score"], head.name, head.labels, shares, uncertain, flaws)


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


def _write_parquet(rows: StreamRows, info: ExportInfo, out: BinaryIO) -> None:
    """Write a Parquet table with one row per face and frame; a frame without faces has one row.

    The columns are those of the CSV table, not rounded. Times are in UTC, quality flaws are a list,
    and without a face the cells from person to the last label are null. The schema's metadata say
    model, sha256, detector and the start in ISO 8601, and where several models answered, the names
    of all and their hashes, with commas between them.
    """
    # Imported here, because its libraries take 8 MB of memory, and few servers are asked for it.
    import pyarrow.parquet as pq

    schema = _schema(rows.labels, info)
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for start in range(0, len(rows), _GROUP_ROWS):
            writer.write_table(_table(rows.take(slice(start, start + _GROUP_ROWS)), info, schema))


def _schema(labels: tuple[str, ...], info: ExportInfo) -> pa.Schema:
    names = [*_FIRST_COLUMNS, *face_columns(labels), *_LAST_COLUMNS]
    metadata = {
        "model": ", ".join([info.model, *(name for name, _ in info.others)]),
        "sha256": ", ".join([info.sha256, *(sha256 for _, sha256 in info.others)]),
        "detector": info.detector,
        "start": info.iso_time_after(0.0),
    }
    return pa.schema([(name, _TYPES.get(name, pa.float32())) for name in names], metadata=metadata)


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
    ".csv": _text(lambda result, out: _write_csv(result.rows, result.info, out)),
    ".json": _text(lambda result, out: _write_json(result.rows, result.info, out)),
    ".parquet": lambda result, out: _write_parquet(result.rows, result.info, out),
    ".vtt": _text(lambda result, out: out.write(webvtt(result))),
    ".srt": _text(lambda result, out: out.write(srt(result))),
    "-summary.json": _text(lambda result, out: out.write(summary_json(result))),
}


def file_bytes(result: StreamResult, ending: str) -> bytes:
    """Return one of the files; see `WRITERS`."""
    out = io.BytesIO()
    WRITERS[ending](result, out)
    return out.getvalue()
