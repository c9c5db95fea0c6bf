"""Streamlit in a crowd: pages of others end between the making of a download and its fetching."""

from __future__ import annotations

from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse
from streamlit.runtime import get_instance
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.web.cli import main

_make = DeferredFileHandler.handle


async def _make_amid_others(
    self: DeferredFileHandler, request: BackendOperationRequest, session_id: str
) -> BackendOperationResponse:
    response = await _make(self, request, session_id)
    for _ in range(3):  # what Streamlit does as a script or a fragment ends
        get_instance().media_file_mgr.remove_orphaned_files()
    return response


if __name__ == "__main__":
    DeferredFileHandler.handle = _make_amid_others  # type: ignore[method-assign]
    main(prog_name="streamlit")
