"""From a decision on keys to a sealed read, or a refusal that says nothing about what keys there are."""

from __future__ import annotations

from lucky_mcp.decision.keys import KeyRights, decided_key
from lucky_mcp.enforcement.guarded import GuardedKeys, seal_keys
from lucky_mcp.enforcement.key_globs import GLOB_CHARS_MAX
from lucky_mcp.errors import ArgumentInvalid, Code, Phase, PolicyRefused
from lucky_mcp.model.decision import Bound
from lucky_mcp.model.keys import KEY_CHARS_MAX, KeyShow
from lucky_mcp.model.request import KeyAsk, KeyRead
from lucky_mcp.model.source import Source

FORMS_SHOWN_MAX = 8


def guard_keys(request: KeyRead, rights: KeyRights, source: Source, bound: Bound) -> GuardedKeys:
    """Return the sealed read; PolicyRefused (KEY_DENIED) for what the caller may not see."""
    rows_max = min(request.rows_max or bound.rows_default, bound.rows_max)
    if request.ask is KeyAsk.READ:
        return _one_key(request, rights, source, bound, rows_max)
    if request.ask is KeyAsk.SCAN:
        _refuse_long("pattern", request.pattern, GLOB_CHARS_MAX)
        if not all(rights.parties):
            raise _denied(rights, "no rule shows keys to this caller", "the keys of this cluster")
    elif not rights.reads_system:
        raise _denied(rights, "no role with reads_system", "how this cluster is")
    return seal_keys(
        source=source,
        ask=request.ask,
        bound=bound,
        rows_max=rows_max,
        rights=rights,
        pattern=request.pattern,
    )


def _one_key(request: KeyRead, rights: KeyRights, source: Source, bound: Bound, rows_max: int) -> GuardedKeys:
    _refuse_long("key", request.key, KEY_CHARS_MAX)
    _refuse_long("field", request.field or "", KEY_CHARS_MAX)
    decision = decided_key(rights, request.key) if all(rights.parties) else None
    if decision is None:
        raise _denied(rights, "no rule, or a denial", "a key of this name")
    if not decision.is_named_as_it_is:
        raise _denied(rights, f"{decision.form}: the name is masked", "a key of this name")
    if request.field is not None and decision.show is KeyShow.METADATA:
        raise ArgumentInvalid(
            "of this key type, lifetime and size are shown alone, so it has no field",
            next_step="leave field out",
        )
    return seal_keys(
        source=source,
        ask=request.ask,
        bound=bound,
        rows_max=rows_max,
        rights=rights,
        key=request.key,
        field=request.field,
        decision=decision,
    )


def _refuse_long(argument: str, text: str, chars_max: int) -> None:
    if len(text) > chars_max:
        raise ArgumentInvalid(
            f"{argument} may have {chars_max} characters", next_step="ask for a shorter one"
        )


def _denied(rights: KeyRights, why: str, what: str) -> PolicyRefused:
    """The same words for no rule, a denial, and a name that is masked; the key itself plays no part."""
    forms = rights.forms[:FORMS_SHOWN_MAX] if all(rights.parties) else ()
    return PolicyRefused(
        f"you may not see {what}, whether there is one or not",
        code=Code.KEY_DENIED,
        phase=Phase.DECIDE,
        nearest=forms,
        next_step="scan_redis lists the keys that you may see; ask for one by the name that it shows",
        audit_detail=why,
    )
