"""An expression on the embedded engine gives what the server of its dialect gives."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lucky_mcp.model.request import SqlRead
from lucky_mcp.server.cells import as_text, zone_of
from tests.enforcement.conftest import Shared
from tests.support.house import ENGINEER
from tests.support.reference import MAP, ORDERS

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "expressions"
SOURCES = {"mysql": ORDERS, "postgres": MAP}
BOOLEANS = {"mysql": {"true": "1", "false": "0"}, "postgres": {"true": "t", "false": "f"}}
ROWS = [
    pytest.param(dialect, str(expression), str(server), id=f"{dialect}-{expression}")
    for dialect in SOURCES
    for expression, server in YAML(typ="safe").load(FOLDER / f"{dialect}.yaml")
]


@pytest.mark.parametrize(("dialect", "expression", "server"), ROWS)
async def test_the_embedded_engine_answers_like_the_server(
    shared: Shared, dialect: str, expression: str, server: str
) -> None:
    request = SqlRead(source=SOURCES[dialect], sql=f"SELECT {expression} AS x")
    ((value,),) = (await shared.gateway.read(ENGINEER, request)).rows
    here = "NULL" if value is None else as_text(value, zone_of("America/New_York"))
    assert BOOLEANS[dialect].get(here, here) == server
