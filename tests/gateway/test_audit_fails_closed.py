"""No record, no rows: before the read nothing is sent, after it nothing is returned."""

import asyncio

import pytest

from lucky_mcp.audit.record import AuditRecord, Begun, Ended, Explained
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import AuditUnavailable, Code, ReadError
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import ANALYST, opened
from tests.support.reference import CRM, ORDERS

COUNT = SqlRead(source=ORDERS, sql="SELECT COUNT(*) FROM t_sales_order_m")


class FailingOn(MemorySink):
    """Refuses one kind of record, as a disk that fills up at that moment would."""

    def __init__(self, kind: type[AuditRecord]) -> None:
        super().__init__()
        self.kind: type[AuditRecord] | None = None
        self.later = kind

    def write(self, record: AuditRecord) -> None:
        if self.kind is not None and isinstance(record, self.kind):
            raise AuditUnavailable("the audit log cannot be written")
        super().write(record)


@pytest.mark.parametrize("kind", [Begun, Ended])
async def test_a_read_without_its_record_gives_nothing(
    demo_policies: PolicySet, kind: type[AuditRecord]
) -> None:
    sink = FailingOn(kind)
    gateway = await opened(demo_policies, audit=sink)
    sink.kind = sink.later
    with pytest.raises(AuditUnavailable):
        await gateway.read(ANALYST, COUNT)
    await gateway.close()


async def test_nothing_is_sent_when_begun_cannot_be_written(demo_policies: PolicySet) -> None:
    sink = FailingOn(Begun)
    gateway = await opened(demo_policies, audit=sink)
    sink.kind, ran = Begun, []
    gateway._executor.execute = lambda read: ran.append(read)  # type: ignore[assignment, method-assign, return-value]
    with pytest.raises(AuditUnavailable):
        await gateway.read(ANALYST, COUNT)
    assert ran == []
    await gateway.close()


class NotOnDisk(MemorySink):
    """Takes every record, and cannot put them on the disk."""

    is_lost = False

    async def durable(self) -> None:
        if self.is_lost:
            raise AuditUnavailable("the audit log cannot be written")


@pytest.mark.parametrize("sql", [COUNT.sql, "SELECT nope FROM nowhere"])
async def test_nobody_is_answered_or_refused_before_the_disk_has_it(
    demo_policies: PolicySet, sql: str
) -> None:
    sink = NotOnDisk()
    gateway = await opened(demo_policies, audit=sink)
    sink.is_lost = True
    for ask in (gateway.read, gateway.explain):
        with pytest.raises(AuditUnavailable):
            await ask(ANALYST, SqlRead(source=ORDERS, sql=sql))
    await gateway.close()


async def test_every_read_that_begins_ends(demo_policies: PolicySet) -> None:
    sink = MemorySink()
    gateway = await opened(demo_policies, audit=sink)
    sink.records.clear()
    for sql in (
        "SELECT 1",
        "SELECT CAST(order_no AS SIGNED) FROM t_sales_order_m",
        "SELECT nope FROM t_sales_order_m",
    ):
        try:
            await gateway.read(ANALYST, SqlRead(source=ORDERS, sql=sql))
        except ReadError as failure:
            assert failure.code in {Code.QUERY_FAILED, Code.UNKNOWN_NAME}
    begun = [record.id for record in sink.records if isinstance(record, Begun)]
    ended = [record.id for record in sink.records if isinstance(record, Ended)]
    assert len(begun) == 3 and begun == ended
    await gateway.close()


async def test_a_defect_of_the_gateway_is_recorded_and_told_without_details(demo_policies: PolicySet) -> None:
    sink = MemorySink()
    gateway = await opened(demo_policies, audit=sink)
    sink.records.clear()

    async def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret value")

    gateway._executor.execute = broken  # type: ignore[assignment, method-assign]
    with pytest.raises(ReadError) as raised:
        await gateway.read(ANALYST, COUNT)
    assert "secret" not in raised.value.agent_text
    last = sink.records[-1]
    assert isinstance(last, Ended) and last.outcome == "QUERY_FAILED" and "secret" in last.detail
    await gateway.close()


async def test_a_cancelled_read_is_recorded(demo_policies: PolicySet) -> None:
    sink = MemorySink()
    gateway = await opened(demo_policies, audit=sink)

    async def for_ever(*_: object) -> None:
        await asyncio.sleep(3600)

    gateway._executor.execute = for_ever  # type: ignore[assignment, method-assign]
    task = asyncio.create_task(gateway.read(ANALYST, COUNT))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    last = sink.records[-1]
    assert isinstance(last, Ended) and last.outcome == "CANCELLED"
    await gateway.close()


async def test_the_record_says_what_was_asked_sent_read_and_hidden(demo_policies: PolicySet) -> None:
    sink = MemorySink()
    gateway = await opened(demo_policies, audit=sink)
    sql = "SELECT phone FROM t_user WHERE user_no = 'U100000001'"
    result = await gateway.read(ANALYST, SqlRead(source="salescrm", sql=sql))
    begun, ended = sink.records[-2:]
    assert isinstance(begun, Begun) and isinstance(ended, Ended)
    assert begun.id == ended.id == result.receipt.id
    assert (begun.principal, begun.roles, begun.source) == ("ann", ("analyst",), CRM)
    assert begun.sql_asked == sql and "`country_code` = 'US'" in begun.sql_sent
    assert "\"country_code\" = 'US'" in begun.sql_engine
    assert begun.tables == ("luckyus_sales_crm.t_user",)
    assert begun.columns == ("luckyus_sales_crm.t_user.user_no", "luckyus_sales_crm.t_user.phone")
    assert begun.filters == ("us-market",) and begun.masks == ("luckyus_sales_crm.t_user.phone:last4",)
    assert begun.policy_digest == demo_policies.digest
    assert begun.catalog_digest == demo_policies.catalogs[CRM].digest and len(begun.references_digest) == 16
    assert (ended.outcome, ended.rows) == ("ok", 1) and ended.bytes > 0
    await gateway.close()


async def test_an_explanation_leaves_one_record_and_reads_nothing(demo_policies: PolicySet) -> None:
    sink = MemorySink()
    gateway = await opened(demo_policies, audit=sink)
    sink.records.clear()
    await gateway.explain(ANALYST, COUNT)
    with pytest.raises(ReadError):
        await gateway.explain(ANALYST, SqlRead(source=ORDERS, sql="DELETE FROM t_sales_order_m"))
    assert [(type(record), record.verdict) for record in sink.records if isinstance(record, Explained)] == [
        (Explained, "permit"),
        (Explained, "refused"),
    ]
    assert len(sink.records) == 2
    await gateway.close()
