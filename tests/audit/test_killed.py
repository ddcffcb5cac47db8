"""A gateway killed with SIGKILL under load: whoever was answered is in the log, and the log is sound."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lucky_mcp.audit.verify import verify
from tests.support.audit_log import KEYS, records

CALLERS = 16
ANSWERS = 80
KILLS = 2

LOAD = """
import asyncio, itertools, os, sys
from pathlib import Path
from lucky_mcp.errors import ReadError
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from tests.support.audit_log import audit_sink
from tests.support.house import opened, policies_over
policies, data, directory, run, callers = sys.argv[1:]
numbers = itertools.count()

async def ask(gateway, caller):
    for number in itertools.count():
        sql = "SELECT COUNT(*) FROM t_sales_order_m" if number % 3 else "SELECT nothing FROM nowhere"
        ann = Principal(subject=f"ann-{caller}", roles=("analyst",))
        try:
            told = (await gateway.read(ann, SqlRead(source="salesorder", sql=sql))).receipt.id
        except ReadError as refusal:
            told = f"{refusal.code} of ann-{caller}"
        os.write(1, f"{told}\\n".encode())

async def main():
    audit = audit_sink(Path(directory))
    gateway = await opened(policies_over(Path(policies), Path(data)), audit=audit)
    gateway._new_id = lambda: f"r-{run}-{next(numbers)}"
    await asyncio.gather(*(ask(gateway, caller) for caller in range(int(callers))))

asyncio.run(main())
"""


@pytest.mark.timeout(300)
def test_nobody_was_answered_whose_record_is_gone(
    project_root: Path, demo_data: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "audit"
    for run in range(KILLS):
        answered = answers_until_killed(project_root, demo_data, directory, run)
        found = records(directory)
        ended = {record["id"] for record in found if record["event"] == "ended" and record["outcome"] == "ok"}
        receipts = {line for line in answered if line.startswith("r-")}
        assert receipts and receipts <= ended
        begun = {record["id"] for record in found if record["event"] == "begun"}
        assert ended <= begun
        for refused in set(answered) - receipts:
            code, _, subject = refused.partition(" of ")
            told = sum(line == refused for line in answered)
            recorded = [r for r in found if r.get("outcome") == code and r["principal"] == subject]
            assert len(recorded) >= told
        assert verify(directory, KEYS).faults == ()
    assert verify(directory, KEYS).chains == 1


def answers_until_killed(project_root: Path, data: Path, directory: Path, run: int) -> list[str]:
    """Return what callers were told before the process was killed."""
    arguments = [str(project_root / "policies"), str(data), str(directory), str(run), str(CALLERS)]
    with subprocess.Popen(
        [sys.executable, "-c", LOAD, *arguments],
        cwd=project_root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(ANSWERS)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    assert all(line.endswith("\n") for line in lines[:-1])
    return [line.strip() for line in lines if line.endswith("\n")]
