"""A small file that claims many frames is refused before FFmpeg makes an index of them."""

import zlib
from pathlib import Path
from struct import pack

import av
import pytest

from fer.errors import VideoError
from fer.video.claims import claimed_samples
from fer.video.opening import opened
from fer.video.reading import probe
from tests.fer.video.samples import even, write_clip

MANY = pack(">I", 60_000_000)

#: A run of samples of a fragment without a value for any of them: flags, number.
RUN = pack(">I", 16) + b"trun" + pack(">I", 0)


def box(kind: bytes, content: bytes) -> bytes:
    return pack(">I", len(content) + 8) + kind + content


def with_table(content: bytes) -> bytes:
    """Claim that many samples have 100 bytes each."""
    place = content.index(b"stsz") + 8
    return content[:place] + pack(">I", 100) + MANY + content[place + 8 :]


def compressed(content: bytes) -> bytes:
    """Compress the header, which comes last."""
    place = content.index(b"moov") - 4
    header = content[place:]
    hidden = box(b"dcom", b"zlib") + box(b"cmvd", pack(">I", len(header)) + zlib.compress(header))
    return content[:place] + box(b"moov", box(b"cmov", hidden))


def test_what_ordinary_files_claim_is_what_they_have(tmp_path: Path) -> None:
    kinds = (
        ("picture.mp4", {}, 12, 12),
        ("fast.mp4", {"fast_start": True}, 12, 12),
        # 47 packets of 1,024 samples in a second, and one before it.
        ("aac.mp4", {"sound": "aac"}, 12 + 50, 12 + 60),
        # 57,600 samples that are indexed in packets.
        ("pcm.mov", {"sound": "pcm_s16le"}, 12, 12),
        ("a.mkv", {}, 0, 0),
        ("a.avi", {"codec": "mpeg4"}, 0, 0),
        ("a.gif", {"codec": "gif", "pix_fmt": "rgb8"}, 0, 0),
        ("a.ts", {}, 0, 0),
    )
    for name, options, least, most in kinds:
        file = write_clip(tmp_path / name, even(12), **options)  # type: ignore[arg-type]
        assert least <= claimed_samples(file) <= most, name
        assert probe(file).width == 96


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        ("table", with_table),
        ("fragment", lambda content: content + box(b"moof", box(b"traf", RUN + MANY))),
        ("fragment in an unknown box", lambda content: content + box(b"abcd", RUN + MANY)),
        ("fragment without a size", lambda content: content + RUN + MANY),
        ("sum", lambda content: content + 8 * box(b"moof", RUN + pack(">I", 400_000))),
        ("sound", lambda content: with_table(content).replace(b"vide", b"soun")),
    ],
)
def test_a_claim_of_many_samples_is_refused_before_the_file_is_opened(
    name: str, claim: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_clip(tmp_path / "a.mp4", even(12))
    file.write_bytes(claim(file.read_bytes()))  # type: ignore[operator]
    monkeypatch.setattr(av, "open", lambda *_, **__: 1 / 0)
    with pytest.raises(VideoError, match=r"claims to have [\d,]{9,} frames and sound packets"):
        opened(file)


def test_a_compressed_header_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_clip(tmp_path / "a.mov", even(12))
    file.write_bytes(compressed(file.read_bytes()))
    monkeypatch.setattr(av, "open", lambda *_, **__: 1 / 0)
    with pytest.raises(VideoError, match="compressed header"):
        opened(file)


def test_text_is_no_claim(tmp_path: Path) -> None:
    file = write_clip(tmp_path / "a.mp4", even(12))
    text = b"An elephant swings its trunk through the truncated tree. cmov is an instruction."
    file.write_bytes(file.read_bytes() + box(b"uuid", text))
    assert claimed_samples(file) == 12


@pytest.mark.parametrize("size", [0, 1, 7, 8, 2**32 - 1])
def test_pictures_and_sound_are_not_searched(size: int, tmp_path: Path) -> None:
    header = pack(">I", size) + b"mdat" + (pack(">Q", 99) if size == 1 else b"")
    claim = RUN + MANY
    file = tmp_path / "a.mp4"
    file.write_bytes(box(b"ftyp", b"isom") + header + claim)
    inside = size in (0, 1, 2**32 - 1)
    assert claimed_samples(file) == (0 if inside else 60_000_000)
