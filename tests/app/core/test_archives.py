"""Archives as they should be, and as somebody who means harm would make them."""

import contextlib
import io
import random
import stat
import struct
import tracemalloc
import zipfile
import zlib
from dataclasses import replace

import pytest

from app.core.memory import MB
from app.core.photo import RefusedError
from app.core.uploads import ArchiveLimits, PhotoArchive
from tests.app.samples import png

USUAL = ArchiveLimits()


def zip_of(
    *files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in files:
            file.writestr(name, data)
    return out.getvalue()


def outcome(data: bytes, limits: ArchiveLimits = USUAL) -> dict[str, str | bytes]:
    """Return what becomes of each file: its contents, or why it is not read."""
    found, _ = PhotoArchive(data, limits).photos()
    became: dict[str, str | bytes] = {}
    for photo in found:
        try:
            became[photo.name] = photo.error or photo.read()
        except RefusedError as error:
            became[photo.name] = str(error)
    return became


def info(name: str, *, mode: int = 0, system: int = 3, flags: int = 0) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr, made.flag_bits = system, mode << 16, flags
    return made


def test_an_empty_archive_has_no_files() -> None:
    assert PhotoArchive(zip_of()).photos() == ([], 0)


def test_photos_are_read_in_their_order_and_folders_are_no_files() -> None:
    data = zip_of(("b/", b""), ("b/2.jpg", b"two"), ("a.PNG", b"one"), ("nameless", b"three"))
    assert list(outcome(data).items()) == [
        ("b/2.jpg", b"two"), ("a.PNG", b"one"), ("nameless", b"three"),
    ]  # fmt: skip


def test_a_name_that_begins_with_a_nul_costs_no_other_file() -> None:
    data = zip_of(("X0a.jpg", b"one"), ("b.jpg", b"two")).replace(b"X0a.jpg", b"\x000a.jpg")
    assert outcome(data) == {"unnamed": b"one", "b.jpg": b"two"}


def test_whatever_the_library_raises_is_the_project_s_own_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("of a version to come")

    data = zip_of(("a.jpg", b"one"))
    monkeypatch.setattr("zipfile.ZipExtFile.read", fail)
    assert outcome(data) == {"a.jpg": "is damaged in the archive and cannot be read."}
    monkeypatch.setattr("zipfile.ZipFile._RealGetContents", fail)
    with pytest.raises(RefusedError, match="is not a ZIP archive that can be read"):
        PhotoArchive(data)


def test_system_files_are_counted_only() -> None:
    data = zip_of(
        ("a.jpg", b"a"), ("__MACOSX/._a.jpg", b""), (".DS_Store", b""), ("x/Thumbs.db", b"")
    )
    found, left_out = PhotoArchive(data).photos()
    assert ([one.name for one in found], left_out) == (["a.jpg"], 3)


@pytest.mark.parametrize(
    ("file", "shown", "reason"),
    [
        (info("../../etc/cron.jpg"), "etc/cron.jpg", "leads out"),
        (info("/etc/passwd.jpg"), "etc/passwd.jpg", "leads out"),
        (info("C:\\boot.jpg"), "C:/boot.jpg", "leads out"),
        (info("..\\a.jpg"), "a.jpg", "leads out"),
        (info("../.hidden"), ".hidden", "leads out"),
        (info("link.jpg", mode=stat.S_IFLNK | 0o777), "link.jpg", "link"),
        (info("link2.jpg", mode=stat.S_IFLNK | 0o777, system=0), "link2.jpg", "link"),
        (info("pipe.jpg", mode=stat.S_IFIFO | 0o666), "pipe.jpg", "not a usual file"),
        (info("disk.jpg", mode=stat.S_IFBLK | 0o666), "disk.jpg", "not a usual file"),
        (info("more.zip"), "more.zip", "archive within"),
        (info("more.tar.gz"), "more.tar.gz", "archive within"),
        (info("notes.txt"), "notes.txt", "no photo"),
    ],
)
def test_what_is_no_photo_is_refused_and_the_rest_read(
    file: zipfile.ZipInfo, shown: str, reason: str
) -> None:
    became = outcome(zip_of((file, b"harm"), ("good.jpg", b"good")))
    assert became["good.jpg"] == b"good"
    assert reason in str(became[shown])


def directory_entry(data: bytes, name: str) -> int:
    """Return where the entry of a file is in the table of contents."""
    return data.rindex(b"PK\x01\x02", 0, data.rindex(name.encode()))


def changed(data: bytes, name: str, offset: int, value: bytes) -> bytes:
    """Return an archive with other bytes in the entry of a file in the table of contents."""
    at = directory_entry(data, name) + offset
    return data[:at] + value + data[at + len(value) :]


#: Offsets in an entry of the table of contents.
FLAGS, METHOD, CRC, PACKED, SIZE, HEADER = 8, 10, 16, 20, 24, 42


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (FLAGS, struct.pack("<H", 0x1), "encrypted"),
        (FLAGS, struct.pack("<H", 0x41), "encrypted"),
        (FLAGS, struct.pack("<H", 0x20), "damaged"),
        (METHOD, struct.pack("<H", 99), "method 99"),
        (METHOD, struct.pack("<H", 9), "deflate64"),
        (CRC, b"\0\0\0\0", "damaged"),
        (PACKED, struct.pack("<I", 3), "damaged"),
        (SIZE, struct.pack("<I", 2), "damaged"),
        (SIZE, struct.pack("<I", 2**31), "larger than 64 MB"),
        (HEADER, struct.pack("<I", 7), "damaged"),
        (HEADER, struct.pack("<I", 2**31), "damaged"),
    ],
)
def test_a_file_that_lies_is_refused_and_the_rest_read(
    offset: int, value: bytes, reason: str
) -> None:
    whole = zip_of(("bad.jpg", random.Random(0).randbytes(500)), ("good.jpg", b"good"))
    became = outcome(changed(whole, "bad.jpg", offset, value))
    assert reason in str(became["bad.jpg"])
    assert became["good.jpg"] == b"good"


@pytest.mark.parametrize(
    ("method", "name"), [(zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "LZMA")]
)
def test_methods_that_unpack_without_a_limit_are_refused(method: int, name: str) -> None:
    bomb = zip_of(("bomb.jpg", b"\0" * 50 * MB), method=method)
    tracemalloc.start()
    assert f"({name})" in str(outcome(bomb)["bomb.jpg"])
    assert tracemalloc.get_traced_memory()[1] < MB
    tracemalloc.stop()


def bomb(megabytes: int) -> bytes:
    """Return 1 kB for each of so many megabytes of zeros, which say that they are 60 MB."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(bytes(MB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    data = zip_of(("bomb.jpg", block * megabytes + deflate.flush()), method=zipfile.ZIP_STORED)
    data = changed(data, "bomb.jpg", METHOD, struct.pack("<H", zipfile.ZIP_DEFLATED))
    return changed(data, "bomb.jpg", SIZE, struct.pack("<I", 60 * MB))


@pytest.mark.parametrize(
    ("megabytes", "limits", "reason", "most"),
    [
        (100, USUAL, "compressed to less than 1/100", 12),
        (8192, USUAL, "damaged", 64),
        (8192, ArchiveLimits(file_bytes=5 * MB), "larger than 5 MB", 1),
        (8192, ArchiveLimits(total_bytes=7 * MB), "unpacks to more than 7 MB", 8),
    ],
)
def test_gigabytes_of_zeros_do_not_fill_the_memory(
    megabytes: int, limits: ArchiveLimits, reason: str, most: int
) -> None:
    data = bomb(megabytes)
    tracemalloc.start()
    became = outcome(data, limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reason in str(became["bomb.jpg"])
    assert peak < most * MB


def test_unpacked_bytes_are_counted_of_a_file_and_of_all_together() -> None:
    photo = random.Random(1).randbytes(100_000)
    data = zip_of(*[(f"{number}.jpg", photo) for number in range(4)])
    limits = ArchiveLimits(total_bytes=250_000)
    assert list(outcome(data, ArchiveLimits(total_bytes=400_000)).values()) == [photo] * 4
    assert list(outcome(data, ArchiveLimits(file_bytes=100_000)).values()) == [photo] * 4
    assert photo not in outcome(data, ArchiveLimits(file_bytes=99_999)).values()
    assert outcome(data, ArchiveLimits(total_bytes=399_999))["3.jpg"] != photo
    first, second, *others = outcome(data, limits).values()
    assert first == second == photo
    assert others == ["was not read: the archive unpacks to more than 0 MB."] * 2
    again, _ = PhotoArchive(data, ArchiveLimits(total_bytes=400_000)).photos()
    assert [one.read() for one in (*again, *again)] == [photo] * 8, "each counts once"
    lies = changed(data, "0.jpg", SIZE, struct.pack("<I", 9))
    became = outcome(lies, replace(limits, file_bytes=50_000, total_bytes=MB))
    assert "damaged" in str(became["0.jpg"])
    assert "larger than" in str(became["1.jpg"])


def test_a_small_drawing_may_be_compressed_strongly() -> None:
    drawing = bytes(900_000)
    assert outcome(zip_of(("drawing.bmp", drawing))) == {"drawing.bmp": drawing}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x03\x04" + bytes(100),
        b"these are notes",
        png(),
        zip_of(("a.jpg", b"a" * 1000))[:-30],
        b"PK\x05\x06" + b"\xff" * 18,
    ],
    # Without names, a file's bytes would be its name, and an archive has the time in them.
    ids=["empty", "beginning", "header", "text", "picture", "cut off", "no members"],
)
def test_what_is_no_archive_says_so(data: bytes) -> None:
    with pytest.raises(RefusedError, match="is not a ZIP archive that can be read"):
        PhotoArchive(data)


def test_an_archive_with_too_many_files_is_refused() -> None:
    data = zip_of(*[(f"{number}.jpg", b"") for number in range(11)])
    assert len(PhotoArchive(data, ArchiveLimits(entries=11)).photos()[0]) == 11
    with pytest.raises(RefusedError, match="it holds 11 files; at most 10"):
        PhotoArchive(data, ArchiveLimits(entries=10))


def test_a_table_of_contents_that_is_too_long_is_not_read() -> None:
    data = zip_of(*[(f"{number:04}.jpg", b"") for number in range(2000)])
    size = 2000 * (46 + len("0000.jpg"))
    assert len(PhotoArchive(data, ArchiveLimits(directory_bytes=size)).photos()[0]) == 2000
    with pytest.raises(RefusedError, match="table of contents is too long"):
        PhotoArchive(data, ArchiveLimits(directory_bytes=size - 1))


def test_a_file_is_unpacked_to_at_most_a_hundred_times_its_size() -> None:
    noise = random.Random(2).randbytes(15_000)
    for zeros, refused in ((1_550_000, False), (1_800_000, True)):
        data = zip_of(("a.bmp", noise + bytes(zeros)))
        assert ("1/100 of its size" in str(outcome(data)["a.bmp"])) == refused


def raw_name(data: bytes, old: bytes, new: bytes, flags: int | None = None) -> bytes:
    """Return an archive in which a name has other bytes, in both of its places."""
    assert len(old) == len(new)
    data = data.replace(old, new)
    if flags is None:
        return data
    for sign, offset in ((b"PK\x01\x02", FLAGS), (b"PK\x03\x04", 6)):
        at = data.index(sign) + offset
        data = data[:at] + struct.pack("<H", flags) + data[at + 2 :]
    return data


def test_names_in_other_encodings_are_read_as_well_as_can_be() -> None:
    plain = zip_of(("xxxxx.jpg", b"photo"))
    unmarked = raw_name(plain, b"xxxxx", "caf\u00e9".encode())
    assert outcome(unmarked) == {"caf\u00e9.jpg": b"photo"}
    japanese = raw_name(plain, b"xxxx", "\u5199\u771f".encode("shift_jis"))
    ((name, contents),) = outcome(japanese).items()
    assert contents == b"photo"
    assert name.endswith("x.jpg")


def test_a_name_that_is_not_what_it_claims_to_be_is_refused_in_words() -> None:
    wrong = raw_name(zip_of(("xxxxx.jpg", b"a")), b"xxxxx", b"\xff\xfe\xfd\xfc\xfb", flags=0x800)
    with pytest.raises(RefusedError, match="not in the encoding"):
        PhotoArchive(wrong)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_both_read() -> None:
    found, _ = PhotoArchive(zip_of(("a.jpg", b"1"), ("a.jpg", b"2"))).photos()
    assert [(one.name, one.read()) for one in found] == [("a.jpg", b"1"), ("a.jpg", b"2")]


def damages(data: bytes) -> list[bytes]:
    """Return archives cut off at every tenth, and with bits turned over."""
    chance = random.Random(2)
    cut = [data[: len(data) * tenth // 10] for tenth in range(10)]
    flipped = []
    for _ in range(300):
        one = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            one[chance.randrange(len(one))] ^= 1 << chance.randrange(8)
        flipped.append(bytes(one))
    return [*cut, *flipped]


@pytest.fixture
def mixed() -> bytes:
    return zip_of(("a.jpg", png()), ("b/c.png", png(2)), ("notes.txt", b"notes"), ("d.zip", b"PK"))


def test_a_damaged_archive_gives_reasons_and_raises_nothing_else(mixed: bytes) -> None:
    read = 0
    for data in damages(mixed):
        with contextlib.suppress(RefusedError):
            read += bool(outcome(data))
    assert read
