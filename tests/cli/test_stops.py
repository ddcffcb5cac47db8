"""`sources stop` and `principals stop`: written for every server at once, and recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from lucky_mcp.cli.root import Exit
from tests.cli.running import Run
from tests.support.audit_log import records


def events(state: Path) -> list[tuple[str, str, str]]:
    return [(each["kind"], each["target"], each["detail"]) for each in records(state / "audit")]


def test_a_source(run: Run, project_root: Path, state: Path) -> None:
    policies = ("--policies", str(project_root / "policies"))
    done = run("sources", "stop", "salesorder", "--reason", "the disk is full", *policies)
    assert (done.code, done.out) == (Exit.OK, "aws-luckyus-salesorder-rw is stopped\n")
    listed = run("sources", "stopped").out.splitlines()
    assert listed[0] == "name,reason,since"
    assert listed[1].startswith("aws-luckyus-salesorder-rw,the disk is full,2")
    assert run("principals", "stopped").out.splitlines() == ["name,reason,since"]
    assert run("sources", "resume", "salesorder", *policies).code == Exit.OK
    assert run("sources", "stopped").out.splitlines() == ["name,reason,since"]
    assert run("sources", "resume", "salesorder", *policies).code == Exit.USAGE
    assert events(state) == [
        ("source.stopped", "aws-luckyus-salesorder-rw", "the disk is full"),
        ("source.resumed", "aws-luckyus-salesorder-rw", "was stopped: the disk is full"),
    ]


def test_a_caller(run: Run, state: Path) -> None:
    assert run("principals", "stop", "ann", "--reason", "a loop").code == Exit.OK
    assert "ann,a loop," in run("principals", "stopped").out
    assert run("principals", "resume", "ann").code == Exit.OK
    assert [kind for kind, *_ in events(state)] == ["principal.stopped", "principal.resumed"]


@pytest.mark.parametrize("reason", ["", " ", "x" * 201])
def test_no_stop_without_a_reason(run: Run, state: Path, reason: str) -> None:
    assert run("principals", "stop", "ann", "--reason", reason).code == Exit.USAGE
    assert not (state / "stops.json").exists()


def test_no_stop_of_what_is_not_there(run: Run, project_root: Path) -> None:
    done = run("sources", "stop", "nope", "--reason", "x", "--policies", str(project_root / "policies"))
    assert done.code == Exit.CONFIGURATION
    assert "no such source" in done.err
