"""What a subquery of a condition can say of the rows of the query around it."""

from __future__ import annotations

from sqlglot import exp


def select_around(select: exp.Select) -> exp.Select | None:
    """Return the SELECT in whose WHERE an EXISTS or IN holds this one, else None."""
    holder: exp.Expr | None = select.parent if isinstance(select.parent, exp.Exists) else None
    if isinstance(select.parent, exp.Subquery) and isinstance(select.parent.parent, exp.In):
        holder = select.parent.parent
    where = holder.find_ancestor(exp.Where, exp.Join, exp.Having, exp.Select) if holder is not None else None
    found = where.parent if isinstance(where, exp.Where) else None
    return found if isinstance(found, exp.Select) else None


def names_in_from(select: exp.Select) -> set[str]:
    """Return every name that an item of FROM has or holds, in small letters: an alias of the query's own."""
    items = [select.args["from_"], *(select.args.get("joins") or ())]
    found: set[str] = set()
    for item in items:
        found |= {each.name.lower() for each in item.find_all(exp.TableAlias, exp.Table)}
    return found
