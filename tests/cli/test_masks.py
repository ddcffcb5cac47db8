"""`lucky-mcp masks token`: which token a value has, and had, without the value in a command line or the audit."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lucky_mcp.cli.root import app
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.tokens import token_of
from lucky_mcp.secrets.token_keys import TokenKeys
from tests.support.audit_log import records
from tests.support.token_keys import OTHER_SECRET, SECRET, K


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LUCKY_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("OLD_KEY", SECRET)
    monkeypatch.setenv("NEW_KEY", OTHER_SECRET)
    return tmp_path / "state"


def looked_up() -> str:
    result = CliRunner().invoke(app, ["masks", "token", "--tag", "pii.email"], input="ann@gmail.com\n")
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_the_tokens_of_a_value(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUCKY_TOKEN_KEY", "env:NEW_KEY")
    monkeypatch.setenv("LUCKY_TOKEN_KEY_PREVIOUS", "env:OLD_KEY")
    current = token_of("ann@gmail.com", TokenKeys(reference="env:NEW_KEY").current(), ("pii.email",))
    assert looked_up() == f"current: {current}\nprevious: tok_email_6f7ab0fdd1ab86b9\n"
    audited = str(records(state / "audit"))
    assert "token_mask.looked_up" in audited
    assert not [word for word in ("ann@", "tok_email", K, SECRET) if word in audited]


@pytest.mark.parametrize(
    ("current", "previous", "said"),
    [
        ("", "", "no key for tokens"),
        ("", "env:OLD_KEY", "is not"),
        ("env:OLD_KEY", "env:OLD_KEY", "same key"),
        ("env:MISSING_KEY", "", "MISSING_KEY is not set"),
        ("env:SHORT_KEY", "", "32 random bytes"),
        ("env:ONE_LETTER_KEY", "", "32 random bytes"),
        ("not-a-reference-but-a-key-of-32-bytes", "", "env:NAME, file:/path"),
    ],
)
def test_a_key_that_cannot_be_used(
    state: Path, monkeypatch: pytest.MonkeyPatch, current: str, previous: str, said: str
) -> None:
    monkeypatch.setenv("SHORT_KEY", "only-a-few-bytes")
    monkeypatch.setenv("ONE_LETTER_KEY", "a" * 64)
    monkeypatch.setenv("LUCKY_TOKEN_KEY", current)
    monkeypatch.setenv("LUCKY_TOKEN_KEY_PREVIOUS", previous)
    with pytest.raises(ConfigurationError, match=said) as refused:
        looked_up()
    assert not [word for word in ("only-a-few", "aaaa", "not-a-ref", SECRET) if word in str(refused.value)]
