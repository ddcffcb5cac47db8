"""Column classifiers: what a column is, by its name and type, when no dataset file says more."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from lucky_mcp.catalog.snapshot import Column, TypeFamily
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.schema import TagEntry, TagsFile

SAFE = "safe"
NAMES_REMEMBERED = 100_000


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """One reviewed rule; patterns match the whole lower-case column name."""

    tag: str
    names: tuple[re.Pattern[str], ...]
    types: tuple[str, ...]

    def matches(self, column: Column) -> bool:
        """Whether the column gets this tag."""
        if self.types and column.family not in self.types:
            return False
        return any(pattern.fullmatch(column.name.lower()) for pattern in self.names)


@dataclass(frozen=True, kw_only=True)
class Tags:
    """All classifiers, and which tags are sensitive."""

    classifiers: tuple[Classifier, ...]
    sensitive: tuple[str, ...]

    def of(self, column: Column) -> tuple[str, ...]:
        """The tags that the classifiers give a column, in file order, without those that call it safe."""
        key = (column.name.lower(), column.family)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= NAMES_REMEMBERED:  # values of keys have names of their own, without end
                self._known.clear()
            matching = (
                rule.tag for rule in self.classifiers if not _is_safe(rule.tag) and rule.matches(column)
            )
            found = self._known[key] = tuple(dict.fromkeys(matching))
        return found

    @cached_property
    def _known(self) -> dict[tuple[str, TypeFamily], tuple[str, ...]]:
        """What was found before: a fleet has many columns and few names."""
        return {}

    def is_safe(self, column: Column) -> bool:
        """Whether a classifier calls a column safe (`safe.id`), which counts in unlisted tables alone."""
        return any(_is_safe(rule.tag) and rule.matches(column) for rule in self.classifiers)

    def is_sensitive(self, tag: str) -> bool:
        """Whether a tag must be masked: it is one of the sensitive ones or lies below one (`pii.phone`)."""
        return any(tag == root or tag.startswith(f"{root}.") for root in self.sensitive)


def _is_safe(tag: str) -> bool:
    return tag == SAFE or tag.startswith(f"{SAFE}.")


def compile_tags(file: TagsFile, place: Callable[[int], str]) -> Tags:
    """Return the classifiers; ConfigurationError names a pattern that is no regular expression.

    `place` gives `file:line` of the classifier at a position.
    """
    return Tags(
        classifiers=tuple(_compile(entry, place(index)) for index, entry in enumerate(file.classifiers)),
        sensitive=file.sensitive,
    )


def _compile(entry: TagEntry, place: str) -> Classifier:
    try:
        names = tuple(re.compile(pattern) for pattern in entry.names)
    except re.error as failure:
        raise ConfigurationError(f"{place}: {entry.tag}: a pattern is not valid ({failure})") from None
    return Classifier(tag=entry.tag, names=names, types=entry.types)
