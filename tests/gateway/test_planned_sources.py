"""A server that is only named yet: never opened, and no secret to whoever may read anything at all."""

import pytest

from lucky_mcp.adapters.registry import Registry
from lucky_mcp.errors import Code, ConfigurationError, SourceUnavailable
from lucky_mcp.gateway.crawl import crawl
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.principal import SYSTEM_CATALOG, Principal
from lucky_mcp.model.request import SqlRead
from tests.support.house import ANALYST, ENGINEER

REVIEWER = Principal(subject="rex", roles=("security_reviewer",))
PLANNED = "aws-luckyus-cdpactivity-rw"


@pytest.fixture(autouse=True)
def _never_opened(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def opens(registry: Registry, source: object) -> None:
        raise AssertionError("the engine was reached")

    monkeypatch.setattr(Registry, "adapter", opens)


async def refusal(gateway: Gateway, principal: Principal, name: str) -> SourceUnavailable:
    with pytest.raises(SourceUnavailable) as refused:
        await gateway.read(principal, SqlRead(source=name, sql="SELECT 1"))
    assert refused.value.code is Code.SOURCE_UNAVAILABLE
    return refused.value


@pytest.mark.parametrize("name", [PLANNED, "cdpactivity"])
@pytest.mark.parametrize("principal", [ANALYST, ENGINEER, SYSTEM_CATALOG], ids=lambda each: each.subject)
async def test_a_reader_learns_that_it_is_not_connected_yet(
    gateway: Gateway, principal: Principal, name: str
) -> None:
    told = await refusal(gateway, principal, name)
    assert told.what == f"{PLANNED} is planned and not connected yet"
    assert "search_catalog" in told.next_step


@pytest.mark.parametrize(
    "principal", [REVIEWER, Principal(subject="x", roles=())], ids=lambda each: each.subject
)
async def test_who_may_read_nothing_learns_nothing(gateway: Gateway, principal: Principal) -> None:
    planned = await refusal(gateway, principal, PLANNED)
    unknown = await refusal(gateway, principal, "nowhere")
    assert planned.agent_text == unknown.agent_text


async def test_it_is_not_listed_and_has_no_tables(gateway: Gateway) -> None:
    assert PLANNED not in {source.name for source in gateway.visible.sources(ENGINEER)}
    with pytest.raises(SourceUnavailable):
        gateway.visible.tables(ENGINEER, PLANNED)


async def test_it_is_not_crawled(gateway: Gateway) -> None:
    with pytest.raises(ConfigurationError, match="no crawl"):
        await crawl(gateway, PLANNED)
