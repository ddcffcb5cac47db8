"""What real servers hold is guessed by a few values that nobody gets to see."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from lucky_mcp.audit.record import Begun, Ended
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.gateway.sampling import look
from lucky_mcp.model.names import TableName
from tests.live.conftest import Server
from tests.live.zoo import NAME, Zoo, make_zoo
from tests.support.house import gateway_over

KEEPERS = "zoo", "keepers"
MAKE = "CREATE TABLE keepers (id INT PRIMARY KEY, dianhua VARCHAR(20), c9 VARCHAR(99), born_on DATE, pay_rate NUMERIC(8,2))"
ROWS = "INSERT INTO keepers VALUES (1, '13800138000', 'ann.diaz@example.com', '1988-04-12', 22.5), (2, NULL, '', NULL, 0)"
VALUES = ("13800138000", "ann.diaz@example.com", "1988-04-12")


@pytest.fixture
def zoo(server: Server, tmp_path: Path) -> Zoo:
    made = make_zoo(server.kind, server.running, tmp_path / "policies")
    made.admin(MAKE, ROWS)
    return made


async def test_columns_of_a_server_are_guessed_and_their_values_stay_inside(zoo: Zoo) -> None:
    audit = MemorySink()
    gateway = gateway_over(zoo.policies(with_datasets=False), environment=zoo.environment, audit=audit)
    told: list[tuple[int, int]] = []
    found = await look(gateway, NAME, lambda done, of: told.append((done, of)))
    await gateway.close()
    keepers = TableName(schema=KEEPERS[0], table=KEEPERS[1])
    tags = {column: guess.tag for (table, column), guess in found.guesses.items() if table == keepers}
    assert tags == {
        "id": "",
        "dianhua": "pii.phone",
        "c9": "pii.email",
        "born_on": "pii.birthday",
        "pay_rate": "pii.salary",
    }
    assert told[-1] == (len(found.catalog.tables), len(found.catalog.tables))
    assert dict(found.unread) == {}
    left = str([asdict(record) for record in audit.records]) + str(found)
    assert not [value for value in VALUES if value in left]
    read = [each for each in audit.records if isinstance(each, Begun) and str(keepers) in each.tables]
    assert [(each.principal, each.roles) for each in read] == [("system:catalog", ("system:sample",))]
    assert all(each.outcome == "ok" for each in audit.records if isinstance(each, Ended))


async def test_the_gateway_that_serves_lets_nobody_sample(zoo: Zoo) -> None:
    gateway = gateway_over(zoo.policies(with_datasets=False), environment=zoo.environment)
    await look(gateway, NAME, lambda done, of: None)
    assert "system:sample" not in gateway.policies.roles
    assert gateway.policies.tables == {NAME: {}}
    await gateway.close()
