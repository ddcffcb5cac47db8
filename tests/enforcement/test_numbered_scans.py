"""Each scan's alias gets a number of its own, and nothing else of a text changes."""

from __future__ import annotations

import pytest

from lucky_mcp.enforcement.numbered_scans import numbered_scans
from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.dialects import GRAMMARS

SCAN = "(SELECT `lucky_scan`.`a` AS `a` FROM `s`.`{0}` AS `lucky_scan` WHERE `lucky_scan`.`b` = '`lucky_scan`.x')"
FIRST = (
    "(SELECT `lucky_scan_{1}`.`a` AS `a` FROM `s`.`{0}` AS `lucky_scan_{1}`"
    " WHERE `lucky_scan_{1}`.`b` = '`lucky_scan`.x')"
)
NESTED = (
    "(SELECT `lucky_scan`.`a` FROM `s`.`t` AS `lucky_scan` WHERE EXISTS(SELECT 1 FROM `s`.`u` AS `lucky_via`"
    " WHERE `lucky_via`.`k` = `lucky_scan`.`k` AND (`lucky_scan`.`a` > 1)))"
)
CASES = {
    "one": (f"SELECT `a` FROM {SCAN} AS `t`", f"SELECT `a` FROM {FIRST} AS `t`", ["s.t"]),
    "two of one table": (
        f"SELECT `x`.`a` FROM {SCAN} AS `x` JOIN {SCAN} AS `y` ON 1",
        f"SELECT `x`.`a` FROM {FIRST} AS `x` JOIN {FIRST.replace('{1}', '{2}')} AS `y` ON 1",
        ["s.t", "s.t"],
    ),
    "an agent's own use of the name": (
        f"SELECT `lucky_scan`.`a` FROM {SCAN} AS `lucky_scan`",
        f"SELECT `lucky_scan`.`a` FROM {FIRST} AS `lucky_scan`",
        ["s.t"],
    ),
    "a rule's subquery": (NESTED, NESTED.replace("lucky_scan", "lucky_scan_1"), ["s.t"]),
    "no scan": ("SELECT 1", "SELECT 1", []),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_scans_are_numbered(case: tuple[str, str, list[str]]) -> None:
    text, expected, tables = case
    numbered, scans = numbered_scans(text.replace("{0}", "t"), GRAMMARS[Dialect.MYSQL].dialect)
    assert numbered == expected.replace("{0}", "t").replace("{1}", "1").replace("{2}", "2")
    assert {name: str(table) for name, table in scans.items()} == {
        f"lucky_scan_{number}": table for number, table in enumerate(tables, start=1)
    }
