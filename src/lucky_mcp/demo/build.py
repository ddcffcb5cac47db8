"""The whole demo in one call: generate, write, and remember what was written so the next start is instant."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.progress import Progress
from lucky_mcp.demo.roster import DIALECTS, SOURCES
from lucky_mcp.demo.write_duckdb import write_fleet
from lucky_mcp.demo.write_keys import keys_are_complete, write_keys
from lucky_mcp.demo.write_lake import lake_is_complete, write_lake

_RECEIPT: Final = "demo.json"


def build_demo(
    directory: Path, *, seed: int = 7, end: date, scale: str = "small", console: Console | None = None
) -> None:
    """Make `directory` hold the demo of (seed, end, scale); do nothing when it already does.

    Progress goes to `console`, by default standard error, because standard output may carry the protocol.
    """
    receipt = directory / _RECEIPT
    wanted = {"seed": seed, "end": end.isoformat(), "scale": scale, "generator": generator_version()}
    if _is_built(directory, wanted):
        return
    with _bar(console or Console(stderr=True)) as bar:
        report = _reporter(bar)
        fleet = generate(seed=seed, end=end, scale=scale, sources=SOURCES, progress=report)
        # INVARIANT: a receipt lies only beside files that are all of the build it names.
        receipt.unlink(missing_ok=True)
        write_fleet(fleet, directory, dialects=DIALECTS, progress=report)
        write_lake(fleet, directory, progress=report)
        write_keys(fleet, directory)
    unfinished = receipt.with_suffix(".json.new")
    unfinished.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(receipt)


def generator_version() -> str:
    """Return a digest of the generator's own source, so that nobody has to remember to raise a number."""
    digest = hashlib.sha256()
    home = Path(__file__).parent
    for path in sorted(home.rglob("*.py")):
        digest.update(path.relative_to(home).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _is_built(directory: Path, wanted: dict[str, object]) -> bool:
    try:
        remembered = json.loads((directory / _RECEIPT).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    files = [directory / f"{source}.duckdb" for source in DIALECTS]
    is_there = all(map(Path.is_file, files)) and lake_is_complete(directory) and keys_are_complete(directory)
    return bool(remembered == wanted) and is_there


def _bar(console: Console) -> RichProgress:
    return RichProgress(
        TextColumn("{task.description:<8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def _reporter(bar: RichProgress) -> Progress:
    tasks: dict[str, TaskID] = {}

    def report(part: str, done: int, total: int) -> None:
        if part not in tasks:
            tasks[part] = bar.add_task(part, total=total or None)
        bar.update(tasks[part], completed=done, total=total or None)

    return report
