"""What is shown of keys on a real Redis, and by which commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from ruamel.yaml import YAML

from lucky_mcp.errors import ReadError
from lucky_mcp.model.commands import COMMANDS
from lucky_mcp.model.request import KeyAsk, KeyRead
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.server.results import receipt_line
from tests.live.clusters.asked import asked
from tests.support.cases import CASES
from tests.support.house import DBA, ENGINEER, ML_ENGINEER
from tests.support.keyed import CLUSTER
from tests.support.redis_server import RedisServer

READS: list[Mapping[str, Any]] = YAML(typ="safe").load((CASES / "keys" / "reads.yaml").read_text("utf-8"))
CALLERS = {"data_engineer": ENGINEER, "dba": DBA, "ml_engineer": ML_ENGINEER}
BY_THE_TEST = {"auth", "config|resetstat", "flushall", "dump", "client|setinfo"}


def rules_of(case: Mapping[str, Any]) -> str:
    """Return the case's rules as a file has them."""
    rule = {"id": "rule", "why": "to try it", "roles": ["data_engineer"], **case["rules"]}
    if "show" not in rule:
        rule["show"] = "value"
    found = {"keys": [rule]}
    if "denied" in case:
        found["denials"] = [
            {"id": "no", "pattern": case["denied"], "roles": ["data_engineer"], "why": "to try it"}
        ]
    return "\n".join(f"{name}: {json.dumps(value)}" for name, value in found.items()) + "\n"


@pytest.mark.parametrize("case", [pytest.param(each, id=each["title"]) for each in READS])
async def test_what_is_shown(
    case: Mapping[str, Any],
    token_policies: PolicySet,
    server: RedisServer,
    admin: redis.Redis,
    tmp_path: Path,
) -> None:
    for command in case["write"]:
        admin.execute_command(*command)
    caller = CALLERS[case.get("as", "data_engineer")]
    request = KeyRead(
        source=CLUSTER, key=case["key"], field=case.get("field"), rows_max=case.get("limit", 100)
    )
    async with asked(token_policies, server, tmp_path, rules_of(case)) as gateway:
        if "refused" in case:
            with pytest.raises(ReadError) as refused:
                await gateway.read(caller, request)
            assert refused.value.code == case["refused"]
            assert case["key"] not in refused.value.agent_text
            return
        result = await gateway.read(caller, request)
    told = receipt_line(result, time_zone="")
    if "rows" in case:
        assert [[each if each is None else str(each) for each in row] for row in result.rows] == case["rows"]
    assert str(result.rows[:1]).find(case.get("starts", "")) >= 0
    for note in case.get("notes", ()):
        assert note in told
    assert not [each for each in case.get("never", ()) if each in str(result.rows)]


def test_every_case_is_another() -> None:
    assert len({each["title"] for each in READS}) == len(READS)
    assert {"title", "rules", "write", "key"} <= set.intersection(*({*each} for each in READS))


async def test_only_commands_of_the_list_were_sent_and_nothing_changed(
    token_policies: PolicySet, server: RedisServer, admin: redis.Redis, tmp_path: Path
) -> None:
    admin.config_resetstat()
    written: set[str] = set()
    for case in READS:
        admin.flushall()
        for command in case["write"]:
            admin.execute_command(*command)
            written.add(str(command[0]).lower())
        before = _digest(admin)
        async with asked(token_policies, server, tmp_path, rules_of(case)) as gateway:
            caller = CALLERS[case.get("as", "data_engineer")]
            for request in (
                KeyRead(source=CLUSTER, key=case["key"]),
                KeyRead(source=CLUSTER, ask=KeyAsk.SCAN),
                KeyRead(source=CLUSTER, ask=KeyAsk.HEALTH),
            ):
                with suppress(ReadError):
                    await gateway.read(caller, request)
        assert _digest(admin) == before
    sent = {name.removeprefix("cmdstat_") for name in admin.info("commandstats")}
    known = {name.lower().replace(" ", "|") for name in COMMANDS}
    assert sent - known - written - BY_THE_TEST == set()


def _digest(admin: redis.Redis) -> dict[bytes, object]:
    return {name: admin.dump(name) for name in admin.scan_iter()}
