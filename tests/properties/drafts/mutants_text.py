"""Defects in what is checked before names are settled: sizes, comments, lists of what is accepted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlglot import exp

from lucky_mcp.sql import allow, depth, lexical, parse, resolve
from lucky_mcp.sql.functions import allowlist
from lucky_mcp.sql.structure import OPERATORS, PARTS
from tests.properties.mutation import Mutant

Allowlist = allowlist.Allowlist


def _skipped(module: object, name: str) -> object:
    """Return the defect that a check without result is not made."""

    def defect(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(module, name, lambda *args, **kwargs: None)

    defect.__name__ = f"{name.strip('_')}_skipped"
    return defect


def hints_kept(patch: pytest.MonkeyPatch) -> None:
    """Hints stay in the tree, and are accepted there."""
    patch.setattr(parse, "drop_hints", lambda tree: None)
    patch.setitem(PARTS, exp.Select, PARTS[exp.Select] | {"hint", "operation_modifiers"})
    patch.setitem(PARTS, exp.Hint, frozenset({"expressions"}))


def locks_allowed(patch: pytest.MonkeyPatch) -> None:
    """FOR UPDATE is accepted."""
    patch.setitem(PARTS, exp.Select, PARTS[exp.Select] | {"locks"})
    patch.setitem(PARTS, exp.Lock, frozenset({"update", "expressions", "wait", "key"}))


def second_statement_dropped(patch: pytest.MonkeyPatch) -> None:
    """Of several statements the first runs and the others are not mentioned."""

    def mutated(tokens):  # type: ignore[no-untyped-def]
        ends = [n for n, token in enumerate(tokens) if token.token_type is lexical.TokenType.SEMICOLON]
        return tokens[: ends[0]] if ends else tokens

    patch.setattr(lexical, "_one_statement", mutated)
    original = parse.read_tokens

    def first_only(text, grammar):  # type: ignore[no-untyped-def]
        return original(text.partition(";")[0], grammar)

    settled = parse.settle_bare_joins
    patch.setattr(parse, "read_tokens", first_only)
    patch.setattr(parse, "settle_bare_joins", lambda text, *more: settled(text.partition(";")[0], *more))


def any_function_by_name(patch: pytest.MonkeyPatch) -> None:
    """A function that the parser has no type for is accepted whatever its name."""
    original = Allowlist.allows

    def mutated(self: Allowlist, node: exp.Expr) -> bool:
        return isinstance(node, exp.Anonymous) or original(self, node)

    patch.setattr(Allowlist, "allows", mutated)


def any_typed_function(patch: pytest.MonkeyPatch) -> None:
    """A function that the parser knows is accepted."""
    original = Allowlist.allows

    def mutated(self: Allowlist, node: exp.Expr) -> bool:
        return original(self, node) if isinstance(node, exp.Anonymous) else True

    patch.setattr(Allowlist, "allows", mutated)


def list_of_another_dialect(patch: pytest.MonkeyPatch) -> None:
    """Functions are looked up in the list of PostgreSQL, whatever the source speaks."""
    original = allow.allowlist
    patch.setattr(allow, "allowlist", lambda dialect: original(type(dialect)("postgres")))


def any_node(patch: pytest.MonkeyPatch) -> None:
    """What is no function is accepted, known or not."""
    original = allow._refuse_unlisted

    def mutated(node: exp.Expr, functions: Allowlist) -> None:
        if isinstance(node, exp.Func):
            original(node, functions)

    patch.setattr(allow, "_refuse_unlisted", mutated)


def stars_anywhere(patch: pytest.MonkeyPatch) -> None:
    """A star may stand for a value."""
    patch.setattr(allow, "STAR_PLACES", (exp.Expr,))


def operators_open(patch: pytest.MonkeyPatch) -> None:
    """COLLATE and parameters count as operators."""
    opened = OPERATORS | {exp.Collate, exp.Parameter, exp.Placeholder, exp.SessionParameter}
    patch.setattr(allow, "OPERATORS", opened)


def depth_without_limit(patch: pytest.MonkeyPatch) -> None:
    """A tree may be as deep as it likes."""
    patch.setattr(depth, "DEPTH_MAX", 10**9)
    patch.setattr(lexical, "NESTING_MAX", 10**9)


def growth_of_three(patch: pytest.MonkeyPatch) -> None:
    """One more REPLACE by longer text is accepted."""
    patch.setattr(allow, "GROWING_REPLACES_MAX", 50)


def expansion_not_counted(patch: pytest.MonkeyPatch) -> None:
    """A chain of WITH entries counts once, however often it is written out."""
    patch.setattr(resolve, "expanded_scans", lambda tables, meant: 0)


def names_not_folded(patch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's unquoted names are looked up as they are written."""
    original = resolve.folded
    patch.setattr(
        resolve, "folded", lambda name, grammar: original(name, replace(grammar, folds_names=False))
    )


TEXT_MUTANTS = (
    Mutant(hints_kept, by="refusals and rewrites"),
    Mutant(locks_allowed, by="refusals and rewrites"),
    Mutant(second_statement_dropped, by="refusals and rewrites"),
    Mutant(any_function_by_name, by="refusals and rewrites"),
    Mutant(any_typed_function, by="refusals and rewrites"),
    Mutant(list_of_another_dialect, by="refusals and rewrites"),
    Mutant(any_node, by="refusals and rewrites"),
    Mutant(stars_anywhere, by="refusals and rewrites"),
    Mutant(operators_open, by="refusals and rewrites"),
    Mutant(depth_without_limit, by="refusals and rewrites"),
    Mutant(growth_of_three, by="refusals and rewrites"),
    Mutant(expansion_not_counted, by="attacks"),
    Mutant(names_not_folded, by="refusals and rewrites"),
    *(
        Mutant(_skipped(module, name), by=by)  # type: ignore[arg-type]
        for module, name, by in (
            (lexical, "_refuse_size", "refusals and rewrites"),
            (lexical, "_refuse_verb", "refusals and rewrites"),
            (lexical, "_refuse_comment", "refusals and rewrites"),
            (lexical, "_refuse_traps", "refusals and rewrites"),
            (lexical, "_refuse_nested_types", "attacks"),
            (allow, "_refuse_write", "refusals and rewrites"),
            (allow, "_refuse_parts", "refusals and rewrites"),
            (allow, "_refuse_special", "refusals and rewrites"),
            (allow, "_refuse_computed_limit", "refusals and rewrites"),
            (allow, "refuse_unknown_words", "attacks"),
            (resolve, "_refuse_twin", "refusals and rewrites"),
            (resolve, "refuse_repeated", "refusals and rewrites"),
        )
    ),
)
