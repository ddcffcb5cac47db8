"""Verified claims and principals: one becomes the other and back, losing nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from lucky_mcp.model.principal import Principal

APP_PREFIX = "app:"
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}")
_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,63}")


def principal_of(claims: Mapping[str, object]) -> Principal:
    """Build the principal that `claims` describe: `sub`, `roles`, `attributes` (name to texts) and, where an
    application asks for a person, `app` with the same of its own.

    ValueError when a claim is missing or ill-formed. INVARIANT: no claim makes a `system:` principal or
    role; those are the gateway's own.
    """
    return Principal(
        subject=_matching(claims.get("sub"), _SUBJECT, "subject"),
        roles=tuple(_matching(role, _ROLE, "role") for role in _several(claims.get("roles"), "roles")),
        attributes=_attributes(claims.get("attributes", {})),
        app=_app(claims["app"]) if "app" in claims else None,
    )


def checked_subject(subject: str) -> str:
    """Return a subject that a caller may have; ValueError for any other."""
    return _matching(subject, _SUBJECT, "subject")


def claims_of(principal: Principal) -> dict[str, object]:
    """The claims that `principal_of` turns back into `principal`, as plain JSON values."""
    app = {"app": claims_of(principal.app)} if principal.app is not None else {}
    return {
        "sub": principal.subject,
        "roles": list(principal.roles),
        "attributes": {name: list(values) for name, values in principal.attributes.items()},
        **app,
    }


def _app(claims: object) -> Principal:
    if not isinstance(claims, Mapping) or "app" in claims:
        raise ValueError("app must have claims of its own, and no app")
    app = principal_of(claims)
    if not app.subject.startswith(APP_PREFIX):
        raise ValueError(f"the subject of an app starts with {APP_PREFIX}")
    return app


def _matching(value: object, pattern: re.Pattern[str], what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value) or value.startswith("system:"):
        raise ValueError(f"not a valid {what}: it must match {pattern.pattern} and not start with system:")
    return value


def _several(value: object, what: str) -> list[object]:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"{what} must be a list that is not empty")
    return list(value)


def _attributes(value: object) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise ValueError("attributes must map names to lists of texts")
    return MappingProxyType(
        {
            _matching(name, _ATTRIBUTE, "attribute name"): tuple(
                _text(entry, str(name)) for entry in _several(values, f"attribute {name}")
            )
            for name, values in value.items()
        }
    )


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"attribute {name} must hold texts that are not empty")
    return value
