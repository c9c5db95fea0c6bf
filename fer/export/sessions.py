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

from fer.export.stream import (
    CAMERA_OFF,
    GAP_SECONDS,
    NO_FACE,
    StreamResult,
    StreamRows,
    answers,
    shares,
)
from fer.export.subtitles import srt, webvtt
from fer.export.table import BOX, ExportInfo, face_cells, face_columns, face_record
from fer.text import cell
from fer.types import ISSUES, UNCERTAIN

#: Columns of every table of a session, before and after those of a face.
_FIRST_COLUMNS = ("seconds", "width", "height", "person")
_LAST_COLUMNS = ("time", "model", "detector", "smoothing_seconds", "camera_off")


def _write_csv(rows: StreamRows, info: ExportInfo, out: TextIO) -> None:
    """Write a CSV table with one row per face and frame; a frame without faces has one row.

    The columns are seconds since the start, width and height of the image, person (the track
    number), those of `face_columns` with the labels of all heads, and what made the answers.
    Without a face, the cells from person to the last label are empty. Boxes are in camera
    coordinates (not mirrored).
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
    uncertain, issues = bool(row["uncertain"]), row["issues"].tolist()
    return face_record(row["box"], row["score"], head.name, head.labels, shares, uncertain, issues)


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
    """Write the CSV table as Parquet, not rounded.

    Times are in UTC, quality is a list of issues, and without a face the cells from person to the
    last label are null. The schema's metadata say model, sha256, detector and the start in ISO
    8601; of several models, names and hashes with commas between them.
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
        "quality": _issues(array["issues"], none),
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


def _issues(issues: NDArray[np.bool_], none: NDArray[np.bool_]) -> pa.Array:
    """Return a column with the list of each row's issues; null where there is no face."""
    offsets = np.concatenate([[0], np.cumsum(issues.sum(axis=1))]).astype(np.int32)
    names = pa.array(np.array(ISSUES)[np.nonzero(issues)[1]], pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), names, mask=pa.array(none))


#: Seconds that the same answer should last before and after a moment, so that it is no flicker.
SETTLED_SECONDS = 0.3


def surest_moments(rows: StreamRows) -> NDArray[np.int64]:
    """Return the surest moment of each person and expression, as positions in `rows`.

    It is the row with the highest confidence among those whose answer was the same for
    `SETTLED_SECONDS` before and after; if there is none such, among all with that answer. Uncertain
    answers have no moment. A later one that is equally sure does not count. They are ascending by
    person, then by label.
    """
    index = np.flatnonzero(rows.has_face)
    index = index[np.argsort(rows.track[index], kind="stable")]  # person by person, in time
    faces = rows.take(index)
    answer = answers(faces)
    settled = _time_inside(faces, answer) > SETTLED_SECONDS - 1e-6
    confidence = faces.probabilities.max(axis=1, initial=0)
    order = np.lexsort((faces.seconds, -confidence, ~settled, answer, faces.track))
    order = order[answer[order] < len(rows.labels)]
    key = np.stack([faces.track[order], answer[order]], axis=1)
    _, first = np.unique(key, axis=0, return_index=True)
    return index[order[first]]


def _time_inside(faces: StreamRows, answer: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how far each row is from either end of its run of equal answers, in seconds."""
    if not len(faces):
        return np.zeros(0)
    new = np.ones(len(faces), np.bool_)
    new[1:] = (
        (np.diff(faces.track) != 0)
        | (np.diff(answer) != 0)
        | (np.diff(faces.array["head"].astype(np.int64)) != 0)
        | (np.diff(faces.seconds) > GAP_SECONDS)
    )
    run = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(faces)) - 1
    seconds = faces.seconds
    return np.minimum(seconds - seconds[first][run], seconds[last][run] - seconds)


def summary_json(result: StreamResult) -> str:
    """Return the summary as JSON."""
    return json.dumps(summary_record(result), indent=1, ensure_ascii=False)


def summary_record(result: StreamResult) -> dict[str, Any]:
    """Return the summary as a JSON-ready object.

    Each person has the seconds in view, the share of them per answer (0…1), and the surest moment
    of each expression; see `surest_moments`.
    """
    times, info = result.times, result.info
    first = float(times.seconds[0]) if len(times.seconds) else 0.0
    last = float(times.until[-1]) if len(times.seconds) else 0.0
    return {
        **result.source,
        "started": info.iso_time_after(0.0),
        **info.record(),
        "first_second": round(first, 3),
        "last_second": round(last, 3),
        "seconds": round(last - first, 3),
        "frames": len(times.seconds),
        "camera_off_seconds": round(float(times.lasted[times.camera_off].sum()), 3),
        "people": _people(result),
        "cuts": [round(cut, 3) for cut in result.cuts],
        "note": result.note,
    }


def _people(result: StreamResult) -> list[dict[str, Any]]:
    rows = result.rows.used()
    sums = shares(rows, result.times)
    names = (*rows.labels, UNCERTAIN)
    people: dict[int, dict[str, Any]] = {}
    for track, seconds in zip(sums.tracks, sums.seconds, strict=True):
        total = float(seconds.sum())
        parts = seconds / total if total else np.zeros(len(names))
        people[track] = {
            "person": track,
            "seconds": round(total, 3),
            "shares": {n: round(float(p), 4) for n, p in zip(names, parts, strict=True)},
            "surest_moments": [],
        }
    for row in rows.array[surest_moments(rows)]:
        seconds, best = float(row["seconds"]), int(row["probabilities"].argmax())
        people[int(row["track"])]["surest_moments"].append(
            {
                "expression": rows.labels[best],
                "seconds": round(seconds, 3),
                "time": result.info.iso_time_after(seconds),
                "confidence": round(float(row["probabilities"][best]), 4),
            }
        )
    return list(people.values())


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
