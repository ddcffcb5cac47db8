"""An error, or none, tells nothing about hidden rows: the embedded engine always reads behind fences."""

import shutil
from pathlib import Path

import duckdb
import pytest

from lucky_mcp.adapters.duckdb import SETTINGS
from lucky_mcp.adapters.registry import Registry
from lucky_mcp.enforcement import enforce
from lucky_mcp.errors import EngineError, ReadError
from lucky_mcp.gateway.prepare import prepare
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from tests.support.house import ANALYST, opened, policies_over
from tests.support.reference import ORDERS

# Each fails on a hidden row of t_order_item alone, which reaches the contract through its order.
PROBES = (
    "SELECT COUNT(*) FROM t_order_item WHERE order_item_id = {id} AND CAST(product_name AS SIGNED) = 1",
    "SELECT COUNT(*) FROM t_order_item WHERE order_item_id = {id} AND POW(unit_price, 100000) * 0 + quantity DIV 1 > CAST(product_name AS SIGNED)",
    "SELECT order_item_id FROM t_order_item WHERE order_item_id = {id} AND CAST(spu_code AS DATE) IS NOT NULL",
    "SELECT SUM(CAST(product_name AS DECIMAL(10,2))) FROM t_order_item WHERE order_item_id = {id}",
)


@pytest.fixture
def hidden_item(demo_data: Path, tmp_path: Path) -> tuple[Path, int]:
    """A copy of the data, and the id of an item of a hidden order."""
    data = tmp_path / "data"
    shutil.copytree(demo_data, data)
    with duckdb.connect(str(data / f"{ORDERS}.duckdb")) as database:
        found = database.execute(
            "SELECT order_item_id FROM luckyus_sales_order.t_order_item JOIN luckyus_sales_order.t_sales_order_m "
            "USING (order_id) WHERE currency_code = 'NZD' ORDER BY 1 LIMIT 1"
        ).fetchone()
    assert found
    return data, int(found[0])


@pytest.mark.parametrize("probe", PROBES)
async def test_a_hidden_row_cannot_make_a_read_fail(
    project_root: Path, hidden_item: tuple[Path, int], probe: str
) -> None:
    data, item = hidden_item
    gateway = await opened(policies_over(project_root / "policies", data))
    assert await outcome(gateway, probe.format(id=item)) == await outcome(gateway, probe.format(id=-1))
    await gateway.close()


async def outcome(gateway: Gateway, sql: str) -> tuple[object, ...]:
    """Return everything a caller is told: rows and names, or the error's text."""
    try:
        answer = await gateway.read(ANALYST, SqlRead(source=ORDERS, sql=sql))
    except ReadError as failure:
        return ("failed", failure.agent_text)
    return ("answered", answer.columns, list(answer.rows), answer.truncation)


async def test_the_plain_text_would_tell(
    project_root: Path, hidden_item: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probes are real ones: with neither fence nor fixed joins the engine fails on the hidden row."""
    monkeypatch.setitem(SETTINGS, "disabled_optimizers", "statistics_propagation,build_side_probe_side")
    monkeypatch.setattr(enforce, "ALWAYS_FENCED", frozenset())  # or no plain text is made
    data, item = hidden_item
    policies = policies_over(project_root / "policies", data)
    gateway = await opened(policies)
    source = policies.sources[ORDERS]
    request = SqlRead(source=ORDERS, sql=PROBES[0].format(id=item))
    guarded = prepare(gateway.view(), ANALYST, source, request).guarded
    adapter = Registry().adapter(source)
    with pytest.raises(EngineError):
        await adapter.run(guarded, fenced=False)
    assert (await adapter.run(guarded, fenced=True)).rows == [(0,)]
    await adapter.close()
    await gateway.close()


async def test_an_error_on_visible_rows_stays_an_error_without_the_value(
    project_root: Path, demo_data: Path
) -> None:
    gateway = await opened(policies_over(project_root / "policies", demo_data))
    with pytest.raises(ReadError) as raised:
        await gateway.read(
            ANALYST, SqlRead(source=ORDERS, sql="SELECT CAST(order_no AS SIGNED) FROM t_sales_order_m")
        )
    assert "LK" not in raised.value.agent_text and "Could not convert" not in raised.value.agent_text
    await gateway.close()
