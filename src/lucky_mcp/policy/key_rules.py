"""What policy says about the keys of Redis clusters, compiled: forms of names, and what is shown of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lucky_mcp.catalog.snapshot import Column
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.decision import Rule
from lucky_mcp.model.keys import KeyShow, KeyType, Template
from lucky_mcp.model.source import Source
from lucky_mcp.policy.keys_schema import KeyDenialEntry, KeyEntry, KeysFile, TaggedEntry
from lucky_mcp.policy.levels import Level, highest, levels_of
from lucky_mcp.policy.tags import Tags
from lucky_mcp.policy.yaml_files import YamlFile


@dataclass(frozen=True, kw_only=True)
class KeyRule:
    """The keys of one form, for some roles.

    `parts` has the tags of each part of the name, None for one that is not listed and that no classifier
    knows. `fields` are listed fields with their tags, `field_forms` those whose names have parts; `value`
    is None unless the value is listed.
    """

    template: Template
    types: frozenset[KeyType]
    level: Level
    show: KeyShow
    roles: frozenset[str]
    parts: Mapping[str, tuple[str, ...] | None]
    value: tuple[str, ...] | None
    fields: Mapping[str, tuple[str, ...]]
    field_forms: tuple[tuple[Template, tuple[str, ...]], ...]
    rule: Rule
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class KeyDenial:
    """Keys of one form are hidden from some roles."""

    template: Template
    roles: frozenset[str]
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class KeyPolicy:
    """Everything policy says about the keys of one cluster."""

    rules: tuple[KeyRule, ...] = ()
    denials: tuple[KeyDenial, ...] = ()


NO_KEYS = KeyPolicy()


def name_tags(name: str, tags: Tags) -> tuple[str, ...]:
    """Return what the classifiers tell of a field or part by its name."""
    return tags.of(Column(name=name, type="VARCHAR"))


def key_paths(directory: Path) -> list[Path]:
    """Return the files about the keys of Redis clusters, without tests."""
    paths = sorted((directory / "redis").glob("*.yaml"))
    return [path for path in paths if not path.name.endswith(".test.yaml")]


def compile_keys(
    files: list[YamlFile], sources: Mapping[str, Source], roles: Mapping[str, object], tags: Tags
) -> Mapping[str, KeyPolicy]:
    """Return what the files say by cluster; ConfigurationError names file, line and fault."""
    found: dict[str, KeyPolicy] = {}
    ids: dict[str, str] = {}
    levels = levels_of(sources)
    for file in files:
        written = file.read_as(KeysFile)
        rules = tuple(_rule(file, written, number, tags) for number in range(len(written.keys)))
        denials = tuple(_denial(file, written, number) for number in range(len(written.denials)))
        both: tuple[KeyRule | KeyDenial, ...] = (*rules, *denials)
        for each in both:
            _check_roles(each, roles)
            if ids.setdefault(each.rule.id, each.rule.place) != each.rule.place:
                raise ConfigurationError(f"{each.rule.place}: the id {each.rule.id!r} is given twice")
        made: dict[Level, KeyPolicy] = {}
        for number, cluster in enumerate(written.clusters):
            place = file.place(("clusters", number))
            if cluster not in sources or not sources[cluster].is_keyed:
                raise ConfigurationError(f"{place}: {cluster!r} is no source of kind redis")
            if cluster in found:
                raise ConfigurationError(f"{place}: {cluster} is in two files")
            own = tuple(_own_level(each) is not None for each in written.keys)
            level = levels[cluster]
            if level not in made:  # clusters of a file and level share one policy
                raised = tuple(
                    rule if is_own else replace(rule, level=highest(rule.level, level))
                    for rule, is_own in zip(rules, own, strict=True)
                )
                made[level] = KeyPolicy(rules=raised, denials=denials)
            found[cluster] = made[level]
    return found


def _check_roles(each: KeyRule | KeyDenial, roles: Mapping[str, object]) -> None:
    unknown = sorted(each.roles - roles.keys())
    if unknown:
        raise ConfigurationError(f"{each.rule.place}: unknown role {unknown[0]!r}")


def _rule(file: YamlFile, written: KeysFile, number: int, tags: Tags) -> KeyRule:
    entry = written.keys[number]
    template = _template(file, ("keys", number, "pattern"), entry.pattern)
    unknown = entry.parts.keys() - {part.name for part in template.parts}
    if unknown:
        place = file.place(("keys", number, "parts", min(unknown)))
        raise ConfigurationError(f"{place}: the pattern has no part {min(unknown)!r}")
    forms = {name for name in entry.fields if "{" in name}
    return KeyRule(
        template=template,
        types=frozenset(entry.types),
        level=_own_level(entry) or highest(entry.classification, written.classification),
        show=KeyShow(entry.show),
        roles=frozenset(entry.roles),
        parts={part.name: _part_tags(entry, part.name, tags) for part in template.parts},
        value=None if entry.value is None else entry.value.tags,
        fields={name: _tags(name, entry.fields[name], tags) for name in entry.fields if name not in forms},
        field_forms=tuple(
            (_field_form(file, number, name, tags), _tags("", entry.fields[name], tags))
            for name in sorted(forms)
        ),
        rule=Rule(id=entry.id, place=file.place(("keys", number)), why=entry.why, owner=written.owner),
        description=entry.description,
    )


def _own_level(entry: KeyEntry) -> Level | None:
    """What shows nothing of a value may be lower than the values are."""
    return entry.classification if entry.show == "metadata" else None


def _denial(file: YamlFile, written: KeysFile, number: int) -> KeyDenial:
    entry: KeyDenialEntry = written.denials[number]
    return KeyDenial(
        template=_template(file, ("denials", number, "pattern"), entry.pattern),
        roles=frozenset(entry.roles),
        rule=Rule(id=entry.id, place=file.place(("denials", number)), why=entry.why, owner=written.owner),
    )


def _template(file: YamlFile, path: tuple[str | int, ...], text: str) -> Template:
    try:
        return Template(text)
    except ValueError as fault:
        raise ConfigurationError(f"{file.place(path)}: {text!r}: {fault}") from None


def _field_form(file: YamlFile, number: int, name: str, tags: Tags) -> Template:
    """Names of fields are shown as they are, so no part of one may be what a classifier knows."""
    path = ("keys", number, "fields", name)
    form = _template(file, path, name)
    for part in form.parts:
        if known := name_tags(part.name, tags):
            raise ConfigurationError(
                f"{file.place(path)}: the names of fields are shown as they are, and {part.name!r} is"
                f" {known[0]}: such fields cannot be listed"
            )
    return form


def _part_tags(entry: KeyEntry, name: str, tags: Tags) -> tuple[str, ...] | None:
    if name in entry.parts:
        return _tags(name, entry.parts[name], tags)
    return name_tags(name, tags) or None


def _tags(name: str, entry: TaggedEntry | None, tags: Tags) -> tuple[str, ...]:
    own = entry.tags if entry is not None else ()
    return tuple(dict.fromkeys((*own, *(name_tags(name.rpartition(".")[2], tags) if name else ()))))
