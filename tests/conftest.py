"""What every test shares: the project's own folders, and Hypothesis without a wall-clock deadline.

A deadline measures how busy the machine is; pytest's timeout already catches a test that hangs.
"""

import gc
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import settings

from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.demo.write_duckdb import write_fleet
from lucky_mcp.demo.write_keys import write_keys
from lucky_mcp.demo.write_lake import write_lake
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.dialect_worlds import ROLES, DialectWorlds
from tests.support.house import opened, policies_over
from tests.support.reference import clean_tables
from tests.support.twin import Unguarded

settings.register_profile("suite", deadline=None, print_blob=True)
settings.load_profile("suite")


MODULES_BETWEEN = 10
_ended = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """Give back what a module leaves, and set the rest apart, so that the next collection does not walk it.

    Whatever was set apart, by this or by a server that starts in a test, is looked at again every few modules.
    """
    yield
    if next(_ended) % MODULES_BETWEEN == 0:
        gc.unfreeze()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder that holds pyproject.toml."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def source_root(project_root: Path) -> Path:
    """The folder of the package itself."""
    return project_root / "src" / "lucky_mcp"


@pytest.fixture(scope="session")
def demo_fleet() -> Fleet:
    """The rows of the smallest demo, with a fixed last day."""
    return generate(seed=7, end=date(2026, 2, 14), scale="tiny")


@pytest.fixture(scope="session")
def demo_data(demo_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's databases."""
    folder = tmp_path_factory.mktemp("demo")
    write_fleet(demo_fleet, folder, dialects=DIALECTS)
    write_lake(demo_fleet, folder)
    write_keys(demo_fleet, folder)
    return folder


@pytest.fixture(scope="session")
def demo_policies(project_root: Path, demo_data: Path) -> PolicySet:
    """The project's own policies over the demo's databases."""
    return policies_over(project_root / "policies", demo_data)


@pytest.fixture(scope="session")
def twins(demo_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Unguarded]]:
    """The clean twin of each role that sees rows."""
    folder = tmp_path_factory.mktemp("twins")
    made = {
        role: Unguarded(clean_tables(demo_fleet, role), folder / role, views=demo_fleet.views)
        for role in (*ROLES, "ml_engineer")
    }
    yield made
    for twin in made.values():
        twin.close()


@pytest.fixture(scope="session")
def dialect_worlds(
    demo_fleet: Fleet, project_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DialectWorlds]:
    """The demo in any dialect."""
    made = DialectWorlds(demo_fleet, project_root / "policies", tmp_path_factory.mktemp("dialects"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def raw(demo_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unguarded]:
    """The demo as it is, hidden rows and personal data included."""
    made = Unguarded(demo_fleet.tables, tmp_path_factory.mktemp("raw"), views=demo_fleet.views)
    yield made
    made.close()


@pytest.fixture
async def gateway(demo_policies: PolicySet) -> AsyncIterator[Gateway]:
    """A gateway over the demo with its reference sets read."""
    made = await opened(demo_policies)
    yield made
    await made.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, so that nothing waits for it in the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
