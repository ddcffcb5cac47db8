"""What a source holds otherwise than its reviewed snapshot, in words and by what it means for reads."""

from __future__ import annotations

from collections.abc import Iterator

from lucky_mcp.catalog.column_types import base_type, key_family
from lucky_mcp.catalog.snapshot import Catalog, Column, ForeignKey, Table
from lucky_mcp.model.names import TableName


def differences(old: Catalog, new: Catalog) -> tuple[str, ...]:
    """Return one line per table, view or column that appeared (+), vanished (-) or changed (~)."""
    added = sorted(set(new.tables) - set(old.tables))
    lines = [f"+ {'view' if new.tables[name].view else 'table'} {name}" for name in added]
    lines += [
        f"! view {name} is not available: {view.unavailable}"
        for name in added
        if (view := new.tables[name].view) is not None and view.unavailable
    ]
    lines += [f"- table {name}" for name in sorted(set(old.tables) - set(new.tables))]
    for name in sorted(set(old.tables) & set(new.tables)):
        lines += _view_differences(old.tables[name], new.tables[name])
        lines += _column_differences(old.tables[name], new.tables[name])
        lines += _key_differences(old.tables[name], new.tables[name])
    if old.tables and old.case_sensitive != new.case_sensitive:
        lines.append(f"~ names of tables are compared {'by' if new.case_sensitive else 'without'} case")
    return tuple(lines)


def changed_underneath(old: Catalog, new: Catalog) -> frozenset[TableName]:
    """Return the tables that must not be read by the old snapshot any more.

    A column of another kind of type may slip through its mask, and a table that is a view now reads what its
    owner may. What is gone fails by itself where it is read, and what is new is in no text of ours.
    """
    return frozenset(
        name
        for name in set(old.tables) & set(new.tables)
        if (old.tables[name].view is None) != (new.tables[name].view is None)
        or any(_is_retyped(column, new.tables[name]) for column in old.tables[name].columns)
    )


def _is_retyped(column: Column, table: Table) -> bool:
    now = table.column(column.name)
    if now is None or now.type == column.type or base_type(now.type)[0] == base_type(column.type)[0]:
        return False
    return not key_family(now.type) or key_family(now.type) != key_family(column.type)


def _view_differences(old: Table, new: Table) -> list[str]:
    if old.view == new.view:
        return []
    if new.view is None or old.view is None:
        return [f"~ {new.name} is a {'view' if new.view is not None else 'table'} now"]
    if new.view.unavailable:
        return [f"! view {new.name} is not available: {new.view.unavailable}"]
    return [f"~ definition of {new.name}"]


def _column_differences(old: Table, new: Table) -> Iterator[str]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    yield from (f"+ column {old.name}.{each} {after[each].type}" for each in after if each not in before)
    yield from (f"- column {old.name}.{each}" for each in before if each not in after)
    for each in after:
        if each in before and _told(before[each]) != _told(after[each]):
            yield f"~ column {old.name}.{each} {_told(before[each])} -> {_told(after[each])}"


def _told(column: Column) -> str:
    """A column's type, and what else decides how its values compare."""
    return f"{column.type} {column.collation}".strip() + ("" if column.nullable else " not null")


def _key_differences(old: Table, new: Table) -> Iterator[str]:
    if old.primary_key != new.primary_key:
        yield f"~ key of {new.name}: {_columns(old.primary_key)} -> {_columns(new.primary_key)}"
    yield from (f"+ index {new.name} {_columns(each)}" for each in new.indexes if each not in old.indexes)
    yield from (f"- index {new.name} {_columns(each)}" for each in old.indexes if each not in new.indexes)

    yield from (f"+ foreign key {new.name} {_reference(each)}" for each in added(old, new))
    yield from (f"- foreign key {new.name} {_reference(each)}" for each in added(new, old))


def added(old: Table, new: Table) -> Iterator[ForeignKey]:
    """Yield the foreign keys of `new` that `old` has not."""
    yield from (each for each in new.foreign_keys if each not in old.foreign_keys)


def _reference(key: ForeignKey) -> str:
    return f"{_columns(key.columns)} to {key.table} {_columns(key.its_columns)}"


def _columns(names: tuple[str, ...]) -> str:
    return f"({', '.join(names)})"
