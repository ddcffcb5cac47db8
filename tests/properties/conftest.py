"""The houses of the properties: one per dialect, over a small and sharp fleet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lucky_mcp.demo.tables import Fleet
from lucky_mcp.model.source import Dialect
from tests.properties.mutation import order_joins
from tests.support.generator_house import House
from tests.support.generator_house import house as built
from tests.support.generator_sharp import sharp_fleet as made_sharp


@pytest.fixture(scope="session")
def sharp_fleet() -> Fleet:
    """A few dozen rows of the demo, with every reason to be hidden among them."""
    return made_sharp()


@pytest.fixture(scope="session", params=list(Dialect))
def house(
    request: pytest.FixtureRequest,
    sharp_fleet: Fleet,
    project_root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """Every source in one dialect, and each dialect in turn."""
    dialect = str(request.param)
    made = built(sharp_fleet, project_root / "policies", tmp_path_factory.mktemp(dialect), dialect)
    yield made
    made.close()


@pytest.fixture(scope="session")
def mysql_house(
    sharp_fleet: Fleet, project_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Every source in MySQL's dialect."""
    made = built(sharp_fleet, project_root / "policies", tmp_path_factory.mktemp("mysql"), "mysql")
    yield made
    made.close()


@pytest.fixture(scope="session")
def join_ordered_house(
    sharp_fleet: Fleet, project_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Like mysql_house, for mutants that let the engine order joins: a file is opened with one configuration."""
    with pytest.MonkeyPatch.context() as patch:
        order_joins(patch)
        made = built(sharp_fleet, project_root / "policies", tmp_path_factory.mktemp("joined"), "mysql")
    yield made
    made.close()
