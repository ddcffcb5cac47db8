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
    """The values of one set, by its definition, and when they were read."""

    of: Reference
    values: tuple[Scalar, ...]
    read_at: datetime


class References:
    """All sets, each swapped whole. A set that is too old or was never read has no values.

    They are known by their definition, not by their name: what a set was under other policies is not used.
    """

    def __init__(self) -> None:
        self._snapshots: Mapping[Reference, ReferenceSnapshot] = MappingProxyType({})
        self._current: Mapping[str, tuple[Scalar, ...]] = MappingProxyType({})

    def put(self, snapshot: ReferenceSnapshot) -> None:
        """Replace one set."""
        held = self._snapshots.get(snapshot.of)
        if held is not None and held.values == snapshot.values:
            snapshot = replace(snapshot, values=held.values)  # compared by identity from now on
        self._snapshots = MappingProxyType({**self._snapshots, snapshot.of: snapshot})

    def due(self, reference: Reference, now: datetime) -> bool:
        """Whether a set should be read again."""
        held = self._snapshots.get(reference)
        return held is None or (now - held.read_at).total_seconds() >= reference.refresh_s

    def read_at(self, reference: Reference) -> datetime | None:
        """When a set was read; None when it never was."""
        held = self._snapshots.get(reference)
        return held.read_at if held is not None else None

    def current(self, known: Mapping[str, Reference], now: datetime) -> Mapping[str, tuple[Scalar, ...]]:
        """Return the values of every set that is young enough to be used: the same object while they stay."""
        found = {
            name: held.values
            for name, reference in known.items()
            if (held := self._snapshots.get(reference)) is not None
            and (now - held.read_at).total_seconds() <= reference.max_age_s
        }
        if found != self._current:
            self._current = MappingProxyType(found)
        return self._current

    def keep_only(self, known: Mapping[str, Reference]) -> None:
        """Forget sets that the policies in force do not have."""
        wanted = set(known.values())
        self._snapshots = MappingProxyType({of: held for of, held in self._snapshots.items() if of in wanted})


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
