"""The operator's page: what holds on this server. It is there only where a password is set."""

from __future__ import annotations

from app.core.server.operator_view import show_operation
from app.live.state import operator_facts

show_operation(operator_facts)
