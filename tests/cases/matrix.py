"""Writes a case for every cell of docs/sql-support.md that has none, and the page: `python -m tests.cases.matrix`.

A text that the gateway reads becomes a rewrite case with the twin's rows, one that it refuses a refusal case.
Read what is new before you commit it. Delete a case to have it written again; `--page` writes the page alone.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import date
from pathlib import Path

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from lucky_mcp.demo.generate import generate
from lucky_mcp.errors import Phase, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Dialect
from tests.cases.accept import as_written, fill
from tests.support.cases import CASES
from tests.support.constructs import PAGE, Construct, case_title, constructs, known_cases, page
from tests.support.dialect_worlds import DialectWorlds
from tests.support.house import ANALYST, opened
from tests.support.reference import ORDERS

ROOT = CASES.parent.parent


async def write_missing() -> None:
    """Ask every text that has no case yet, and write it down as what came of it."""
    known = known_cases()
    fleet = generate(seed=7, end=date(2026, 2, 14), scale="tiny")
    with tempfile.TemporaryDirectory() as folder:
        worlds = DialectWorlds(fleet, ROOT / "policies", Path(folder))
        for dialect in Dialect:
            missing = [
                each
                for each in constructs()
                if each.text(dialect) is not None and case_title(each, dialect) not in known
            ]
            if missing:
                gateway = await opened(worlds.world(dialect).policies)
                for construct in missing:
                    await write_case(gateway, construct, dialect)
                await gateway.close()
        worlds.close()


async def write_case(gateway: Gateway, construct: Construct, dialect: Dialect) -> None:
    """Append one case to the file of its dialect and its outcome."""
    sql = construct.text(dialect) or ""
    case = CommentedMap(title=case_title(construct, dialect), sql=sql)
    try:
        await gateway.read(ANALYST, SqlRead(source=ORDERS, sql=sql))
    except ReadError as refusal:
        case["code"] = str(refusal.code)
        case["text"] = refusal.what
        if refusal.phase is Phase.EXECUTE:
            case["by_engine"] = True
        append("refused", dialect, case)
        print(f"{case['title']}: {refusal.agent_text} [{refusal.audit_detail}]")
    else:
        append("rewrite", dialect, case)


def append(outcome: str, dialect: Dialect, case: CommentedMap) -> None:
    """Add a case to its file, which is begun when it is not there."""
    path = CASES / outcome / dialect.value / "matrix.yaml"
    if path.exists():
        tree = as_written().load(path)
    else:
        tree = CommentedMap(dialect=dialect.value, source=ORDERS, role="analyst", cases=CommentedSeq())
        if dialect is Dialect.MYSQL:
            del tree["dialect"]
    tree["cases"].append(case)
    as_written().dump(tree, path)


def main() -> None:
    """Write what is missing, and the page."""
    if "--page" not in sys.argv[1:]:
        asyncio.run(write_missing())
        asyncio.run(fill())
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
