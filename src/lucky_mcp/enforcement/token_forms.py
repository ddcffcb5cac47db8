"""How each engine makes a token, and which parts of a text may stand in nothing but a token.

In a tree, and in the text for people, a token is a call of a function that no agent may call; for the engine
it is written out, with k in a variable of the session. `policy/tokens.py` defines what it must give.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from lucky_mcp.model.source import Kind
from lucky_mcp.policy.tokens import DIGITS, token_front
from lucky_mcp.sql.dialects import ENGINES

CALL = "LUCKY_TOKEN"
VARIABLE = "lucky_k"
SETTING = "lucky.k"  # PostgreSQL's own variables have two parts
CONTEXT = "app_context.lucky_k"  # a session context variable of Redshift's

_VALUE, _FRONT = "lucky_value", "lucky_front"
_EMBEDDED = f"SHA256(GETVARIABLE('{VARIABLE}') || {{}})"
# sha256 of k and a text, in hexadecimal digits; NULL when either is.
DIGESTS: dict[Kind, str] = {
    Kind.MYSQL: f"SHA2(CONCAT(@{VARIABLE}, {{}}), 256)",
    Kind.REDSHIFT: f"SHA2(CURRENT_SETTING('{CONTEXT}') || {{}}, 256)",
    Kind.POSTGRES: f"ENCODE(SHA256(CONVERT_TO(CURRENT_SETTING('{SETTING}') || {{}}, 'UTF8')), 'hex')",
    Kind.DUCKDB: _EMBEDDED,
    Kind.LAKE: _EMBEDDED,
}
# Functions and nodes of the digests that agents' own texts cannot come to.
PARTS = (exp.Parameter, exp.Var, exp.Anonymous, exp.SHA2, exp.SHA2Digest, exp.Encode)
READERS = {"current_setting": frozenset({SETTING, CONTEXT}), "getvariable": frozenset({VARIABLE})}
CONVERTERS = frozenset({"convert_to"})


@dataclass(frozen=True, kw_only=True)
class _Form:
    tree: exp.Expr

    def of(self, kind: str, value: exp.Expr) -> exp.Expr:
        def put(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Column) and node.name == _VALUE:
                return value.copy()
            if isinstance(node, exp.Column) and node.name == _FRONT:
                return exp.Literal.string(token_front(kind))
            return node

        return self.tree.copy().transform(put)


def token_call(kind: str, value: exp.Expr) -> exp.Expr:
    """Return the token of a text as it stands in a tree, and as people are shown it."""
    return exp.Anonymous(this=CALL, expressions=[exp.Literal.string(kind), value])


def write_tokens(tree: exp.Expr, kind: Kind) -> exp.Expr:
    """Return the tree, changed in place, with each token written out for the engine."""
    for call in [each for each in tree.find_all(exp.Anonymous) if each.name == CALL]:
        word, value = call.expressions
        written = _form(kind).of(word.name, value)
        if call is tree:
            return written
        call.replace(written)
    return tree


def without_sign(text: str, kind: Kind) -> str:
    """Return the text with a MySQL session's variable named without its sign, to look at its characters."""
    return text.replace(f"@{VARIABLE}", VARIABLE) if kind is Kind.MYSQL else text


def is_part_of_token(node: exp.Expr) -> bool:
    """Whether a node of an engine's text is one that only a token has."""
    if isinstance(node, exp.Var):
        return node.name == VARIABLE and isinstance(node.parent, exp.Parameter)
    if isinstance(node, exp.Parameter):
        return isinstance(node.this, exp.Var) and set(filter(node.args.get, node.args)) == {"this"}
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        first = node.expressions[0] if len(node.expressions) == 1 else None
        reads = isinstance(first, exp.Literal) and first.is_string and first.name in READERS.get(name, ())
        return reads or name in CONVERTERS
    return isinstance(node, PARTS)


@cache
def _form(kind: Kind) -> _Form:
    digest = DIGESTS[kind]
    shown = f"LEFT({digest.format(digest.format(_VALUE))}, {DIGITS})"
    joined = f"CONCAT({_FRONT}, {shown})" if kind is Kind.MYSQL else f"{_FRONT} || {shown}"
    tree = ENGINES[kind].parse(f"SELECT {joined}", error_level=ErrorLevel.RAISE)[0]
    if not isinstance(tree, exp.Select):
        raise ValueError("the form of a token is no expression")
    form: exp.Expr = tree.expressions[0]
    form.pop()
    return _Form(tree=form)
