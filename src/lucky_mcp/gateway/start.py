"""What the first reads would pay for, done before the server answers."""

from __future__ import annotations

import gc

from lucky_mcp.enforcement.engine_functions import engine_functions
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.sql.functions.allowlist import allowlist


def settle(policies: PolicySet) -> None:
    """Learn the lists of every source's dialect, and set apart from the collector what lives for ever.

    The collector would walk policies, catalog and grammars again and again, and every walk stops all reads.
    Call it once, when everything is loaded: a cycle that is garbage later is not freed if it was set apart.
    """
    learn(policies)
    gc.collect()
    gc.freeze()


def learn(policies: PolicySet) -> None:
    """Learn the lists of every source's dialect; those that are known already cost nothing."""
    for dialect, kind in {(source.dialect, source.kind) for source in policies.sources.values()}:
        allowlist(dialect)
        engine_functions(dialect, kind)
