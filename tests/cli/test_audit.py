"""`lucky-mcp audit …` on logs that commands and gateways wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from lucky_mcp.cli.root import Exit
from tests.cli.running import Run
from tests.support.audit_log import files, records

TOKEN = ("token", "create", "--role", "analyst", "--subject", "ann")


def test_a_log_that_commands_wrote_is_one_chain_and_sound(run: Run, state: Path) -> None:
    for _ in range(3):
        run(*TOKEN)
    ran = run("audit", "verify")
    assert (ran.code, ran.out) == (Exit.OK, "4 lines in 1 segments of 1 chains: as they were written\n")


def test_a_changed_line_is_told_with_its_place(run: Run, state: Path) -> None:
    run(*TOKEN)
    (path,) = files(state / "audit")
    path.write_text(path.read_text().replace("subject ann", "subject bob"))
    ran = run("audit", "verify")
    assert ran.code == Exit.FAILED
    assert "FAULT: " in ran.out and "line 2 of 2" in ran.out
    assert run("audit", "verify", "--directory", str(state / "none")).code == Exit.OK


def test_heads_that_were_noted_must_still_be_there(run: Run, state: Path, tmp_path: Path) -> None:
    run(*TOKEN)
    noted = tmp_path / "heads"
    assert run("audit", "verify", "--note-heads", str(noted)).code == Exit.OK
    assert run("audit", "verify", "--heads", str(noted)).code == Exit.OK
    for path in (state / "audit").iterdir():
        path.unlink()
    run(*TOKEN)
    assert run("audit", "verify").code == Exit.OK
    ran = run("audit", "verify", "--heads", str(noted))
    assert ran.code == Exit.FAILED and "a head noted earlier knows of line 2" in ran.out
    noted.write_text("nonsense\n")
    assert run("audit", "verify", "--heads", str(noted)).code == Exit.CONFIGURATION


def test_the_key_may_be_replaced(run: Run, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(*TOKEN)
    monkeypatch.setenv("NEW_AUDIT_KEY", "a key of 32 bytes or more: 0123456789")
    monkeypatch.setenv("LUCKY_AUDIT_KEY", "env:NEW_AUDIT_KEY")
    run(*TOKEN)
    monkeypatch.setenv("NEWER_AUDIT_KEY", "another key of 32 bytes or more: 987654")
    monkeypatch.setenv("LUCKY_AUDIT_KEY", "env:NEWER_AUDIT_KEY")
    monkeypatch.setenv("LUCKY_AUDIT_KEYS_PREVIOUS", "env:NEW_AUDIT_KEY")
    run(*TOKEN)
    assert run("audit", "verify").out == "6 lines in 3 segments of 1 chains: as they were written\n"
    assert len(records(state / "audit")) == 3
    monkeypatch.delenv("LUCKY_AUDIT_KEYS_PREVIOUS")
    assert "a key that is not at hand" in run("audit", "verify").out


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("LUCKY_AUDIT_KEY", "plain text", "a secret is referred to as"),
        ("LUCKY_AUDIT_KEY", "env:SHORT", "too weak"),
        ("LUCKY_AUDIT_KEYS_PREVIOUS", "env:SHORT", "LUCKY_AUDIT_KEY is not"),
    ],
)
def test_a_key_that_cannot_be_used_stops_what_would_be_recorded(
    run: Run, state: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, why: str
) -> None:
    monkeypatch.setenv("SHORT", "0" * 64)
    monkeypatch.setenv(setting, value)
    ran = run(*TOKEN)
    assert ran.code == Exit.CONFIGURATION and why in ran.err and "0000" not in ran.err
    assert not (state / "tokens.json").exists()
