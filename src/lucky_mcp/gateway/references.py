"""Reference sets as they are now: read through the gateway itself, held as immutable snapshots."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from lucky_mcp.model.predicate import Scalar
from lucky_mcp.policy.policy_set import Reference


@dataclass(frozen=True, kw_only=True)
class ReferenceSnapshot:
    """The values of one set and when they were read."""

    name: str
    values: tuple[Scalar, ...]
    read_at: datetime


class References:
    """All sets, each swapped whole. A set that is too old or was never read has no values."""

    def __init__(self) -> None:
        self._snapshots: Mapping[str, ReferenceSnapshot] = MappingProxyType({})
        self._current: Mapping[str, tuple[Scalar, ...]] = MappingProxyType({})

    def put(self, snapshot: ReferenceSnapshot) -> None:
        """Replace one set."""
        held = self._snapshots.get(snapshot.name)
        if held is not None and held.values == snapshot.values:
            snapshot = replace(snapshot, values=held.values)  # compared by identity from now on
        self._snapshots = MappingProxyType({**self._snapshots, snapshot.name: snapshot})

    def due(self, reference: Reference, now: datetime) -> bool:
        """Whether a set should be read again."""
        held = self._snapshots.get(reference.name)
        return held is None or (now - held.read_at).total_seconds() >= reference.refresh_s

    def current(self, known: Mapping[str, Reference], now: datetime) -> Mapping[str, tuple[Scalar, ...]]:
        """Return the values of every set that is young enough to be used: the same object while they stay."""
        found = {
            name: held.values
            for name, held in self._snapshots.items()
            if name in known and (now - held.read_at).total_seconds() <= known[name].max_age_s
        }
        if found != self._current:
            self._current = MappingProxyType(found)
        return self._current


def digest_of(values: Mapping[str, tuple[Scalar, ...]]) -> str:
    """Return the digest of the sets in use (first 16 hex digits of sha256)."""
    return _digest(tuple((name, _Values(values[name])) for name in sorted(values)))


class _Values:
    """The values of one set, compared by identity: they are replaced and never changed."""

    def __init__(self, values: tuple[Scalar, ...]) -> None:
        self.values = values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Values) and other.values is self.values

    def __hash__(self) -> int:
        return id(self.values)


@lru_cache(maxsize=64)
def _digest(values: tuple[tuple[str, _Values], ...]) -> str:
    canonical = json.dumps({name: [str(v) for v in held.values] for name, held in values}, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
