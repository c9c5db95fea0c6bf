"""From uploads to the files of a collection."""

import io
import zipfile

import pytest

from app.core.uploads import Files, Upload, files_of


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, name.encode())
    return out.getvalue()


def said(files: Files) -> dict[str, str]:
    return {one.name: one.reason or one.read().decode() for one in files.candidates}


def test_nothing_is_a_collection_of_nothing() -> None:
    assert files_of([Upload("empty.zip", zipped())], 9).candidates == ()
    assert files_of([], 9) == Files("0 files", ())


def test_an_archive_has_its_own_name_and_its_files_by_theirs() -> None:
    data = zipped("b/10.jpg", "b/9.jpg", "a.jpg", ".DS_Store")
    files = files_of([Upload("holiday.ZIP", data)], 9)
    assert (files.title, files.photos, files.system) == ("holiday.ZIP", 3, 1)
    assert list(said(files)) == ["a.jpg", "b/9.jpg", "b/10.jpg"]
    assert files.bytes == len(data)


def test_several_archives_and_photos_are_told_apart() -> None:
    uploads = [
        Upload("x.zip", zipped("1.jpg")),
        Upload("y.zip", zipped("1.jpg")),
        Upload("2.png", b"2"),
    ]
    files = files_of(uploads, 9)
    assert files.title == "3 files"
    assert said(files) == {"2.png": "2", "x/1.jpg": "1.jpg", "y/1.jpg": "1.jpg"}


def test_a_folder_has_its_name_and_its_files_the_paths_inside_it() -> None:
    uploads = [Upload("fest/day 1/a.jpg", b"a"), Upload("fest/b.jpg", b"b"), Upload("fest/.x", b"")]
    files = files_of(uploads, 9)
    assert (files.title, files.system) == ("fest", 1)
    assert said(files) == {"b.jpg": "b", "day 1/a.jpg": "a"}


def test_several_folders_keep_their_names() -> None:
    files = files_of([Upload("x/a.jpg", b"1"), Upload("y/a.jpg", b"2")], 9)
    assert (files.title, list(said(files))) == ("2 files", ["x/a.jpg", "y/a.jpg"])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken.zip", "is not a ZIP archive"),
        ("photos.rar", "is an archive of a kind that is not read"),
        ("film.mp4", "no photo"),
    ],
)
def test_what_cannot_be_read_has_a_reason_and_the_rest_is_there(name: str, reason: str) -> None:
    files = files_of([Upload(name, b"?"), Upload("good.jpg", b"good")], 9)
    assert said(files)["good.jpg"] == "good"
    assert reason in said(files)[name]
    assert files.photos == 1


def test_photos_beyond_the_limit_are_named() -> None:
    data = zipped("1.jpg", "2.jpg", "notes.txt", "3.jpg")
    files = files_of([Upload("a.zip", data)], 2)
    assert files.photos == 2
    assert said(files)["2.jpg"] == "2.jpg"
    assert said(files)["3.jpg"] == "was not read: this server reads 2 photos of a collection."
    assert "no photo" in said(files)["notes.txt"]
