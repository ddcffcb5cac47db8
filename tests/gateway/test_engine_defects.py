"""A defect of the engine ends one read: the next one is answered, be it by a database opened anew."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from tests.support.house import ANALYST, opened, policies_over
from tests.support.reference import MAP

# The engine joins by a wrong column here, notices it, and refuses everything from then on.
DEADLY = """SELECT MIN(50) AS n FROM store_location t
    RIGHT JOIN store_location t1 ON t.shop_id = t1.shop_id AND EXISTS (SELECT s.lat FROM store_location s)
    FULL JOIN store_location k ON t.shop_id > k.shop_id WHERE t.shop_id IS NULL"""


@pytest.fixture
async def own_gateway(project_root: Path, demo_data: Path, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway over a copy of the demo, which nothing else has open."""
    data = Path(shutil.copytree(demo_data, tmp_path / "data"))
    made = await opened(policies_over(project_root / "policies", data))
    yield made
    await made.close()


async def test_a_source_answers_after_a_defect_of_the_engine(own_gateway: Gateway) -> None:
    with pytest.raises(ReadError) as failure:
        await own_gateway.read(ANALYST, SqlRead(source=MAP, sql=DEADLY))
    assert failure.value.code is Code.QUERY_FAILED
    answer = await own_gateway.read(ANALYST, SqlRead(source=MAP, sql="SELECT COUNT(*) FROM store_location"))
    assert answer.rows[0][0]
