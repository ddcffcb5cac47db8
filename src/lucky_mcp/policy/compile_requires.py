"""What a dataset file requires of scans, checked: a condition that no caller can write is a load error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lucky_mcp.catalog.column_types import key_family
from lucky_mcp.catalog.snapshot import Catalog, Table
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.decision import Requirement, Rule
from lucky_mcp.model.names import TableName
from lucky_mcp.model.requirement import Equals, Option, Range, Via
from lucky_mcp.policy.policy_set import ListedColumn, Role
from lucky_mcp.policy.role_masks import role_mask
from lucky_mcp.policy.schema import DatasetFile, Grant, RequiresEntry
from lucky_mcp.policy.tags import Tags
from lucky_mcp.policy.yaml_files import YamlFile

RANGED = frozenset({"date", "time", "whole"})  # whole numbers stand for days: 20260214
Path = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class RequiresCompiler:
    """Compiles the requirements on one table of a dataset file; ConfigurationError names file and line."""

    file: YamlFile
    dataset: DatasetFile
    catalog: Catalog
    roles: Mapping[str, Role]
    tags: Tags
    table: Table
    written: str
    columns: Sequence[ListedColumn]

    def of_table(self) -> Requirement | None:
        """Return what the table's own entry requires of everybody; each of its options must fit."""
        path: Path = ("tables", self.written, "requires")
        entry = self.dataset.tables[self.written].requires
        if entry is None:
            return None
        granted = {role for grant in self._grants() for role in grant.roles}
        name = f"{self.dataset.dataset}:requires"
        rule = Rule(id=name, place=self.file.place(path), why=_why(entry), owner=self.dataset.owner)
        options = [self._option(each, at, granted, entry) for each, at in _options(entry, path)]
        return Requirement(options=self._distinct(options, path), rule=rule)

    def of_grant(self, index: int, rule: Rule) -> Requirement | None:
        """Return what a grant requires: those of its options whose column this table has, one at least."""
        grant, path = self.dataset.grants[index], ("grants", index, "requires")
        entry = grant.requires
        if entry is None:
            return None
        for each, at in _options(entry, path):
            self._known_to_one_table(each, at, grant)
        fitting = [(each, at) for each, at in _options(entry, path) if self._fits(each)]
        if not fitting:
            raise self._refuse(
                path,
                f"no option fits {self.written}: give the grant `tables`, or the table an option of its own",
            )
        options = [self._option(each, at, grant.roles, entry) for each, at in fitting]
        return Requirement(options=self._distinct(options, path), rule=rule)

    def _option(self, entry: RequiresEntry, path: Path, roles: Iterable[str], whole: RequiresEntry) -> Option:
        column = self._usable(_column_of(entry), path, roles)
        if entry.equals is not None:
            if key_family(column.type) not in {"whole", "decimal", "text"}:
                raise self._refuse(path, f"{column.name} is {column.type}: no value of it names rows")
            return Equals(column=column.name, values_max=entry.values_max or 1)
        if entry.range is not None and entry.days_max is not None:
            if key_family(column.type) not in RANGED:
                raise self._refuse(path, f"{column.name} is {column.type}, not a date or time without a zone")
            return Range(column=column.name, days_max=entry.days_max)
        return self._via(column, entry, path, whole)

    def _via(self, column: ListedColumn, entry: RequiresEntry, path: Path, whole: RequiresEntry) -> Via:
        written = next(iter((entry.via or {}).values()))
        said = self.dataset.tables.get(written)
        parent = self.catalog.tables.get(TableName.parse(written)) if said is not None else None
        if said is None or parent is None:
            raise self._refuse(path, f"{written} is no table of this file")
        if written == self.written:
            raise self._refuse(path, f"{written} cannot be reached through itself")
        key = parent.column(column.name)
        if key is None or column.name not in said.columns:
            raise self._refuse(path, f"{written} lists no column {column.name!r}")
        if key_family(key.type) != key_family(column.type) or not key_family(key.type):
            raise self._refuse(path, f"{column.name} is {column.type} here and {key.type} in {written}")
        asked = said.requires if path[0] == "tables" else whole
        if asked is None or not any(_is_held_by(each, parent) for each, _ in _options(asked, ())):
            raise self._refuse(path, f"{written} requires nothing itself, so {self.written} could be listed")
        return Via(column=column.name, parent=parent.name)

    def _usable(self, name: str, path: Path, roles: Iterable[str]) -> ListedColumn:
        """Every role must see the column as it is: nobody can name a value that is masked."""
        column = next((each for each in self.columns if each.name == name), None)
        if column is None:
            raise self._refuse(path, f"{self.written} lists no column {name!r}")
        for role in sorted(roles):
            hidden = self._hidden_by(column, role)
            if hidden:
                raise self._refuse(path, f"{role} does not see {name!r} as it is ({hidden})")
        return column

    def _hidden_by(self, column: ListedColumn, role: str) -> str:
        known = self.roles.get(role)
        for tag in column.tags:
            rule = role_mask(known, tag, self.tags) if known is not None else None
            if rule is not None:
                return f"{rule.rule.id}: {rule.mask}"
        for grant in self._grants():
            if role in grant.roles and column.name in grant.masks:
                return f"{grant.id}: {grant.masks[column.name]}"
        for denial in self.dataset.denials:
            if role in denial.roles and column.name in denial.columns:
                return f"{denial.id}: denied"
        return ""

    def _grants(self) -> list[Grant]:
        return [each for each in self.dataset.grants if each.tables is None or self.written in each.tables]

    def _fits(self, entry: RequiresEntry) -> bool:
        through_itself = entry.via is not None and self.written in entry.via.values()
        return not through_itself and self.table.column(_column_of(entry)) is not None

    def _known_to_one_table(self, entry: RequiresEntry, path: Path, grant: Grant) -> None:
        names = grant.tables or tuple(self.dataset.tables)
        tables = [self.catalog.tables.get(TableName.parse(name)) for name in names]
        if not any(table is not None and table.column(_column_of(entry)) for table in tables):
            raise self._refuse(path, f"no table of the grant has a column {_column_of(entry)!r}")

    def _distinct(self, options: list[Option], path: Path) -> tuple[Option, ...]:
        columns = [(type(each), each.column) for each in options]
        if len(set(columns)) < len(columns):
            raise self._refuse(path, "two options of one kind name the same column; the wider one holds")
        return tuple(options)

    def _refuse(self, path: Path, why: str) -> ConfigurationError:
        return ConfigurationError(f"{self.file.place(path)}: requires: {why}")


def _why(entry: RequiresEntry) -> str:
    ranged = any(each.range is not None for each, _ in _options(entry, ()))
    return "too large to be read whole" if ranged else "read by key, never listed"


def _options(entry: RequiresEntry, path: Path) -> list[tuple[RequiresEntry, Path]]:
    if entry.any_of is None:
        return [(entry, path)]
    return [(each, (*path, "any_of", index)) for index, each in enumerate(entry.any_of)]


def _column_of(entry: RequiresEntry) -> str:
    return entry.equals or entry.range or next(iter(entry.via or {}), "")


def _is_held_by(entry: RequiresEntry, table: Table) -> bool:
    """Whether a table can meet an option without another table."""
    return entry.via is None and table.column(_column_of(entry)) is not None
