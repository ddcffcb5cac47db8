"""What happens to a read of keys before the audit hears of it: decided by names, sealed, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lucky_mcp.decision.decide import bound_of
from lucky_mcp.decision.keys import KeySight, key_rights
from lucky_mcp.enforcement.guarded import GuardedKeys
from lucky_mcp.enforcement.keys import guard_keys
from lucky_mcp.errors import ArgumentInvalid
from lucky_mcp.gateway.prepare import Prepared
from lucky_mcp.gateway.view import View
from lucky_mcp.gateway.weight import LIGHT, Weight
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import KeyAsk, KeyRead
from lucky_mcp.model.source import Source

LANGUAGE = "redis"
"""What the audit calls the words in which reads of keys are told."""


@dataclass(frozen=True, kw_only=True)
class PreparedKeys:
    """A read of keys that may go on."""

    source: Source
    guarded: GuardedKeys
    weight: Weight = LIGHT

    @property
    def sights(self) -> tuple[KeySight, ...]:
        """The rules by which something is shown."""
        if self.guarded.decision is not None:
            return self.guarded.decision.sights
        return tuple(sight for party in self.guarded.rights.parties for sight in party)

    @property
    def text(self) -> str:
        """What is done, for the audit, which keeps what is quoted as stand-ins."""
        read = self.guarded
        if read.decision is None:
            return f"scan {_quoted(read.pattern)}" if read.ask is KeyAsk.SCAN else "health"
        template = read.decision.sights[0].rule.template
        places = template.match(read.key) or {}
        parts = [f"{part}={_quoted(read.key[begin:end])}" for part, (begin, end) in places.items()]
        asked = [f"field={_quoted(read.field)}"] if read.field is not None else []
        return " ".join(["read", template.text, *parts, *asked])

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms of the names that may be read."""
        return tuple(dict.fromkeys(each.rule.template.text for each in self.sights))

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules in force."""
        return tuple(dict.fromkeys(each.rule.rule.id for each in self.sights))

    @property
    def columns(self) -> tuple[str, ...]:
        """`form.field` of every listed field that may be read, `form.value` of a listed value."""
        return tuple(dict.fromkeys(column for column, _ in self._tagged()))

    @property
    def tags(self) -> tuple[str, ...]:
        """`form.field:tag` for the audit."""
        return tuple(dict.fromkeys(f"{column}:{tag}" for column, tags in self._tagged() for tag in tags))

    @property
    def masks(self) -> tuple[str, ...]:
        """`form.field:mask` for the audit."""
        found = []
        for sight in self.sights:
            for column, tags in _columns(sight):
                mask = sight.shown(tags).mask
                found += [f"{column}:{mask}"] if mask is not None else []
        return tuple(dict.fromkeys(found))

    def _tagged(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for sight in self.sights:
            yield from _columns(sight)


Ready = Prepared | PreparedKeys
"""A read that may go on, of tables or of keys."""


def prepare_keys(view: View, principal: Principal, source: Source, request: KeyRead) -> PreparedKeys:
    """Decide and seal; raises a ReadError for every refusal."""
    if not source.is_keyed:
        raise ArgumentInvalid(
            f"{source.name} holds tables, not keys", next_step="call run_query or describe_table for it"
        )
    rights = key_rights(principal, source, view.policies)
    bound = bound_of(principal, source, view.policies)
    return PreparedKeys(source=source, guarded=guard_keys(request, rights, source, bound))


def asked_in_words(request: KeyRead) -> str:
    """What was asked, for the audit of a refusal: of a key that nobody may see, its length alone."""
    if request.ask is KeyAsk.READ:
        return f"read a key of {len(request.key):,} characters"
    return f"scan {_quoted(request.pattern[:200])}" if request.ask is KeyAsk.SCAN else "health"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", " ") + "'"


def _columns(sight: KeySight) -> Iterator[tuple[str, tuple[str, ...]]]:
    rule = sight.rule
    form = rule.template.text
    yield from ((f"{form}.{name}", tags) for name, tags in rule.fields.items())
    yield from ((f"{form}.{template.text}", tags) for template, tags in rule.field_forms)
    if rule.value is not None:
        yield f"{form}.value", rule.value
    yield from ((f"{form}.{name}", tags) for name, tags in rule.parts.items() if tags)
