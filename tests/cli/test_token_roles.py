"""`token create` looks roles up in the policies it knows, and says so when it knows none."""

from __future__ import annotations

from pathlib import Path

import pytest

from lucky_mcp.cli.root import Exit
from tests.cli.running import Run

UNCHECKED = "note: the roles were not checked; --policies or LUCKY_POLICIES names them"
ANN = ["token", "create", "--subject", "ann"]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A policy directory of which only the roles are there: the sources' credentials are not needed."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "roles.yaml").write_text(
        "roles:\n"
        "  analyst: {description: questions}\n"
        "  dba: {description: health}\n"
        "  system:catalog: {description: crawl, reads_metadata: true}\n",
        encoding="utf-8",
    )
    return folder


def test_a_known_role_is_given_without_a_note(run: Run, policies: Path) -> None:
    made = run(*ANN, "--role", "dba", "--role", "analyst", "--policies", str(policies))
    assert (made.code, made.out[:3]) == (Exit.OK, "lk_")
    assert UNCHECKED not in made.err


def test_an_unknown_role_is_refused_with_the_known_ones(run: Run, policies: Path, state: Path) -> None:
    made = run(*ANN, "--role", "analyst", "--role", "analist", "--policies", str(policies))
    assert (made.code, made.out) == (Exit.USAGE, "")
    assert "there is no role 'analist' in these policies; the roles are analyst, dba" in made.err
    assert not state.exists()


def test_the_environment_names_the_policies_too(
    run: Run, policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUCKY_POLICIES", str(policies))
    assert run(*ANN, "--role", "analist").code == Exit.USAGE


@pytest.mark.parametrize("known", [True, False])
def test_a_role_of_the_gateway_is_never_given(run: Run, policies: Path, known: bool) -> None:
    made = run(*ANN, "--role", "system:catalog", *(["--policies", str(policies)] if known else []))
    assert (made.code, made.out) == (Exit.USAGE, "")
    assert "the roles are analyst, dba " in made.err if known else "not a valid role" in made.err


def test_without_policies_a_note_says_that_nothing_was_checked(run: Run) -> None:
    made = run(*ANN, "--role", "analist")
    assert (made.code, made.out[:3]) == (Exit.OK, "lk_")
    assert made.err.splitlines()[0] == UNCHECKED


@pytest.mark.parametrize("broken", ["", "roles: {analyst: {}}"])
def test_policies_that_cannot_be_read_make_no_token(
    run: Run, tmp_path: Path, state: Path, broken: str
) -> None:
    folder = tmp_path / "broken"
    if broken:
        folder.mkdir()
        (folder / "roles.yaml").write_text(broken, encoding="utf-8")
    made = run(*ANN, "--role", "analyst", "--policies", str(folder))
    assert (made.code, made.out) == (Exit.CONFIGURATION, "")
    assert made.err.startswith("lucky-mcp: ") and not state.exists()
