"""Export a camera session or video: one row per face and frame, one per frame without faces."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any, TextIO

import numpy as np

from fer.export.face_rows import FaceRow, face_columns
from fer.export.info import ExportInfo
from fer.export.stream_rows import CAMERA_OFF, NO_FACE, HeadLabels, StreamRows
from fer.text import cell

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
    number), those of `fer.export.face_rows.face_columns` with the labels of all heads, the time in
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
