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
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.projection_names import RootNames
from lucky_mcp.sql.quantifiers import settle_all
from lucky_mcp.sql.separators import settle_separators
from lucky_mcp.sql.tokens import tokens_of

HINTS_OF_SELECT = ("hint", "operation_modifiers")
ROOTS = (exp.Select, exp.SetOperation, exp.Values, exp.Subquery)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One parsed read: its tree, and the agent's words for the root's columns."""

    tree: exp.Expr
    root_names: RootNames


def parse(text: str, grammar: Grammar) -> Statement:
    """Return exactly one read statement.

    Raises StatementRefused (NOT_READ_ONLY, MULTIPLE_STATEMENTS, PARSE_ERROR, TOO_LARGE) or
    ConstructRefused. The error level is passed as the enum: as a string the parser ignores it.
    """
    tokens = read_tokens(text, grammar)
    settled = settle_bare_joins(text, tokens, grammar)
    try:
        read = tokens if settled == text else tokens_of(settled, grammar.dialect)
        statements = grammar.dialect.parser(error_level=ErrorLevel.RAISE).parse(read, settled)
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
    nodes = Nodes(roots[0])
    refuse_deep_tree(nodes)
    tree = _as_select(roots[0], grammar)
    settle_separators(nodes, grammar)
    settle_all(nodes)
    drop_hints(nodes, grammar)
    return Statement(tree=tree, root_names=RootNames(text, tokens))


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


def drop_hints(nodes: Nodes, grammar: Grammar) -> None:
    """Drop in place what means nothing to a read of derived tables.

    Hints and modifiers can undo a limit as well; `FROM DUAL` says that no table is read.
    """
    for select in nodes.of(exp.Select):
        for part in HINTS_OF_SELECT:
            if select.args.get(part):
                select.set(part, None)
        if grammar.has_dual and _is_dual(select.args.get("from_")) and not select.args.get("joins"):
            select.set("from_", None)
    if not grammar.has_index_hints:
        return
    for table in nodes.of(exp.Table):
        if table.args.get("hints"):
            table.set("hints", None)
    for join in nodes.of(exp.Join):
        if join.args.get("kind") == "STRAIGHT_JOIN":
            join.set("kind", None)


def _is_dual(read: exp.From | None) -> bool:
    table = read.this if read is not None else None
    if not isinstance(table, exp.Table) or set(filter(table.args.get, table.args)) != {"this"}:
        return False
    return isinstance(table.this, exp.Identifier) and not table.this.quoted and table.name.upper() == "DUAL"


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
