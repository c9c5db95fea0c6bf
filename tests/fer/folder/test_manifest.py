import io
import os
from itertools import count, islice
from pathlib import Path

import pytest

from fer.errors import CollectionError
from fer.folder.manifest import check_sources, photo_paths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with photographs (empty files will do), and with what is none."""
    names = ("b.jpg", "a.PNG", "sub/c.heic", "sub/deep/d.gif", "e.webp")
    for name in (*names, "notes.txt", ".hidden.jpg", ".thumbs/f.jpg", "sub/movie.mp4", "jpg"):
        file = tmp_path / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path / "photos"


def found_in(*sources: object, standard_input: str = "") -> list[str]:
    return list(photo_paths(map(str, sources), standard_input=io.StringIO(standard_input)))


def test_a_folder_is_searched_with_all_that_is_in_it_in_order_of_names(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found_in() == []
    names = ["a.PNG", "b.jpg", "e.webp", "sub/c.heic", "sub/deep/d.gif"]
    assert found_in(folder) == [str(folder / name) for name in names]
    monkeypatch.chdir(folder)
    assert found_in("sub", "b.jpg") == [str(folder / name) for name in (*names[3:], names[1])]
    album = tmp_path / "album"
    album.mkdir()
    assert found_in(album) == []
    (album / "link").symlink_to(folder / "sub" / "deep")
    (album / "gone.jpg").symlink_to(tmp_path / "nowhere")  # becomes a row that says so
    assert found_in(album) == [str(album / name) for name in ("gone.jpg", "link/d.gif")]


def test_links_that_lead_in_a_circle_are_entered_once(folder: Path) -> None:
    before = found_in(folder)
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "zz").symlink_to(folder / "sub")
    assert found_in(folder, folder) == before


def test_a_folder_that_cannot_be_read_is_told_and_the_others_go_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan, problems = os.scandir, []

    def refuse(path: str) -> object:
        if path.endswith("sub"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = list(photo_paths([str(folder)], problems.append))
    assert [Path(path).name for path in found] == ["a.PNG", "b.jpg", "e.webp"]
    assert problems == [f"{folder / 'sub'} cannot be read: Permission denied."]


LISTS = {
    "nothing": (b"", []),
    "empty lines": (b"\n\n", []),
    "files, whatever their endings": (b"x.tif\ny", ["x.tif", "y"]),
    "Windows": (b"\xef\xbb\xbfa b.jpg\r\nc.jpg\r\n", ["a b.jpg", "c.jpg"]),
    "not UTF-8": (b"\xe9.jpg\n", ["\udce9.jpg"]),
}


@pytest.mark.parametrize(("content", "names"), LISTS.values(), ids=LISTS)
def test_a_text_file_has_a_path_a_line(
    content: bytes, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos.txt").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    assert found_in("photos.txt") == [str(tmp_path / name) for name in names]


def test_standard_input_has_paths_of_folders_too_and_is_read_as_they_are_given_out(
    folder: Path,
) -> None:
    found = found_in("-", standard_input=f"{folder}/sub\n{folder}/b.jpg\n")
    assert [Path(path).name for path in found] == ["c.heic", "d.gif", "b.jpg"]
    endless = (f"{number}.jpg\n" for number in count())
    first = islice(photo_paths(["-"], standard_input=endless), 3)
    assert [Path(path).name for path in first] == ["0.jpg", "1.jpg", "2.jpg"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("nowhere", "does not exist"), ("sub/movie.mp4", "expected a folder, a photo")],
)
def test_a_source_of_another_kind_is_refused_before_any_work(
    folder: Path, name: str, message: str
) -> None:
    with pytest.raises(CollectionError, match=message):
        check_sources([str(folder), str(folder / name)])
    check_sources(["-", str(folder), str(folder / "a.PNG"), str(folder / "notes.txt")])
