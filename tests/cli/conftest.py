"""The command line, run in this process with a state directory of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lucky_mcp.cli.root import main
from tests.cli.running import Ran, Run


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: Path) -> Run:
    """Run the command line in this process, with a state directory of its own."""
    for name in [name for name in os.environ if name.startswith("LUCKY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LUCKY_STATE", str(state))

    def run_it(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["lucky-mcp", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        taken = capsys.readouterr()
        return Ran(code=int(caught.value.code or 0), out=taken.out, err=taken.err)

    return run_it
