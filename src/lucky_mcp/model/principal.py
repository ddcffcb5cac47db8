"""Who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A verified caller: its subject, its roles and the attributes that row filters may name.

    `attributes` maps a name to its values, e.g. {"shops": ("1", "2")}. `app` is the application
    (`app:ask-lucky`, with roles of its own) that asks for a person: what is decided is what both may.
    """

    subject: str
    roles: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    app: Principal | None = None

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whom an operator can stop, and whose quotas count: the caller, and the app that asks for it."""
        return tuple(dict.fromkeys((self.subject, *(self.app.subjects if self.app is not None else ()))))

    @property
    def is_system(self) -> bool:
        """Whether this is one of the gateway's own principals (`system:catalog`, …)."""
        return self.subject.startswith("system:")


SYSTEM_CATALOG = Principal(subject="system:catalog", roles=("system:catalog",))
SYSTEM_REFERENCE = Principal(subject="system:reference", roles=("system:reference",))
SYSTEM_PROBE = Principal(subject="system:probe", roles=("system:probe",))
