"""`make soak MINUTES=30`: sixteen clients and faults for as long, and what has grown by the end."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from datetime import date
from pathlib import Path

from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.write_duckdb import write_fleet
from lucky_mcp.demo.write_lake import write_lake
from tests.soak.judged import grown, table
from tests.soak.soaking import soaked
from tests.soak.world import world
from tests.telemetry.served import served

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Soak; 0 when nothing has grown and nobody was told anything strange."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        fleet = generate(seed=7, end=date(2026, 2, 14), scale="tiny")
        write_fleet(fleet, folder / "data", dialects=DIALECTS)
        write_lake(fleet, folder / "data")
        with (
            world(ROOT, folder, fleet, folder / "data") as made,
            served(made.policies, made.environment) as server,
        ):
            soak = asyncio.run(
                soaked(
                    made,
                    server,
                    lambda now, rounds: now >= minutes and rounds >= 8,
                    lambda line: print(line, flush=True),
                )
            )
            server.stop()
    faults = [*grown(soak.warm, soak.measured), *soak.told.strange]
    print(table([*soak.warm, *soak.measured]))
    print(
        f"{soak.told.calls:,} calls, {soak.swaps} swaps of policies, {soak.restarts} restarts of a server,"
        f" {soak.killed} connections killed"
    )
    print(", ".join(f"{outcome} {number:,}" for outcome, number in soak.told.outcomes.most_common()))
    print("\n".join(faults) or "nothing has grown")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
