from __future__ import annotations

import pytest
from fastmcp import Client
from fastmcp.exceptions import McpError

from lucky_mcp.errors import NotAuthenticated
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.server.visibility import TOOLSETS, tools_of
from tests.server.fakes import TOOLSETS as FAKE_TOOLSETS
from tests.server.harness import call, make_server, raw_call

TOOLS_PER_ROLE_MAX = 10

SEEN = {
    "analyst": ["search_catalog", "describe_table", "run_query", "check_query", "list_sources"],
    "dba": [
        *("search_catalog", "describe_table", "run_query", "check_query", "list_sources"),
        *("get_source_health", "read_redis", "scan_redis"),
    ],
    "security_reviewer": ["search_catalog", "describe_table", "check_query", "list_sources"],
    "data_engineer": [
        *("search_catalog", "describe_table", "run_query", "check_query", "list_sources"),
        *("read_redis", "scan_redis"),
    ],
    "ml_engineer": ["search_catalog", "describe_table", "run_query", "check_query", "list_sources"],
    "people_analyst": ["search_catalog", "describe_table", "run_query", "check_query", "list_sources"],
    "operations_manager": ["search_catalog", "describe_table", "run_query", "check_query", "list_sources"],
    "customer_care": ["search_catalog", "describe_table", "run_query"],
    "executive": [],
}


def as_role(*roles: str) -> Principal:
    return Principal(subject="ann", roles=roles)


@pytest.mark.parametrize(("role", "names"), SEEN.items())
async def test_a_role_sees_its_tools_in_a_stable_order(role: str, names: list[str]) -> None:
    async with Client(make_server(identify=lambda: as_role(role))) as client:
        assert [tool.name for tool in await client.list_tools()] == names
        assert [tool.name for tool in await client.list_tools()] == names


async def test_the_fake_roles_have_the_toolsets_of_the_policies(demo_policies: PolicySet) -> None:
    for role, toolsets in FAKE_TOOLSETS.items():
        assert toolsets == {demo_policies.roles[role].toolset}
    assert set(SEEN) == {name for name in demo_policies.roles if not name.startswith("system:")}


async def test_a_foreign_tool_answers_exactly_like_one_that_never_was() -> None:
    server = make_server(identify=lambda: as_role("executive"))
    foreign = await raw_call(server, "run_query", {"source": "s", "sql": "x"})
    wrong_arguments = await raw_call(server, "run_query", {"bogus": 1})
    unknown = await raw_call(server, "no_such_tool", {})
    expected = unknown.model_dump_json().replace("no_such_tool", "run_query")
    assert foreign.model_dump_json() == expected
    assert wrong_arguments.model_dump_json() == expected


async def test_roles_without_a_toolset_are_not_authenticated() -> None:
    server = make_server(identify=lambda: as_role("retired"))
    error, text = await call(server, "list_sources")
    assert error
    assert text.startswith("ERROR NOT_AUTHENTICATED: the roles of this token are unknown")
    async with Client(server) as client:
        with pytest.raises(McpError, match="NOT_AUTHENTICATED"):
            await client.list_tools()


async def test_no_principal_no_tools() -> None:
    def nobody() -> Principal:
        raise NotAuthenticated("the token of this process is no longer valid")

    error, text = await call(make_server(identify=nobody), "list_sources")
    assert (error, text) == (True, "ERROR NOT_AUTHENTICATED: the token of this process is no longer valid")


def test_the_table_of_toolsets() -> None:
    everything = {
        "search_catalog", "describe_table", "run_query", "check_query", "list_metrics", "get_metric",
        "get_briefing", "check_data_health", "get_customer", "list_sources", "get_source_health",
        "read_redis", "scan_redis",
    }  # fmt: skip
    assert frozenset().union(*TOOLSETS.values()) == everything
    assert {name: len(tools) for name, tools in TOOLSETS.items()} == {
        "ask_lucky": 10,
        "analysis": 8,
        "operations": 8,
        "executive": 4,
        "customer_care": 4,
        "engineer": 10,
        "dba": 8,
        "review": 4,
    }
    assert all(len(tools) <= TOOLS_PER_ROLE_MAX for tools in TOOLSETS.values())


def test_toolsets_add_up_and_unknown_ones_add_nothing() -> None:
    assert tools_of({"review", "executive", "nonsense"}) == TOOLSETS["review"] | TOOLSETS["executive"]
    assert tools_of(()) == frozenset()
