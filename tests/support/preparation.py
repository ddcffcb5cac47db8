"""Prepare a statement once for gateways that share policies and reference values: most of a long run's time.

What the guard makes of a statement depends on the policies, the reference values, the caller and the text,
and on no row. Only the last statement is kept, so that nothing outlives the query it was asked for.
"""

from __future__ import annotations

import pytest

from lucky_mcp.gateway import read
from lucky_mcp.gateway.prepare import Prepared
from lucky_mcp.gateway.view import View
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Source


def prepare_once(patch: pytest.MonkeyPatch) -> None:
    """Let a gateway reuse what another one has just prepared from the same policies and reference values."""
    original = read.prepare
    last: dict[object, Prepared] = {}

    def once(view: View, principal: Principal, source: Source, request: SqlRead) -> Prepared:
        values = tuple(sorted(view.references.items()))
        key = (id(view.policies), values, view.now, principal.subject, principal.roles, source.name, request)
        if key not in last:
            last.clear()
            last[key] = original(view, principal, source, request)
        return last[key]

    patch.setattr(read, "prepare", once)
