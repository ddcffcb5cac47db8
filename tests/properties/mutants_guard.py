"""Defects in the rewrite itself: what a mistake in enforcement would look like."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from lucky_mcp.enforcement import bound, enforce, guard_scans, guard_shape, mask_forms, predicates
from lucky_mcp.model.decision import MaskName, VisibleColumn
from lucky_mcp.model.source import Dialect
from tests.properties.injection import Injection
from tests.properties.mutation import Mutant


def filter_deleted(patch: Injection) -> None:
    """Guards mask but do not filter."""
    original = guard_scans.guard_select

    def mutated(*args, **kwargs) -> exp.Select:  # type: ignore[no-untyped-def]
        select = original(*args, **kwargs)
        select.set("where", None)
        return select

    patch.setattr(guard_scans, "guard_select", mutated)


def one_filter_deleted(patch: Injection) -> None:
    """Of several filters of a table the last is lost."""
    original = guard_scans.guard_select

    def mutated(*args, **kwargs) -> exp.Select:  # type: ignore[no-untyped-def]
        select = original(*args, **kwargs)
        where = select.args.get("where")
        if where is not None and isinstance(where.this, exp.And):
            where.set("this", where.this.this)
        return select

    patch.setattr(guard_scans, "guard_select", mutated)


def mask_dropped(patch: Injection) -> None:
    """Guards filter but show every column as it is."""
    patch.setattr(guard_scans, "mask_expression", lambda column, value, dialect: value.copy())


def columns_reversed(patch: Injection) -> None:
    """Columns come in another order, so that positional names slide."""
    original = guard_scans.guard_select

    def mutated(*args, **kwargs) -> exp.Select:  # type: ignore[no-untyped-def]
        select = original(*args, **kwargs)
        select.set("expressions", list(reversed(select.expressions)))
        return select

    patch.setattr(guard_scans, "guard_select", mutated)


def hanging_joins_dropped(patch: Injection) -> None:
    """The second table of a parenthesised join vanishes with the node it hangs on."""
    patch.setattr(guard_scans, "HANGING", ())


def last_scan_left_out(patch: Injection) -> None:
    """The walk stops one table too early; the raw name is at least qualified, so the engine finds it."""
    original = guard_scans.guard_scans

    def mutated(query, permit, dialect):  # type: ignore[no-untyped-def]
        for scan in query.scans[-1:]:
            scan.node.set("db", exp.to_identifier(scan.table.schema))
        object.__setattr__(query, "scans", query.scans[:-1])
        return original(query, permit, dialect)

    patch.setattr(enforce, "guard_scans", mutated)


def fence_forgotten(patch: Injection) -> None:
    """The fenced text has no fence."""
    patch.setattr(enforce, "fence", lambda tree, kind: tree.copy())


def fence_skipped(patch: Injection) -> None:
    """The plain text runs, and its error is told as it is."""
    patch.setattr(enforce, "ALWAYS_FENCED", frozenset())


def bound_dropped(patch: Injection) -> None:
    """The root has no row bound."""
    patch.setattr(enforce, "bound_rows", lambda tree, rows_max: None)
    assert bound.bound_rows is not enforce.bound_rows


def filters_or_joined(patch: Injection) -> None:
    """Filters are ORed where the parts of one are joined; verify shares the function and cannot see it."""
    original = predicates.predicate_expression

    def mutated(predicate: object, alias: str) -> exp.Expr:
        made = original(predicate, alias)  # type: ignore[arg-type]
        return exp.or_(made, exp.true(), copy=False) if isinstance(made, exp.In) else made

    for module in (guard_scans, guard_shape):
        patch.setattr(module, "predicate_expression", mutated)


def mask_form_weak(patch: Injection) -> None:
    """The form of a mask shows too much; verify shares the form and cannot see it."""
    weak: Mapping[MaskName, str] = {
        MaskName.REDACT: "LEFT",
        MaskName.LAST4: "RIGHT",
        MaskName.EMAIL_DOMAIN: "LEFT",
    }
    original = mask_forms.mask_expression

    def mutated(column: VisibleColumn, value: exp.Expr, dialect: Dialect) -> exp.Expr:
        name = weak.get(column.mask) if column.mask else None
        if name is None:
            return original(column, value, dialect)
        kind = exp.Left if name == "LEFT" else exp.Right
        return kind(this=value.copy(), expression=exp.Literal.number(5))

    for module in (guard_scans, guard_shape):
        patch.setattr(module, "mask_expression", mutated)


def null_masked_as_text(patch: Injection) -> None:
    """A mask turns NULL into a value: whether something is known must stay visible."""
    original = mask_forms.mask_expression

    def mutated(column: VisibleColumn, value: exp.Expr, dialect: Dialect) -> exp.Expr:
        made = original(column, value, dialect)
        is_text = column.mask is MaskName.REDACT
        return exp.Coalesce(this=made, expressions=[exp.Literal.string("[redacted]")]) if is_text else made

    for module in (guard_scans, guard_shape):
        patch.setattr(module, "mask_expression", mutated)


GUARD_MUTANTS = (
    Mutant(filter_deleted, by="verify"),
    Mutant(filter_deleted, by="properties", is_verified=False),
    Mutant(one_filter_deleted, by="verify"),
    Mutant(one_filter_deleted, by="properties", is_verified=False),
    Mutant(mask_dropped, by="verify"),
    Mutant(mask_dropped, by="properties", is_verified=False),
    Mutant(columns_reversed, by="verify"),
    Mutant(columns_reversed, by="properties", is_verified=False),
    Mutant(hanging_joins_dropped, by="verify"),
    Mutant(hanging_joins_dropped, by="properties", is_verified=False),
    Mutant(last_scan_left_out, by="properties", is_verified=False),
    Mutant(fence_forgotten, by="verify"),
    Mutant(
        fence_forgotten,
        by="properties",
        is_verified=False,
        is_risky=True,
        holding="probe",
        is_join_ordered=True,
    ),
    Mutant(fence_skipped, by="properties", is_risky=True, holding="probe", is_join_ordered=True),
    Mutant(bound_dropped, by="verify"),
    Mutant(filters_or_joined, by="properties"),
    Mutant(mask_form_weak, by="properties"),
    Mutant(null_masked_as_text, by="properties"),
)
