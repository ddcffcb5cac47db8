"""Tree -> text: comments and hints dropped, names kept, and never the agent's own text."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from lucky_mcp.enforcement.embedded import for_engine
from lucky_mcp.enforcement.servers import for_server
from lucky_mcp.enforcement.token_forms import write_tokens
from lucky_mcp.errors import ConstructRefused, Phase
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.dialects import ENGINES, GRAMMARS

# Servers that fold names which are not quoted: as the agent wrote them they mean what it meant.
FOLDING = frozenset({Kind.POSTGRES, Kind.REDSHIFT})


def render_agent(tree: exp.Expr, dialect: Dialect) -> str:
    """Return the text in the dialect agents write, for people and the audit."""
    return tree.sql(dialect=GRAMMARS[dialect].dialect, comments=False, unsupported_level=ErrorLevel.IGNORE)


def render_engine(tree: exp.Expr, dialect: Dialect, kind: Kind, *, keep: bool = True) -> str:
    """Return the text the engine runs; ConstructRefused when the engine has no equal construct.

    Without `keep` the tree is used up, which saves a copy of it.

    Names are quoted where quoting changes nothing else: left bare, some of them (`current_schema`, `user`)
    would be functions on the embedded engine and columns in the agent's dialect.
    """
    settled = for_server(for_engine(tree.copy() if keep else tree, dialect, kind), kind)
    prepared = write_tokens(settled, kind)
    try:
        return prepared.sql(
            dialect=ENGINES[kind],
            copy=False,
            comments=False,
            identify=kind not in FOLDING,
            unsupported_level=ErrorLevel.RAISE,
        )
    except UnsupportedError as failure:
        raise ConstructRefused(
            "the engine behind this source has no equal construct for part of the statement",
            phase=Phase.ENFORCE,
            next_step="write it with simpler functions",
            audit_detail=str(failure),
        ) from None
    except RecursionError:
        raise ConstructRefused("the statement is nested too deeply", phase=Phase.ENFORCE) from None
