"""Writes a case for every cell of docs/sql-support.md that has none, and the page: `python -m tests.cases.matrix`.

A text that the gateway reads becomes a rewrite case with the twin's rows, one that it refuses a refusal case.
Read what is new before you commit it. `--page` writes the page alone, `--again` first drops the cases whose text has
changed, `--construct NAME` those of one row, to have them asked again.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from lucky_mcp.audit.record import Begun
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.demo.generate import generate
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect
from tests.cases.accept import PRINCIPALS, as_written, fill
from tests.support.cases import CASES
from tests.support.constructs import Construct, case_title, constructs, known_cases
from tests.support.dialect_worlds import DialectWorlds
from tests.support.house import opened
from tests.support.support_page import PAGE, page

ROOT = CASES.parent.parent
OUTCOMES = ("rewrite", "refused")


async def write_missing(dialects: Sequence[Dialect]) -> None:
    """Ask every text of some dialects that has no case yet, and write it down as what came of it."""
    known = known_cases()
    fleet = generate(seed=7, end=date(2026, 2, 14), scale="tiny")
    with tempfile.TemporaryDirectory() as folder:
        worlds = DialectWorlds(fleet, ROOT / "policies", Path(folder))
        for dialect in dialects:
            missing = [each for each in constructs() if case_title(each, dialect) not in known]
            if missing:
                audit = MemorySink()
                gateway = await opened(worlds.world(dialect).policies, audit=audit)
                for construct in missing:
                    await write_case(gateway, audit, construct, dialect)
                await gateway.close()
        worlds.close()


async def write_case(gateway: Gateway, audit: MemorySink, construct: Construct, dialect: Dialect) -> None:
    """Append one case to the file of its dialect, its outcome and its group."""
    sql = construct.text(dialect)
    case = CommentedMap(title=case_title(construct, dialect), sql=sql)
    if twin := construct.twin.get(dialect.value, construct.twin.get("")):
        case["twin"] = twin
    audit.records.clear()
    try:
        await gateway.read(PRINCIPALS[construct.role], SqlRead(source=construct.source, sql=sql))
    except ReadError as refusal:
        case.pop("twin", None)
        case["code"] = str(refusal.code)
        case["text"] = refusal.what
        if any(isinstance(record, Begun) for record in audit.records):
            case["by_engine"] = True
        print(f"{case['title']}: {refusal.agent_text} [{refusal.audit_detail}]")
        append("refused", construct, dialect, case)
    else:
        append("rewrite", construct, dialect, case)


def case_file(outcome: str, construct: Construct, dialect: Dialect) -> Path:
    """Return where the case of a cell is kept."""
    return CASES / outcome / dialect.value / f"matrix_{construct.file}.yaml"


def append(outcome: str, construct: Construct, dialect: Dialect, case: CommentedMap) -> None:
    """Add a case to its file, which is begun when it is not there."""
    path = case_file(outcome, construct, dialect)
    if path.exists():
        tree = as_written().load(path)
    else:
        tree = CommentedMap(source=construct.source, role=construct.role, cases=CommentedSeq())
        if spoken := construct.spoken(dialect):
            tree.insert(0, "dialect", spoken)
    tree["cases"].append(case)
    as_written().dump(tree, path)


def drop_cases(named: str = "") -> None:
    """Drop the cases of cells whose text is another now, those of no cell, and those of one construct."""
    rows = [each for each in constructs() if each.name != named]
    wanted = {case_title(each, dialect): each.text(dialect) for each in rows for dialect in Dialect}
    for outcome in OUTCOMES:
        for path in sorted((CASES / outcome).glob("*/matrix_*.yaml")):
            tree = as_written().load(path)
            kept = [case for case in tree["cases"] if wanted.get(case["title"]) == case["sql"]]
            if not kept:
                path.unlink()
            elif len(kept) < len(tree["cases"]):
                tree["cases"][:] = kept
                as_written().dump(tree, path)


def main() -> None:
    """Write what is missing, and the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--page", action="store_true", help="write the page alone")
    options.add_argument("--again", action="store_true", help="drop the cases whose text has changed first")
    options.add_argument("--construct", default="", help="drop the cases of this row first")
    options.add_argument("--dialect", type=Dialect, action="append", help="ask in this dialect alone")
    chosen = options.parse_args()
    if chosen.again or chosen.construct:
        drop_cases(chosen.construct)
    if not chosen.page:
        asyncio.run(write_missing(chosen.dialect or tuple(Dialect)))
        asyncio.run(fill())
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
