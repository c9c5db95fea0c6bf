"""What is refused of a ZIP, whoever reads it."""

import random
import zipfile
from pathlib import Path

import pytest

from fer.labelled.archives import UnpackError, contents, is_folder, refusal


def entry(
    name: str = "happy/a.png", *, mode: int = 0, flags: int = 0, method: int = 8
) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr, made.create_system = mode << 16, 3
    made.flag_bits, made.compress_type = flags, method
    return made


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({}, ""),
        ({"method": 0, "mode": 0o100644}, ""),
        ({"name": "happy/", "mode": 0o040755}, ""),
        *(({"name": name}, "leads out") for name in ("../a.png", "a/../../b", "\\a", "C:\\a.png")),
        ({"mode": 0o120777}, "is a link"),
        ({"mode": 0o010644}, "not a usual file"),
        *(({"flags": flag}, "without a password") for flag in (0x1, 0x40)),
        ({"method": 14}, "not read (LZMA). Use the usual one, deflate"),
        ({"method": 99}, "(method 99)"),
    ],
)
def test_an_entry_that_could_do_harm_is_refused(about: dict, reason: str) -> None:
    made = entry(**about)
    said = refusal(made, made.filename)
    assert reason in said
    assert bool(said) is bool(reason)
    assert is_folder(made) is (made.filename == "happy/")


@pytest.mark.parametrize(
    ("zeros", "most", "reason"),
    [
        (0, 15_000, ""),
        (0, 14_999, "larger than 0 MB"),
        (1_000_000, 2**21, ""),  # a small drawing may be compressed a thousandfold
        (1_480_000, 2**21, ""),
        (1_800_000, 2**21, "less than 1/100 of its size"),
    ],
)
def test_bytes_are_counted_whatever_the_archive_says(
    tmp_path: Path, zeros: int, most: int, reason: str
) -> None:
    content = random.Random(2).randbytes(15_000) + bytes(zeros)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", content)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        member = archive.getinfo("a.png")
        if reason:
            with pytest.raises(UnpackError, match=reason):
                b"".join(contents(archive, member, most))
        else:
            assert b"".join(contents(archive, member, most)) == content
