import codecs
import io
import zipfile

import pytest

from app.core.session.stream_files import FORMATS, Format
from fer.export.sessions import WRITERS, file_bytes
from fer.export.stream import StreamResult
from tests.fer.export.samples import INFO, steady


def test_every_file_that_there_is_is_offered() -> None:
    assert [kind.ending for kind in FORMATS] == list(WRITERS)


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.label)
@pytest.mark.parametrize("script", ["", "hhhhh..ss"], ids=["nothing", "a session"])
def test_a_file_is_the_same_as_on_the_command_line_but_for_the_mark_for_excel(
    kind: Format, script: str
) -> None:
    result = StreamResult(steady(script), INFO)
    mark = codecs.BOM_UTF8 if kind.ending == ".csv" else b""
    assert kind.contents(result) == mark + file_bytes(result, kind.ending)


def test_files_can_be_written_into_an_archive() -> None:
    result, out = StreamResult(steady("hhhss"), INFO), io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for kind in FORMATS:
            with archive.open(kind.ending, "w") as member:
                kind.write(result, member)  # type: ignore[arg-type]
    with zipfile.ZipFile(out) as archive:
        for kind in FORMATS:
            assert archive.read(kind.ending) == kind.contents(result)
