"""The same arguments give the same rows in any process, and other arguments give other rows."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import date, timedelta

import pytest

from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.roster import SOURCES
from lucky_mcp.demo.tables import Fleet

FACTS = {
    "t_shop_info",
    "store_location",
    "t_coupon_template",
    "t_commodity_base_info",
    "dim_date",
    "dim_time",
    "dim_store",
    "dim_product",
    "dim_supplier",
    "dim_coupon_template",
    "dim_channel",
}
"""Tables that tell facts and draw nothing."""

PRINT_DIGEST = """
import hashlib
from datetime import date
from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.roster import SOURCES
fleet = generate(seed=7, end=date(2026, 2, 14), scale="tiny", sources=SOURCES)
print(hashlib.sha256(repr(fleet).encode()).hexdigest())
"""


def digest(fleet: Fleet) -> str:
    return hashlib.sha256(repr(fleet).encode()).hexdigest()


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_gives_the_same_bytes(tiny: Fleet, hash_seed: str) -> None:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONIOENCODING": "utf-8",
    }
    ran = subprocess.run(
        [sys.executable, "-c", PRINT_DIGEST], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == digest(tiny)


def test_seed_changes_rows(tiny: Fleet, end: date) -> None:
    other = generate(seed=8, end=end, scale="tiny", sources=SOURCES)
    for mine, theirs in zip(tiny.tables, other.tables, strict=True):
        same = mine.name in FACTS or not mine.rows
        assert (list(mine.rows) == list(theirs.rows)) is same, mine.name


def test_a_later_end_keeps_the_people(tiny: Fleet, end: date) -> None:
    later = generate(seed=7, end=end + timedelta(days=1), scale="tiny")
    key = ("aws-luckyus-salescrm-rw", "luckyus_sales_crm", "t_user_profile")
    assert later.table(*key).rows == tiny.table(*key).rows


def test_progress_is_reported_to_the_end(end: date) -> None:
    reports: list[tuple[str, int, int]] = []
    generate(seed=7, end=end, scale="tiny", sources=SOURCES, progress=lambda *report: reports.append(report))
    last = {part: (done, total) for part, done, total in reports}
    assert last == {"orders": (3, 3), "tables": (len(SOURCES), len(SOURCES))}


def test_rows_do_not_depend_on_which_sources_are_asked_for(tiny: Fleet, end: date) -> None:
    asked = generate(seed=7, end=end, scale="tiny", sources=SOURCES[::-3])
    assert 0 < len(asked.tables) < len(tiny.tables)
    assert set(map(repr, asked.tables)) <= set(map(repr, tiny.tables))


def test_unasked_there_are_all_sources(end: date) -> None:
    names = {table.source for table in generate(seed=7, end=end, scale="tiny").tables}
    assert names == {source.name for source in SOURCES}
