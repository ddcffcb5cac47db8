"""The decision on keys: by the name alone, so that no answer depends on whether a key is there.

A caller sees a key as the strictest of all its rules shows it. Names are seen masked as well, and a key is
asked for by the name that its caller sees: who does not see a name as it is cannot ask whether it exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lucky_mcp.model.decision import MaskName, Rule
from lucky_mcp.model.keys import KeyShow, KeyType
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.key_rules import NO_KEYS, KeyDenial, KeyRule, name_tags
from lucky_mcp.policy.levels import LEVELS
from lucky_mcp.policy.masks import masked, scrubbed, strictest
from lucky_mcp.policy.policy_set import PolicySet, Role
from lucky_mcp.policy.role_masks import role_mask
from lucky_mcp.policy.tags import Tags

HIDDEN_PART = "[redacted]"
HIDING = frozenset({MaskName.DENY, MaskName.NULL, MaskName.REDACT})


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How a field or a value is shown: None as it is, DENY not at all; by which tags, and the mask's rule."""

    mask: MaskName | None
    tags: tuple[str, ...] = ()
    rule: Rule | None = None


ABSENT = Shown(mask=MaskName.DENY)
AS_IT_IS = Shown(mask=None)


@dataclass(frozen=True, kw_only=True)
class KeySight:
    """One rule as one role has it."""

    rule: KeyRule
    role: Role
    tags: Tags

    def shown(self, tags: tuple[str, ...]) -> Shown:
        """Return how the role sees what has these tags."""
        found = (role_mask(self.role, tag, self.tags) for tag in tags)
        return seen_by(
            [Shown(mask=None, tags=tags)]
            + [Shown(mask=each.mask, tags=tags, rule=each.rule) for each in found if each is not None]
        )

    def part(self, name: str) -> Shown:
        """Return how a part of the key's name is shown."""
        tags = self.rule.parts[name]
        return Shown(mask=MaskName.SCRUB) if tags is None else self.shown(tags)

    def value(self) -> Shown:
        """Return how the value, or each member of it, is shown."""
        return ABSENT if self.rule.value is None else self.shown(self.rule.value)

    def field(self, path: str) -> Shown:
        """Return how a field is shown: listed, or known to a classifier, else absent."""
        leaf = path.rpartition(".")[2]
        listed = self.rule.fields.get(path)
        if listed is None:
            listed = next((tags for form, tags in self.rule.field_forms if form.match(path)), None)
        known = name_tags(leaf, self.tags)
        if listed is None and not known:
            return ABSENT
        return self.shown(tuple(dict.fromkeys((*(listed or ()), *known))))


@dataclass(frozen=True, kw_only=True)
class KeyDecision:
    """What a caller may see of one key; `name` is its name as the caller sees it."""

    name: str
    is_named_as_it_is: bool
    form: str
    show: KeyShow
    types: frozenset[KeyType]
    sights: tuple[KeySight, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that made it what it is, each once."""
        return tuple({each.rule.rule.id: each.rule.rule for each in self.sights}.values())

    @property
    def has_fields(self) -> bool:
        """Whether the value is shown by its fields."""
        return all(each.rule.value is None for each in self.sights)

    def value(self) -> Shown:
        """Return how the value, or each member of it, is shown to somebody who sees it by all the rules."""
        return seen_by(each.value() for each in self.sights)

    def field(self, path: str) -> Shown:
        """Return how a field is shown to somebody who sees it by all the rules."""
        return seen_by(each.field(path) for each in self.sights)


@dataclass(frozen=True, kw_only=True)
class KeyRights:
    """The rules by which a caller sees keys of one source; an app and its person must both have one.

    `reads_system`: the caller may ask how the server is.
    """

    parties: tuple[tuple[KeySight, ...], ...]
    denials: tuple[KeyDenial, ...]
    reads_system: bool

    @property
    def any(self) -> bool:
        """Whether the caller may know of the source."""
        return self.reads_system or all(self.parties)

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms of names that the caller may see, in the order of the policy."""
        return tuple(dict.fromkeys(each.rule.template.text for each in self.parties[0]))

    @property
    def masks(self) -> bool:
        """Whether something is shown as a token."""
        roles = (each.role for party in self.parties for each in party)
        return any(rule.mask is MaskName.TOKEN for role in roles for rule in role.masks.values())


def key_rights(principal: Principal, source: Source, policies: PolicySet) -> KeyRights:
    """Return by which rules a caller, and the app that asks for it, see keys of a source."""
    policy = policies.keys.get(source.name, NO_KEYS)
    people = (principal,) if principal.app is None else (principal, principal.app)
    held = frozenset(name for person in people for name in person.roles)
    return KeyRights(
        parties=tuple(tuple(_sights(person, policy.rules, policies)) for person in people),
        denials=tuple(each for each in policy.denials if each.roles & held),
        reads_system=all(any(role.reads_system for role in _roles(person, policies)) for person in people),
    )


def decided_key(rights: KeyRights, name: str, token_key: str = "") -> KeyDecision | None:
    """Return what the caller sees of the key of that name; None when it sees nothing."""
    if any(each.template.match(name) is not None for each in rights.denials):
        return None
    found: list[KeySight] = []
    for party in rights.parties:
        matching = [sight for sight in party if sight.rule.template.match(name) is not None]
        if not matching:
            return None
        found += matching
    types = frozenset.intersection(*(each.rule.types for each in found))
    hidden = _hidden_parts(name, found)
    shown = _shown_name(name, hidden, token_key)
    is_plain = shown == name and all(each.mask is MaskName.SCRUB for _, each in hidden)
    is_value = all(each.rule.show is KeyShow.VALUE for each in found)
    same_form = len({each.rule.value is None for each in found}) == 1
    return KeyDecision(
        name=shown,
        is_named_as_it_is=is_plain,
        form=found[0].rule.template.text,
        show=KeyShow.VALUE if is_value and same_form else KeyShow.METADATA,
        types=types,
        sights=tuple(found),
    )


def _sights(person: Principal, rules: Iterable[KeyRule], policies: PolicySet) -> Iterator[KeySight]:
    for rule in rules:
        for role in _roles(person, policies):
            if role.name in rule.roles and LEVELS.index(rule.level) <= LEVELS.index(role.reads_up_to):
                yield KeySight(rule=rule, role=role, tags=policies.tags)


def _roles(person: Principal, policies: PolicySet) -> list[Role]:
    return [policies.roles[name] for name in person.roles if name in policies.roles]


def seen_by(all_shown: Iterable[Shown]) -> Shown:
    """Return how something is shown to somebody who sees it in each of these ways."""
    known = list(all_shown)
    tags = tuple(dict.fromkeys(tag for each in known for tag in each.tags))
    mask = strictest(each.mask for each in known)
    cause = next((each.rule for each in known if each.mask is mask and each.rule is not None), None)
    return Shown(mask=mask, tags=tags, rule=None if mask is None else cause)


_Hidden = list[tuple[tuple[int, int], Shown]]


def _hidden_parts(name: str, sights: Iterable[KeySight]) -> _Hidden:
    """Return where a name is masked and how; where rules part it differently, what any of them hides is."""
    spans: dict[tuple[int, int], list[Shown]] = {}
    for sight in sights:
        places = sight.rule.template.match(name) or {}
        for part, span in places.items():
            spans.setdefault(span, []).append(sight.part(part))
    hidden = [(span, both) for span, shown in spans.items() if (both := seen_by(shown)).mask is not None]
    return _merged(sorted(hidden, key=lambda each: each[0]))


def _shown_name(name: str, hidden: _Hidden, token_key: str) -> str:
    text, end = "", 0
    for (begin, until), shown in hidden:
        text += name[end:begin] + masked_text(name[begin:until], shown, token_key)
        end = until
    text += name[end:]
    # A number may reach over two parts.
    return scrubbed(text) if any(shown.mask is MaskName.SCRUB for _, shown in hidden) else text


def _merged(hidden: _Hidden) -> _Hidden:
    found: _Hidden = []
    for (begin, until), shown in hidden:
        if found and begin < found[-1][0][1]:
            (first, last), _ = found[-1]
            found[-1] = ((first, max(last, until)), Shown(mask=MaskName.REDACT))
        else:
            found.append(((begin, until), shown))
    return found


def masked_text(text: str, shown: Shown, token_key: str) -> str:
    """Return a text that must not be absent as its mask shows it."""
    if shown.mask is None:
        return text
    if shown.mask in HIDING or (shown.mask is MaskName.TOKEN and not token_key):
        return HIDDEN_PART
    return str(masked(text, shown.mask, shown.tags, token_key))
