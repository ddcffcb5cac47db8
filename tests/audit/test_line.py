from __future__ import annotations

import json
from dataclasses import fields

import pytest

from lucky_mcp.audit.line import to_line
from lucky_mcp.audit.record import AuditRecord
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import AuditUnavailable
from tests.audit.samples import BEGUN, EVENT, EXPLAINED, NASTY, ended


@pytest.mark.parametrize("record", [BEGUN, ended(), EXPLAINED, EVENT], ids=lambda record: record.event)
def test_a_record_is_one_flat_object(record: AuditRecord) -> None:
    read = json.loads(to_line(record))
    assert list(read) == ["event", *(field.name for field in fields(record))]
    assert read["event"] == record.event
    for value in read.values():
        assert isinstance(value, str | int | bool) or all(isinstance(entry, str) for entry in value)


def test_a_line_holds_no_control_character_but_its_end() -> None:
    line = to_line(ended(sql=NASTY)).decode("ascii")
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert json.loads(line)["sql_asked"] == NASTY


async def test_the_memory_sink_breaks_on_demand() -> None:
    sink = MemorySink()
    sink.write(BEGUN)
    await sink.durable()
    sink.broken = True
    with pytest.raises(AuditUnavailable):
        sink.write(ended())
    with pytest.raises(AuditUnavailable):
        await sink.durable()
    assert sink.records == [BEGUN]
