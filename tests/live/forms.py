"""The forms a guarded text can have on a server, made by the gateway's own preparation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from unittest import mock

from lucky_mcp.enforcement import enforce, guard_scans
from lucky_mcp.gateway.prepare import prepare
from lucky_mcp.gateway.view import View
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect, Kind, Source

DIALECTS = {Kind.MYSQL: Dialect.MYSQL, Kind.POSTGRES: Dialect.POSTGRES, Kind.REDSHIFT: Dialect.REDSHIFT}


ROWS_MAX = 1000


@dataclass(frozen=True, kw_only=True)
class Forms:
    """One query as a server could get it; the gateway sends `sent`, which is `fenced` if it could fail."""

    unfenced: str
    fence_alone: str
    fenced: str
    sent: str


def served_by(source: Source, kind: Kind) -> Source:
    """Return the source as if the server held its tables."""
    return replace(source, kind=kind, dialect=DIALECTS.get(kind, source.dialect))


def forms(view: View, principal: Principal, source: Source, text: str) -> Forms:
    """Return every form of one query; a ReadError when it is refused."""
    request = SqlRead(source=source.name, sql=text, rows_max=ROWS_MAX)
    with mock.patch.object(enforce, "ALWAYS_FENCED", frozenset()):  # or no unfenced text is made
        guarded = prepare(view, principal, source, request).guarded
    with (
        mock.patch.object(guard_scans, "safe_conjuncts", lambda *_: ()),
        mock.patch.object(enforce, "needs_no_fence", lambda *_: None),
    ):
        alone = prepare(view, principal, source, request).guarded
    sent = prepare(view, principal, source, request).guarded.text_sent
    return Forms(unfenced=guarded.text, fence_alone=alone.text_fenced, fenced=guarded.text_fenced, sent=sent)
