"""From uploads to the files in them."""

import pytest

from app.core.photo import Photo, Upload
from app.core.uploads import Files, files_of, limited
from tests.app.core.test_archives import zip_of


def zipped(*names: str) -> bytes:
    return zip_of(*[(name, name.encode()) for name in names])


def said(files: Files) -> dict[str, str]:
    return {one.name: one.error or one.read().decode() for one in files.photos}


def test_nothing_is_nothing() -> None:
    assert files_of([Upload("empty.zip", zipped())]).photos == ()
    assert files_of([]) == Files("0 files", ())


def test_an_archive_has_its_own_name_and_its_files_by_theirs() -> None:
    upload = Upload("holiday.ZIP", zipped("b/10.jpg", "b/9.jpg", "a.jpg", ".DS_Store"))
    files = files_of([upload])
    assert (files.title, files.system) == ("holiday.ZIP", 1)
    assert list(said(files)) == ["a.jpg", "b/9.jpg", "b/10.jpg"]
    assert all(photo.upload is upload for photo in files.photos)


def test_several_archives_and_photos_are_told_apart() -> None:
    files = files_of(
        [
            Upload("x.zip", zipped("1.jpg")),
            Upload("y.zip", zipped("1.jpg")),
            Upload("2.png", b"2"),
        ]
    )
    assert files.title == "3 files"
    assert said(files) == {"2.png": "2", "x/1.jpg": "1.jpg", "y/1.jpg": "1.jpg"}


def test_a_folder_has_its_name_and_its_files_the_paths_inside_it() -> None:
    uploads = [Upload("fest/day 1/a.jpg", b"a"), Upload("fest/b.jpg", b"b"), Upload("fest/.x", b"")]
    files = files_of(uploads)
    assert (files.title, files.system) == ("fest", 1)
    assert said(files) == {"b.jpg": "b", "day 1/a.jpg": "a"}
    several = files_of([Upload("x/a.jpg", b"1"), Upload("y/a.jpg", b"2")])
    assert (several.title, list(said(several))) == ("2 files", ["x/a.jpg", "y/a.jpg"])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken.zip", "is not a ZIP archive"),
        ("photos.rar", "is an archive of a kind that is not read"),
        ("film.mp4", "no photo"),
    ],
)
def test_what_cannot_be_read_has_a_reason_and_the_rest_is_there(name: str, reason: str) -> None:
    files = files_of([Upload(name, b"?"), Upload("good.jpg", b"good")])
    assert said(files)["good.jpg"] == "good"
    assert reason in said(files)[name]


def test_photos_beyond_the_limit_are_named() -> None:
    photos = [Photo("1.jpg"), Photo("x.txt", "is no photo."), Photo("2.jpg"), Photo("3.jpg")]
    reasons = [photo.error for photo in limited(photos, 2, 9)]
    assert reasons == [
        "",
        "is no photo.",
        "",
        "was not read: this server reads 9 photos of a visitor.",
    ]
