"""Text -> one syntax tree whose root reads and does nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError

from lucky_mcp.errors import Code, Place, StatementRefused
from lucky_mcp.sql.depth import refuse_deep_tree, too_deep
from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.joins import settle_bare_joins
from lucky_mcp.sql.lexical import read_tokens
from lucky_mcp.sql.projection_names import root_projection_names
from lucky_mcp.sql.separators import settle_separators

ROOTS = (exp.Select, exp.SetOperation, exp.Values, exp.Subquery)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One parsed read: its tree, and the agent's words for the root's columns (empty when not known)."""

    tree: exp.Expr
    root_names: tuple[str, ...]


def parse(text: str, grammar: Grammar) -> Statement:
    """Return exactly one read statement.

    Raises StatementRefused (NOT_READ_ONLY, MULTIPLE_STATEMENTS, PARSE_ERROR, TOO_LARGE) or
    ConstructRefused. The error level is passed as the enum: as a string the parser ignores it.
    """
    tokens = read_tokens(text, grammar)
    settled = settle_bare_joins(text, tokens, grammar)
    try:
        statements = grammar.dialect.parse(settled, error_level=ErrorLevel.RAISE)
    except ParseError as failure:
        raise _not_parsed(failure) from None
    except RecursionError:
        raise too_deep() from None
    except (SqlglotError, ValueError, TypeError, AttributeError, IndexError, KeyError) as failure:
        raise StatementRefused(
            "the statement cannot be parsed", code=Code.PARSE_ERROR, audit_detail=repr(failure)
        ) from None
    roots = [statement for statement in statements if statement is not None]
    if len(roots) != 1:
        raise StatementRefused("exactly one statement is accepted", code=Code.MULTIPLE_STATEMENTS)
    if not isinstance(roots[0], ROOTS):
        raise StatementRefused(
            "only SELECT, WITH … SELECT, VALUES and TABLE are accepted",
            next_step="send the SELECT alone; nothing is ever written",
        )
    refuse_deep_tree(roots[0])
    tree = _as_select(roots[0], grammar)
    settle_separators(tree, grammar)
    drop_hints(tree)
    return Statement(tree=tree, root_names=root_projection_names(text, tokens))


def _as_select(tree: exp.Expr, grammar: Grammar) -> exp.Expr:
    """Return `VALUES …` as a SELECT from it, with the server's column names, so that it can be bounded."""
    if not isinstance(tree, exp.Values) or tree.args.get("alias"):
        return tree
    first = tree.expressions[0]
    width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
    name, start = grammar.values_columns
    columns = [exp.to_identifier(f"{name}{number}") for number in range(start, start + width)]
    tree.set("alias", exp.TableAlias(this=exp.to_identifier("lucky_values"), columns=columns))
    return exp.Select(expressions=[exp.Star()], from_=exp.From(this=tree))


def drop_hints(tree: exp.Expr) -> None:
    """Drop hints and modifiers in place: they can undo a limit, and mean nothing over a derived table."""
    for select in tree.find_all(exp.Select):
        select.set("hint", None)
        select.set("operation_modifiers", None)
    for table in tree.find_all(exp.Table):
        table.set("hints", None)
    for join in tree.find_all(exp.Join):
        if join.args.get("kind") == "STRAIGHT_JOIN":
            join.set("kind", None)


def _not_parsed(failure: ParseError) -> StatementRefused:
    first = failure.errors[0] if failure.errors else {}
    place = None
    if first.get("line"):
        token = str(first.get("highlight") or "")[:40]
        place = Place(line=first["line"], column=max(int(first["col"]) - len(token) + 1, 1), token=token)
    return StatementRefused(
        "the statement cannot be parsed",
        code=Code.PARSE_ERROR,
        place=place,
        next_step="check the syntax of the source's dialect near that token",
        audit_detail=str(first.get("description", "")),
    )
