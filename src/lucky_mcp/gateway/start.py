"""What the first reads would pay for, done before the server answers."""

from __future__ import annotations

import gc

import structlog

from lucky_mcp.enforcement.engine_functions import engine_functions
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.policy.without_key import TOKEN_KEY, redacting
from lucky_mcp.sql.functions.allowlist import allowlist

log = structlog.get_logger(__name__)


def settle(policies: PolicySet, *, tell: bool = True) -> None:
    """Learn the lists of every source's dialect, and set apart from the collector what lives for ever.

    The collector would walk policies, catalog and grammars again and again, and every walk stops all reads.
    Call it once, when everything is loaded: a cycle that is garbage, then or later, is not freed if it was
    set apart. Looking for such cycles here would cost a tenth of a second, and find three megabytes. A
    collector that stood still during the start runs from here on. Without `tell` somebody else says what
    there is to say.
    """
    if tell:
        tell_of_tokens(policies)
    learn(policies)
    gc.freeze()
    gc.enable()


def tell_of_tokens(policies: PolicySet) -> None:
    """Log which rules redact because there is no key to make tokens with."""
    rules = redacting(policies)
    if rules:
        log.warning("tokens_are_redacted", rules=rules, next_step=f"set {TOKEN_KEY}; see docs/operations.md")


def learn(policies: PolicySet) -> None:
    """Learn the lists of every source's dialect; those that are known already cost nothing."""
    for dialect, kind in {
        (each.dialect, each.kind) for each in policies.sources.values() if not each.is_keyed
    }:
        allowlist(dialect)
        engine_functions(dialect, kind)
