"""A whole gateway over given demo data, as the application builds it."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import sqlglot

from lucky_mcp.adapters.registry import Registry
from lucky_mcp.audit.sink import AuditSink, MemorySink
from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.gateway.admission import Admission
from lucky_mcp.gateway.execute import Executor
from lucky_mcp.gateway.marks import Marks
from lucky_mcp.gateway.prepare import Prepared
from lucky_mcp.gateway.probed import Probed
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.refresh import refresh_references
from lucky_mcp.gateway.switches import Switches
from lucky_mcp.limits.stops import StopFile
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.secrets.token_keys import NO_KEYS, TokenKeys

NOW = datetime(2026, 2, 15, 12, 0, tzinfo=UTC)

ANALYST = Principal(subject="ann", roles=("analyst",))
ENGINEER = Principal(subject="dan", roles=("data_engineer",))
EXECUTIVE = Principal(subject="eve", roles=("executive",))
DBA = Principal(subject="dora", roles=("dba",))
ML_ENGINEER = Principal(subject="mel", roles=("ml_engineer",))
CARE = Principal(subject="cara", roles=("customer_care",))
MANAGER = Principal(subject="mona", roles=("operations_manager",), attributes={"shops": ("10001", "10002")})


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Say what time it is."""
        return self.now


class Uncounted(Probed):
    """For thousands of questions within the one hour that the clock shows."""

    def refuse_more(self, principal: Principal, prepared: Prepared, now: datetime) -> None:
        """Refuse nothing."""


def policies_over(directory: Path, data: Path, *, has_token_key: bool = False) -> PolicySet:
    """Return the policies of `directory` with the demo's databases in `data`."""
    key = {"LUCKY_TOKEN_KEY": "env:TOKEN_SECRET"} if has_token_key else {}
    return load_policies(directory, {"DEMO_DATA": str(data)} | key)


def gateway_over(
    policies: PolicySet,
    *,
    audit: AuditSink | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
    stops: StopFile | None = None,
    token_keys: TokenKeys = NO_KEYS,
    clock: Callable[[], datetime] = lambda: NOW,
    admission: Admission | None = None,
    marks: Marks | None = None,
    counts_probes: bool = False,
) -> Gateway:
    """Return a gateway with counted ids, its clock fixed unless given; reference sets are not read yet."""
    numbers = itertools.count(1)
    made = Gateway(
        policies=policies,
        executor=Executor(Registry(environment, token_keys), marks=marks),
        audit=audit or MemorySink(),
        now=clock,
        new_id=lambda: f"r-{next(numbers):08x}",
        switches=Switches(stops),
        admission=admission,
    )
    if not counts_probes:
        made.probed = Uncounted()
    return made


async def opened(
    policies: PolicySet,
    *,
    audit: AuditSink | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
    stops: StopFile | None = None,
    token_keys: TokenKeys = NO_KEYS,
    admission: Admission | None = None,
    marks: Marks | None = None,
) -> Gateway:
    """Return a gateway whose reference sets have been read."""
    gateway = gateway_over(
        policies,
        audit=audit,
        environment=environment,
        stops=stops,
        token_keys=token_keys,
        admission=admission,
        marks=marks,
    )
    await refresh_references(gateway, lambda: NOW)
    return gateway


def policies_in(original: Path, copy: Path, dialect: str) -> Path:
    """Copy the policies with every source served in one dialect; return the copy."""
    shutil.copytree(original, copy)
    sources = copy / "sources.yaml"
    text = re.sub(r"dialect: \w+", f"dialect: {dialect}", sources.read_text(encoding="utf-8"))
    sources.write_text(text, encoding="utf-8")
    for source, own in DIALECTS.items():
        _definitions_in(copy / "catalog" / f"{source}.json", own, dialect)
    return copy


def _definitions_in(path: Path, own: str, dialect: str) -> None:
    """Write the definitions of a snapshot's views as a server of the dialect would tell them."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for table in document["tables"].values():
        if view := table.get("view"):
            (view["definition"],) = sqlglot.transpile(view["definition"], read=own, write=dialect)
    path.write_text(json.dumps(document), encoding="utf-8")
