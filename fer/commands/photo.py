"""``fer-lens photo IMAGE...``: expressions in photographs, for people and for scripts."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from PIL import Image as PillowImage

from fer.analyzer import FaceAnalyzer
from fer.atomic_write import atomic_write, check_files
from fer.commands.options import add_model_options, add_overwrite, file_path, outputs
from fer.drawing.annotate import annotate
from fer.errors import ImageError
from fer.export.table import ExportInfo, PhotoResult, photo_record
from fer.images import read
from fer.text import chance, one_of
from fer.types import UNCERTAIN, Faces


def add_parser(commands: Any) -> None:
    """Add this command's parser to those of an `argparse.ArgumentParser`."""
    parser = commands.add_parser("photo", help="find every face in photographs, and its expression")
    parser.add_argument("images", nargs="+", type=file_path, metavar="IMAGE", help="a photo")
    parser.add_argument("--json", action="store_true", help="one JSON object per line and file")
    parser.add_argument(
        "--out", type=file_path, help="write marked pictures here: NAME-expressions.png"
    )
    add_overwrite(parser, "marked pictures that are there")
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Analyse every photograph; return the exit status."""
    images, out = arguments.images, arguments.out
    pictures: list[Path] = []
    if out:
        named = outputs(images, lambda file, n: [out / f"{file.stem}-expressions{n}.png"])
        pictures = [picture for [picture] in named]
    check_files(pictures, reads=images, overwrite=arguments.overwrite)
    if out:
        out.mkdir(parents=True, exist_ok=True)
    analyzer = FaceAnalyzer.for_photos(arguments.model, threads=arguments.threads)
    analyzer.spec.head(arguments.head)
    done = [
        _photo(file, analyzer, arguments, picture)
        for file, picture in zip_longest(images, pictures)
    ]
    return 0 if all(done) else 1


def _photo(
    file: Path, analyzer: FaceAnalyzer, arguments: argparse.Namespace, picture: Path | None
) -> bool:
    """Process one file; return whether it could be read and written."""
    try:
        if os.path.isdir(file):
            raise ImageError(f"is a folder; use: fer-lens folder {file} --out RESULTS")
        image = read(file)
        faces = analyzer(image, head=arguments.head)
        if picture:
            with atomic_write([picture]) as [part]:
                PillowImage.fromarray(annotate(image, faces)).save(part)
    except (ImageError, OSError) as error:
        if arguments.json:
            _print_json(photo_record(PhotoResult(str(file), error=str(error))))
        else:
            print(f"{file}: {error}", file=sys.stderr)
        return False
    if arguments.json:
        height, width = image.shape[:2]
        info = ExportInfo.of(analyzer.spec, analyzer.detector_version, datetime.now(UTC))
        _print_json(photo_record(PhotoResult(str(file), width, height, faces)) | info.record())
    else:
        _print_table(file, faces)
    return True


def _print_json(record: dict[str, Any]) -> None:
    print(json.dumps(record, ensure_ascii=False), flush=True)


def _print_table(file: Path, faces: Faces) -> None:
    if not len(faces):
        print(f"{file}: no face found")
        return
    print(f"{file}: {len(faces)} face{'s' if len(faces) > 1 else ''}")
    columns = faces.xyxy, faces.answers, faces.confidence, faces.candidates, faces.quality
    for number, row in enumerate(zip(*columns, strict=True), start=1):
        box, answer, confidence, candidates, quality = row
        left, top, right, bottom = (round(float(v)) for v in box)
        place = f"at {left}, {top} to {right}, {bottom}"
        unsure = [one_of(candidates)] if answer == UNCERTAIN else []
        notes = "; ".join([*unsure, *quality])
        share = chance(float(confidence))
        print(f"  {number:>3}  {answer:<10} {share:>4}  {place}{notes and f'  ({notes})'}")
