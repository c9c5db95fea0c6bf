"""Uploads as the web server takes them in."""

from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile

import pytest
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartParser

from app.housekeeping.uploads import hold_uploads
from tests import loops

LIMIT = 3 * 2**20
HEADERS = Headers({"content-type": "multipart/form-data; boundary=x"})
BEGIN = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n'


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MultiPartParser, "spool_max_size", MultiPartParser.spool_max_size)


@pytest.mark.parametrize(
    ("size", "in_file"), [(0, False), (2 * 2**20, False), (LIMIT, False), (LIMIT + 1, True)]
)
def test_an_upload_is_in_memory_up_to_a_size(size: int, *, in_file: bool) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield BEGIN
        for start in range(0, size, 2**16):
            yield bytes(min(2**16, size - start))
        yield b"\r\n--x--\r\n"

    hold_uploads(LIMIT)
    form = loops.run(MultiPartParser(HEADERS, body()).parse())
    upload = form["f"]
    assert isinstance(upload, UploadFile)
    assert isinstance(upload.file, SpooledTemporaryFile)
    assert (upload.size, upload.file._rolled) == (size, in_file)
    upload.file.close()
