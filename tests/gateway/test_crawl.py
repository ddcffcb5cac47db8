"""What exists is read through the one door, proposed, and visible only once a reviewer accepted it."""

import shutil
from pathlib import Path

import duckdb
import pytest

from lucky_mcp.audit.record import Begun
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.catalog.loader import accept, propose, read_snapshot
from lucky_mcp.errors import ConfigurationError, NameRefused, ReadError
from lucky_mcp.gateway.crawl import crawl
from lucky_mcp.model.principal import SYSTEM_REFERENCE, Principal
from lucky_mcp.model.request import SqlRead
from tests.support.house import ANALYST, DBA, ENGINEER, opened, policies_over
from tests.support.reference import CRM, MAP, ORDERS, SHOPS

SOURCES = (ORDERS, CRM, SHOPS, MAP, "redshift")


@pytest.fixture
def altered(project_root: Path, demo_data: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A copy of the policies and of the data, in which the users' table has a new column."""
    policies, data = tmp_path / "policies", tmp_path / "data"
    shutil.copytree(project_root / "policies", policies)
    shutil.copytree(demo_data, data)
    with duckdb.connect(str(data / f"{CRM}.duckdb")) as database:
        database.execute(
            "ALTER TABLE luckyus_sales_crm.t_user ADD COLUMN contact_info VARCHAR DEFAULT '212 555 0100'"
        )
    return policies, data


@pytest.mark.parametrize("source", SOURCES)
async def test_a_crawl_finds_what_was_reviewed(project_root: Path, demo_data: Path, source: str) -> None:
    audit = MemorySink()
    gateway = await opened(policies_over(project_root / "policies", demo_data), audit=audit)
    found = await crawl(gateway, source)
    assert found.digest == read_snapshot(project_root / "policies" / "catalog", source).digest
    reads = [
        record
        for record in audit.records
        if isinstance(record, Begun) and record.principal == "system:catalog"
    ]
    assert len(reads) == 4 and all("information_schema" in table for read in reads for table in read.tables)
    await gateway.close()


async def test_a_new_column_is_absent_until_it_is_accepted_and_listed(altered: tuple[Path, Path]) -> None:
    policies, data = altered
    gateway = await opened(policies_over(policies, data))
    star = await gateway.read(ENGINEER, SqlRead(source=CRM, sql="SELECT * FROM t_user LIMIT 1"))
    assert "contact_info" not in star.columns
    with pytest.raises(NameRefused):
        await gateway.read(ENGINEER, SqlRead(source=CRM, sql="SELECT contact_info FROM t_user"))
    propose(policies / "catalog", await crawl(gateway, CRM))
    assert accept(policies / "catalog", CRM) == ("+ column luckyus_sales_crm.t_user.contact_info VARCHAR",)
    await gateway.close()
    after = await opened(policies_over(policies, data))
    with pytest.raises(
        NameRefused
    ):  # accepted as existing, but no dataset file lists it and no classifier knows it
        await after.read(ENGINEER, SqlRead(source=CRM, sql="SELECT contact_info FROM t_user"))
    await after.close()


@pytest.mark.parametrize(
    "principal",
    [ANALYST, ENGINEER, DBA, SYSTEM_REFERENCE, Principal(subject="eve", roles=("system:catalog",))],
)
async def test_metadata_is_the_crawls_alone(
    project_root: Path, demo_data: Path, principal: Principal
) -> None:
    gateway = await opened(policies_over(project_root / "policies", demo_data))
    with pytest.raises(ReadError):
        await gateway.read(
            principal, SqlRead(source=SHOPS, sql="SELECT table_name FROM information_schema.tables")
        )
    await gateway.close()


async def test_a_first_crawl_needs_no_snapshot(project_root: Path, demo_data: Path, tmp_path: Path) -> None:
    from lucky_mcp.policy.loader import load_policies

    shutil.copytree(project_root / "policies", tmp_path / "policies")
    shutil.rmtree(tmp_path / "policies" / "catalog")
    with pytest.raises(ConfigurationError, match="not in the reviewed catalog"):
        policies_over(tmp_path / "policies", demo_data)
    bare = load_policies(tmp_path / "policies", {"DEMO_DATA": str(demo_data)}, with_datasets=False)
    gateway = await opened(bare)
    assert (await crawl(gateway, MAP)).tables
    with pytest.raises(ReadError):
        await gateway.read(ENGINEER, SqlRead(source=MAP, sql="SELECT * FROM public.store_location"))
    await gateway.close()
