"""From uploads to their files, be they meant well or harm; the room they may take."""

import contextlib
import os
import random
import stat
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.core import budget as budgets
from app.core import uploads
from app.core.budget import MB, Budget, UploadFolders, free_bytes, free_memory, remove_left_overs
from app.core.photo import RefusedError, Upload
from app.core.uploads import Files, PhotoArchive, files_of
from tests.app.samples import png, zip_of
from tests.samples import ROOT

#: Offsets in an entry of the table of contents.
FLAGS, METHOD, CRC, PACKED, SIZE, HEADER = 8, 10, 16, 20, 24, 42


def outcome(data: bytes, **limits: int) -> dict[str, str | bytes]:
    """Return what becomes of each file at other limits: its contents, or why it is not read."""
    became: dict[str, str | bytes] = {}
    with pytest.MonkeyPatch.context() as patch:
        for name, most in limits.items():
            patch.setattr(uploads, name.upper(), most)
        for photo in PhotoArchive(data).photos()[0]:
            try:
                became[photo.name] = photo.error or photo.read()
            except RefusedError as error:
                became[photo.name] = str(error)
    return became


def info(name: str, *, mode: int = 0, system: int = 3) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr = system, mode << 16
    return made


def changed(data: bytes, name: str, offset: int, value: bytes) -> bytes:
    """Return an archive with other bytes in the entry of a file in the table of contents."""
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(name.encode())) + offset
    return data[:at] + value + data[at + len(value) :]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_photos_are_read_in_their_order_and_what_is_no_file_is_left_out() -> None:
    assert PhotoArchive(zip_of()).photos() == ([], 0)
    files = [("b/2.jpg", b"1"), ("b/2.jpg", b"2"), ("a.PNG", b"3"), ("nameless", b"4")]
    others = [(name, b"") for name in ("b/", "__MACOSX/._a.jpg", ".DS_Store", "x/Thumbs.db")]
    found, left_out = PhotoArchive(zip_of(*files, *others)).photos()
    assert [(one.name, one.read()) for one in found] == files
    assert left_out == 3
    nul = zip_of(("X0a.jpg", b"one"), ("b.jpg", b"two")).replace(b"X0a.jpg", b"\x000a.jpg")
    assert outcome(nul) == {"unnamed": b"one", "b.jpg": b"two"}


def test_the_librarys_errors_are_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("of a version to come")

    data = zip_of(("a.jpg", b"one"))
    monkeypatch.setattr("zipfile.ZipExtFile.read", fail)
    assert outcome(data) == {"a.jpg": "is damaged in the archive and cannot be read."}
    monkeypatch.setattr("zipfile.ZipFile._RealGetContents", fail)
    with pytest.raises(RefusedError, match="is not a ZIP archive that can be read"):
        PhotoArchive(data)


@pytest.mark.parametrize(
    ("file", "shown", "reason"),
    [
        (info("../../etc/cron.jpg"), "etc/cron.jpg", "leads out"),
        (info("C:\\boot.jpg"), "C:/boot.jpg", "leads out"),
        (info("../.hidden"), ".hidden", "leads out"),
        (info("link.jpg", mode=stat.S_IFLNK | 0o777), "link.jpg", "link"),
        (info("link2.jpg", mode=stat.S_IFLNK | 0o777, system=0), "link2.jpg", "link"),
        (info("pipe.jpg", mode=stat.S_IFIFO | 0o666), "pipe.jpg", "not a usual file"),
        (info("more.tar.gz"), "more.tar.gz", "archive within"),
        (info("notes.txt"), "notes.txt", "no photo"),
    ],
)
def test_the_rest_of_no_photos_is_read(file: zipfile.ZipInfo, shown: str, reason: str) -> None:
    became = outcome(zip_of((file, b"harm"), ("good.jpg", b"good")))
    assert became["good.jpg"] == b"good"
    assert reason in str(became[shown])


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (FLAGS, struct.pack("<H", 0x1), "encrypted"),
        (FLAGS, struct.pack("<H", 0x20), "damaged"),
        (METHOD, struct.pack("<H", 99), "method 99"),
        (METHOD, struct.pack("<H", 9), "deflate64"),
        (CRC, b"\0\0\0\0", "damaged"),
        (PACKED, struct.pack("<I", 3), "damaged"),
        (SIZE, struct.pack("<I", 2), "damaged"),
        (SIZE, struct.pack("<I", 2**31), "larger than 64 MB"),
        (HEADER, struct.pack("<I", 2**31), "damaged"),
    ],
)
def test_a_file_that_lies_is_refused(offset: int, value: bytes, reason: str) -> None:
    whole = zip_of(("bad.jpg", random.Random(0).randbytes(500)), ("good.jpg", b"good"))
    became = outcome(changed(whole, "bad.jpg", offset, value))
    assert reason in str(became["bad.jpg"])
    assert became["good.jpg"] == b"good"


def bomb(megabytes: int) -> bytes:
    """Return 1 kB for each of so many megabytes of zeros, which say that they are 60 MB."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(bytes(MB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    data = zip_of(("bomb.jpg", block * megabytes + deflate.flush()), method=zipfile.ZIP_STORED)
    data = changed(data, "bomb.jpg", METHOD, struct.pack("<H", zipfile.ZIP_DEFLATED))
    return changed(data, "bomb.jpg", SIZE, struct.pack("<I", 60 * MB))


@pytest.mark.parametrize(
    ("make", "limits", "reason", "most"),
    [
        (lambda: bomb(100), {}, "compressed to less than 1/100", 12),
        (lambda: bomb(8192), {}, "damaged", 64),
        (lambda: bomb(8192), {"file_bytes": 5 * MB}, "larger than 5 MB", 1),
        (lambda: bomb(8192), {"total_bytes": 7 * MB}, "unpacks to more than 7 MB", 8),
        (lambda: zip_of(("bomb.jpg", bytes(50 * MB)), method=zipfile.ZIP_BZIP2), {}, "bzip2", 1),
        (lambda: zip_of(("bomb.jpg", bytes(50 * MB)), method=zipfile.ZIP_LZMA), {}, "LZMA", 1),
    ],
)
def test_gigabytes_of_zeros_do_not_fill_the_memory(
    make: Callable[[], bytes], limits: dict[str, int], reason: str, most: int
) -> None:
    data = make()
    tracemalloc.start()
    became = outcome(data, **limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reason in str(became["bomb.jpg"])
    assert peak < most * MB


def test_unpacked_bytes_are_counted_of_a_file_and_of_all_together() -> None:
    photo = random.Random(1).randbytes(100_000)
    data = zip_of(*[(f"{number}.jpg", photo) for number in range(4)])
    assert list(outcome(data, total_bytes=400_000).values()) == [photo] * 4
    assert list(outcome(data, file_bytes=100_000).values()) == [photo] * 4
    assert photo not in outcome(data, file_bytes=99_999).values()
    assert outcome(data, total_bytes=399_999)["3.jpg"] != photo
    first, second, *others = outcome(data, total_bytes=250_000).values()
    assert first == second == photo
    assert others == ["was not read: the archive unpacks to more than 0 MB."] * 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "TOTAL_BYTES", 400_000)
        again, _ = PhotoArchive(data).photos()
        assert [one.read() for one in (*again, *again)] == [photo] * 8, "each counts once"


@pytest.mark.parametrize(("zeros", "refused"), [(1_550_000, False), (1_800_000, True)])
def test_a_file_is_unpacked_to_at_most_a_hundred_times_its_size(zeros: int, refused: bool) -> None:
    data = zip_of(("a.bmp", random.Random(2).randbytes(15_000) + bytes(zeros)))
    assert ("1/100 of its size" in str(outcome(data)["a.bmp"])) == refused
    assert outcome(zip_of(("a.bmp", bytes(900_000))))["a.bmp"] == bytes(900_000), "a drawing"


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04" + bytes(100), b"notes", b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_archive_says_so(data: bytes) -> None:
    with pytest.raises(RefusedError, match="is not a ZIP archive that can be read"):
        PhotoArchive(data)


def test_an_archive_with_too_many_files_or_too_long_a_table_is_refused() -> None:
    data = zip_of(*[(f"{number:04}.jpg", b"") for number in range(2000)])
    size = 2000 * (46 + len("0000.jpg"))
    assert len(outcome(data, entries=2000, directory_bytes=size)) == 2000
    with pytest.raises(RefusedError, match="it holds 2,000 files; at most 1,999"):
        outcome(data, entries=1999)
    with pytest.raises(RefusedError, match="table of contents is too long"):
        outcome(data, directory_bytes=size - 1)


def test_names_in_other_encodings_are_read_as_well_as_can_be() -> None:
    plain = zip_of(("xxxxx.jpg", b"photo"))
    unmarked = plain.replace(b"xxxxx", "caf\u00e9".encode())
    assert outcome(unmarked) == {"caf\u00e9.jpg": b"photo"}
    foreign = outcome(plain.replace(b"xxxx", "\u5199\u771f".encode("shift_jis")))
    assert [(name[-5:], contents) for name, contents in foreign.items()] == [("x.jpg", b"photo")]
    wrong = plain.replace(b"xxxxx", b"\xff\xfe\xfd\xfc\xfb")
    for sign, offset in ((b"PK\x01\x02", FLAGS), (b"PK\x03\x04", 6)):
        at = wrong.index(sign) + offset
        wrong = wrong[:at] + struct.pack("<H", 0x800) + wrong[at + 2 :]
    with pytest.raises(RefusedError, match="not in the encoding"):
        PhotoArchive(wrong)


def test_a_damaged_archive_gives_reasons_and_raises_nothing_else() -> None:
    mixed = zip_of(("a.jpg", png()), ("b/c.png", png(2)), ("notes.txt", b"x"), ("d.zip", b"PK"))
    chance, read = random.Random(2), 0
    damages = [mixed[: len(mixed) * tenth // 10] for tenth in range(10)]
    for _ in range(300):
        one = bytearray(mixed)
        for _ in range(chance.randint(1, 8)):
            one[chance.randrange(len(one))] ^= 1 << chance.randrange(8)
        damages.append(bytes(one))
    for data in damages:
        with contextlib.suppress(RefusedError):
            read += bool(outcome(data))
    assert read


def zipped(*names: str) -> bytes:
    return zip_of(*[(name, name.encode()) for name in names])


def said(files: Files) -> dict[str, str]:
    return {one.name: one.error or one.read().decode() for one in files.photos}


def test_archives_and_folders_have_names() -> None:
    assert files_of([]) == Files("0 files", ())
    assert files_of([Upload("empty.zip", zipped())]).photos == ()
    upload = Upload("holiday.ZIP", zipped("b/10.jpg", "b/9.jpg", "a.jpg", ".DS_Store"))
    files = files_of([upload])
    assert (files.title, files.system) == ("holiday.ZIP", 1)
    assert list(said(files)) == ["a.jpg", "b/9.jpg", "b/10.jpg"]
    assert all(photo.upload is upload for photo in files.photos)
    archives = [Upload(name, zipped("1.jpg")) for name in ("x.zip", "y.zip")]
    files = files_of([*archives, Upload("2.png", b"2")])
    assert files.title == "3 files"
    assert said(files) == {"2.png": "2", "x/1.jpg": "1.jpg", "y/1.jpg": "1.jpg"}
    uploads = [Upload("fest/day 1/a.jpg", b"a"), Upload("fest/b.jpg", b"b"), Upload("fest/.x", b"")]
    files = files_of(uploads)
    assert (files.title, files.system) == ("fest", 1)
    assert said(files) == {"b.jpg": "b", "day 1/a.jpg": "a"}
    several = files_of([Upload("x/a.jpg", b"1"), Upload("y/a.jpg", b"2")])
    assert (several.title, list(said(several))) == ("2 files", ["x/a.jpg", "y/a.jpg"])


@pytest.mark.parametrize(
    ("name", "reason"),
    [("broken.zip", "is not a ZIP archive"), ("photos.rar", "is an archive of a kind"),
     ("film.mp4", "no photo")],
)  # fmt: skip
def test_what_cannot_be_read_has_a_reason_and_the_rest_is_there(name: str, reason: str) -> None:
    files = files_of([Upload(name, b"?"), Upload("good.jpg", b"good")])
    assert said(files)["good.jpg"] == "good"
    assert reason in said(files)[name]


def test_the_memory_of_a_machine_and_of_a_container(tmp_path: Path) -> None:
    machine = tmp_path / "meminfo"
    assert free_memory(tmp_path, machine) is None, "nobody says"
    machine.write_text("MemTotal:  8000 kB\nMemFree: 10 kB\nMemAvailable:    4000 kB\n")
    assert free_memory(tmp_path, machine) == 4000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(tmp_path, machine) == 4000 * 1024, "a container without a limit"
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("2500000\n")
    (tmp_path / "memory.stat").write_text("anon 2000000\ninactive_file 400000\n")
    assert free_memory(tmp_path, machine) == 900_000


def test_what_somebody_holds_is_not_there_for_others() -> None:
    budget = Budget(100, free=lambda: None)
    assert budget.left == 100
    assert budget.take("a", uploaded=40, expected=20)
    assert not budget.take("b", uploaded=30, expected=20)
    budget.hold("a", 10)
    assert budget.left == 90
    assert budget.take("b", uploaded=30, expected=20)
    budget.release("a")
    budget.hold("a", 99)  # it has left, and its last photo comes too late
    assert budget.left == 50


@pytest.mark.parametrize(("free", "left"), [(0, 0), (250, 0), (260, 10), (9000, 500)])
def test_what_the_machine_has_left_counts_too(free: int, left: int) -> None:
    budget = Budget(500 * MB, free=lambda: free * MB)
    assert budget.left == left * MB
    assert not budget.take("a", uploaded=0, expected=left * MB + 1)
    assert budget.take("a", uploaded=0, expected=left * MB)


def folders(parent: Path, max_bytes: int = 1000, free: int = 2**40) -> UploadFolders:
    return UploadFolders(max_bytes, parent, lambda folder: free)


def test_a_folder_is_for_nobody_else_and_made_where_there_is_room(tmp_path: Path) -> None:
    made = folders(tmp_path)
    assert [*tmp_path.iterdir()] == [made.root]
    folder = made.make(400)
    assert folder is not None
    (folder / "film.mp4").write_bytes(b"film")
    assert [stat.S_IMODE(one.stat().st_mode) for one in (made.root, folder)] == [0o700] * 2
    made.close()
    made.close()
    assert [*tmp_path.iterdir()] == []
    made = folders(tmp_path)
    first = made.make(600)
    assert first is not None
    assert (made.budget.left, made.make(401)) == (400, None)
    with (first / "marked.mp4").open("wb") as out:
        for _ in range(2):
            made.remove(first)
        out.write(b"what is still written does not bring it back")
    assert [*made.root.iterdir()] == []
    assert made.budget.left == 1000
    made.root.chmod(0o500)
    made.close()
    with pytest.raises(OSError, match="No such file"):
        made.make(1000)
    assert made.budget.left == 1000
    assert folders(tmp_path, free=0).make(1) is None


@pytest.mark.parametrize(("disk", "memory", "free"), [(9, None, 9), (9, 6, 6), (3, 90, 3)])
def test_the_scarcer_of_disk_and_memory_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: int, memory: int | None, free: int
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=disk * MB))
    monkeypatch.setattr(budgets, "free_memory", lambda: memory and memory * MB)
    assert free_bytes(tmp_path) == free * MB
    monkeypatch.undo()
    assert free_bytes(tmp_path / "gone") == 0


#: Leaves a recording behind: the process ends as one that is killed does, without any clean-up.
KILLED = """
import os, sys
from pathlib import Path
from app.core.budget import UploadFolders
made = UploadFolders(10_000, Path(sys.argv[1]), lambda folder: 2**40)
(made.make(4) / "film.mp4").write_bytes(b"film")
print(made.root, flush=True)
sys.stdin.read()
os._exit(9)
"""


def test_what_a_killed_server_left_goes_when_the_next_one_starts(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout
        root = Path(server.stdout.readline().strip())
        beside = folders(tmp_path)
        assert [*root.rglob("film.mp4")], "a server that runs keeps its files"
        server.communicate()
    assert [*root.rglob("film.mp4")]
    after = folders(tmp_path)
    assert {*tmp_path.iterdir()} == {beside.root, after.root}


def test_others_and_new_folders_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, fresh, old = (tmp_path / n for n in ("other", "fer-lens-videos-0", "fer-lens-videos-1"))
    for folder in (other, fresh, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    (other / "film.mp4").write_bytes(b"film")
    link = tmp_path / "fer-lens-videos-link"
    link.symlink_to(other)
    monkeypatch.setattr(budgets, "fcntl", None)  # where none can be locked, all are
    remove_left_overs(tmp_path)
    assert old.exists()
    monkeypatch.undo()
    remove_left_overs(tmp_path)
    assert {*tmp_path.iterdir()} == {other, fresh, link}
    assert [*other.iterdir()]
