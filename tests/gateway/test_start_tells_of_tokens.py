"""A start without a key for tokens names the rules that redact for want of it; with one it says nothing."""

from __future__ import annotations

from pathlib import Path

import structlog

from lucky_mcp.gateway.start import tell_of_tokens
from tests.support.house import policies_over


def test_a_start_without_a_key_names_the_rules(project_root: Path) -> None:
    for has_key in (False, True):
        policies = policies_over(project_root / "policies", Path("data"), has_token_key=has_key)
        with structlog.testing.capture_logs() as logged:
            tell_of_tokens(policies)
        told = [each["rules"] for each in logged if each["event"] == "tokens_are_redacted"]
        assert told == ([] if has_key else [policies_without_key()])


def policies_without_key() -> tuple[str, ...]:
    return ("analyst:pii.email", "ml_engineer:pii.phone", "ml_engineer:pii.card", "ml_engineer:pii.email")
