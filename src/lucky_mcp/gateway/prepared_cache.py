"""Reads that were prepared before: the same text for the same rights need not be parsed and verified again.

What a preparation comes to depends on the text, the source, the caller's roles and attributes, the rules in
force for it now that end by themselves, the rows asked for, the policy set and the reference values, and on
nothing else; all of them must be the same. The text is compared letter for letter: what two lexers may take
for equal is not told apart here. A statement that holds the current time is never kept, nor is a refusal.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from lucky_mcp.decision.decide import forget_decisions
from lucky_mcp.decision.rights import rights_of
from lucky_mcp.enforcement.verify import forget_guards
from lucky_mcp.gateway.prepare import Prepared
from lucky_mcp.gateway.view import View
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Source
from lucky_mcp.telemetry.instruments import PREPARED

ENTRIES_MAX = 2_000
BYTES_MAX = 32 << 20
# An entry without its texts: objects, and the names of the columns read.
ENTRY_BYTES = 2_000
COLUMN_BYTES = 120

_caches: weakref.WeakSet[PreparedCache] = weakref.WeakSet()


@dataclass(frozen=True, kw_only=True)
class _Entry:
    view: View
    prepared: Prepared
    size: int


class PreparedCache:
    """The reads prepared last, at most `entries_max` and about `bytes_max` bytes; safe between threads."""

    def __init__(self, *, entries_max: int = ENTRIES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        _caches.add(self)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def bytes(self) -> int:
        """About how many bytes the entries hold."""
        return self._bytes

    def find(self, view: View, principal: Principal, source: Source, request: SqlRead) -> Prepared | None:
        """Return what the same read came to under the same policy set and reference values."""
        key = _key(view, principal, source, request)
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not _same_rules(entry.view, view):
                PREPARED.labels("made").inc()
                return None
            PREPARED.labels("kept").inc()
            self._entries.move_to_end(key)
            return entry.prepared

    def keep(
        self, view: View, principal: Principal, source: Source, request: SqlRead, prepared: Prepared
    ) -> None:
        """Remember a preparation, unless the time is part of it; the least recently used give way."""
        entry = _Entry(view=view, prepared=prepared, size=_size(request, prepared))
        if prepared.guarded.holds_time or entry.size > self._bytes_max:
            return
        key = _key(view, principal, source, request)
        with self._lock:
            self._drop(key)
            self._entries[key] = entry
            self._bytes += entry.size
            while len(self._entries) > self._entries_max or self._bytes > self._bytes_max:
                self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Drop every entry."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size


def forget_everything() -> None:
    """Drop all that is kept between reads in this process: preparations, decisions, guards and their proofs.

    Nothing depends on it for being right; what a policy set left behind is freed when it is replaced.
    """
    for cache in list(_caches):
        cache.clear()
    forget_decisions()
    forget_guards()


def _key(view: View, principal: Principal, source: Source, request: SqlRead) -> Hashable:
    return (request.sql, source.name, request.rows_max, rights_of(principal, view.policies, view.now))


def _same_rules(kept: View, now: View) -> bool:
    return kept.policies is now.policies and (
        kept.references is now.references or kept.references == now.references
    )


def _size(request: SqlRead, prepared: Prepared) -> int:
    guarded = prepared.guarded
    texts = {request.sql, guarded.text_agent, guarded.text, guarded.text_fenced}
    return ENTRY_BYTES + sum(4 * len(text) for text in texts) + COLUMN_BYTES * len(prepared.columns)
