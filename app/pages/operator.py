"""The operator's page: what the server does. It is there only where a password is set."""

from __future__ import annotations

from app.operation.view import show_door, show_operation, signed_in

if signed_in():
    show_operation()
else:
    show_door()
