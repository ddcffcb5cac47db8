"""The page docs/sql-support.md, made of the rows of the matrix and their cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lucky_mcp.model.source import Dialect
from tests.support.cases import CASES, RefusalCase
from tests.support.constructs import NAMES, Case, Construct, case_title, constructs, known_cases

PAGE = CASES.parent.parent / "docs" / "sql-support.md"
YES, NO, ABSENT, ENGINE = "yes", "no", "–", "(yes)"
HEAD = """# SQL support

<!-- Made by `make docs` from tests/cases/constructs and the cases of its cells; do not edit by hand. -->

What agents may write, in each dialect. Every cell is a case that the tests run on the embedded engine: under the title
`Dialect, construct` in `tests/cases/rewrite/<dialect>/matrix_*.yaml`, with the rows of the filtered and masked copy, or in
`tests/cases/refused/<dialect>/matrix_*.yaml`, with the code and the words of the refusal. The texts asked stand in
`tests/cases/constructs`.

- `yes`: it is read, and answers as on the filtered and masked copy.
- `no`: the dialect has it and the gateway refuses it; the reason stands below the table.
- `–`: the dialect has no such thing. The text is refused, with the place or with what to write instead.
- `(yes)`: the dialect's servers have no such thing, but the parser cannot tell it from what they have, and the engine
  behind the source answers, as on the filtered and masked copy. A server may refuse it.

Which conditions count where policy requires one of each scan is asked in `tests/cases/requires.yaml`, in every dialect: what
meets it with the rows of the copy, and what only seems to with its refusal. Views over views, and what of a definition is
not accepted, are in `tests/support/views_house.py` and `tests/gateway/test_crawl_views.py`.

{counts}
"""


def cell(construct: Construct, dialect: Dialect, known: Mapping[str, Case]) -> str:
    """Return what stands in one cell; KeyError when it has no case."""
    is_absent = dialect in construct.absent
    if isinstance(known[case_title(construct, dialect)], RefusalCase):
        return ABSENT if is_absent else NO
    return ENGINE if is_absent else YES


def page() -> str:
    """Return the whole page; KeyError when a cell has no case."""
    known = known_cases()
    rows = constructs()
    cells = [cell(row, dialect, known) for row in rows for dialect in NAMES]
    counts = (
        f"{len(rows)} constructs, {len(cells)} cells: {cells.count(YES)} `yes`, {cells.count(NO)} `no`, "
        f"{cells.count(ABSENT)} `–`, {cells.count(ENGINE)} `(yes)`."
    )
    groups = list(dict.fromkeys(row.group for row in rows))
    sections = [_section(group, [row for row in rows if row.group == group], known) for group in groups]
    return "\n".join([HEAD.format(counts=counts), *sections])


def _section(group: str, rows: Sequence[Construct], known: Mapping[str, Case]) -> str:
    lines = [
        f"## {group}",
        "",
        f"| construct | {' | '.join(NAMES.values())} |",
        "|---|" + "---|" * len(NAMES),
    ]
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        cells = {dialect: cell(row, dialect, known) for dialect in NAMES}
        lines.append(f"| {_shown(row.name)} | {' | '.join(cells.values())} |")
        for dialect in (each for each, said in cells.items() if said == NO):
            case = known[case_title(row, dialect)]
            assert isinstance(case, RefusalCase)
            reasons.setdefault((row.name, case.code, row.reason(dialect)), []).append(NAMES[dialect])
    if reasons:
        lines.append("")
    for (name, code, why), dialects in reasons.items():
        where = "" if len(dialects) == len(NAMES) else f" in {', '.join(dialects)}"
        lines.append(f"- {_shown(name)}{where}: {why} (`{code}`)")
    return "\n".join(lines) + "\n"


def _shown(name: str) -> str:
    return name.replace("|", "\\|").replace("*", "\\*").replace("<", "\\<")
