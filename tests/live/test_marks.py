"""A server's own list of what runs says under which receipt, for whom and in which trace, and nothing breaks out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from lucky_mcp.audit.record import Begun, Ended
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.gateway.marks import Marks
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.principal import Principal
from lucky_mcp.telemetry.spans import going_on, sent_by
from tests.live.conftest import Reader
from tests.live.fleet import ENVIRONMENT
from tests.live.test_kill_switch import QUICK, SLOW, without_bounds
from tests.support.house import opened
from tests.support.patience import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
KEY = b"0123456789abcdef" * 2
HOSTILE_SUBJECTS = (
    "ann@example.com",
    "x */ SELECT SLEEP(9); /*",
    "x'; DROP TABLE t_order_item; --",
    "/*!50000 UNION SELECT 1 */",
    "*/\n\x00\\",
)
HOSTILE_TRACES = (
    f"00-{TRACE}-00f067aa0ba902b7-01",
    "00-*/ SELECT 1; /* -00f067aa0ba902b7-01",
    f"00-{TRACE[:-2]}*/-00f067aa0ba902b7-01",
    "*/ UNION SELECT 1 --",
)
COMMENT = re.compile(
    r"/\* lucky-mcp receipt=(r-[0-9a-f]{8}) caller=([0-9a-f]{16})(?: trace=([0-9a-f]{32}))? \*/ "
)


@pytest.fixture
def audit() -> MemorySink:
    return MemorySink()


@pytest.fixture
async def gateway(reader: Reader, audit: MemorySink) -> AsyncIterator[Gateway]:
    made = await opened(
        without_bounds(reader.policies), environment=ENVIRONMENT, audit=audit, marks=Marks(KEY)
    )
    yield made
    await made.close()


def called(subject: str) -> Principal:
    return Principal(subject=subject, roles=("analyst",))


async def seen(reader: Reader, gateway: Gateway, subject: str) -> str:
    """The text that the server shows for a read that is under way."""
    task = asyncio.create_task(gateway.read(called(subject), SLOW))
    await until(lambda: any("pay_amount" in each for each in reader.running()))
    (text,) = [each for each in reader.running() if "pay_amount" in each]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: not reader.running())
    return text


async def test_the_server_shows_who_asks(reader: Reader, gateway: Gateway, audit: MemorySink) -> None:
    with going_on(sent_by({"traceparent": HOSTILE_TRACES[0]})):
        text = await seen(reader, gateway, "ann@example.com")
    found = COMMENT.match(text)
    assert found is not None and found.group(2, 3) == (Marks(KEY).digest("ann@example.com"), TRACE)
    assert "ann" not in text
    begun = [each for each in audit.records if isinstance(each, Begun) and each.id == found.group(1)]
    # PostgreSQL shows the first thousand characters or so.
    assert [each.sql_engine.startswith(text[found.end() :]) for each in begun] == [True]
    assert len(text) > found.end() + 200


@pytest.mark.parametrize("subject", HOSTILE_SUBJECTS)
async def test_whatever_a_caller_is_called(reader: Reader, gateway: Gateway, subject: str) -> None:
    """The guard's own answer is the same, and the second caller gets what was prepared for the first."""
    plain = await gateway.read(called("ann"), QUICK)
    assert (await gateway.read(called(subject), QUICK)).rows == plain.rows


async def test_whatever_a_trace_is_called(reader: Reader, gateway: Gateway) -> None:
    for header in HOSTILE_TRACES:
        with going_on(sent_by({"traceparent": header})):
            assert len((await gateway.read(called("ann"), QUICK)).rows) == 1
    with going_on(sent_by({"traceparent": HOSTILE_TRACES[1]})):
        text = await seen(reader, gateway, HOSTILE_SUBJECTS[1])
    found = COMMENT.match(text)
    assert found is not None and found.group(3) is None
    assert "/*" not in text[found.end() :] and "SLEEP" not in text


async def test_reads_that_were_prepared_are_kept(reader: Reader, gateway: Gateway, audit: MemorySink) -> None:
    before = len(gateway._prepared_before)
    for subject in HOSTILE_SUBJECTS:
        await gateway.read(called(subject), QUICK)
    assert len(gateway._prepared_before) == before + 1
    begun = [each for each in audit.records if isinstance(each, Begun)][-len(HOSTILE_SUBJECTS) :]
    assert len({each.sql_engine for each in begun}) == 1
    assert {each.outcome for each in audit.records if isinstance(each, Ended)} == {"ok"}
