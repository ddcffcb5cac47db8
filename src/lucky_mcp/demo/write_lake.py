"""Writing the lake: `lake/<zone>/<dataset>/market=US|NZ/*.parquet`, each dataset complete or as it was."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from lucky_mcp.demo.arrow_columns import arrow_table, arrow_type
from lucky_mcp.demo.collector import collector_paused
from lucky_mcp.demo.lake_datasets import NZ, US, LakeDataset, Marked, lake_datasets
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.progress import Progress, unreported
from lucky_mcp.demo.tables import Fleet

LAKE: Final = "lake"
_ROWS_PER_GROUP: Final = 100_000


def write_lake(fleet: Fleet, directory: Path, *, progress: Progress = unreported) -> None:
    """Write every dataset of the lake under `directory`/lake, each replaced as a whole."""
    datasets = lake_datasets(fleet)
    with collector_paused():
        for done, dataset in enumerate(datasets, start=1):
            write_dataset(dataset, directory)
            progress("lake", done, len(datasets))


def write_dataset(dataset: LakeDataset, directory: Path) -> None:
    """Write one dataset beside its place and move it there; a failure leaves the old one."""
    place = directory / LAKE / dataset.zone / dataset.name
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{dataset.name}-") as name:
        building = Path(name)
        _write_partitions(dataset, building / "new")
        # A folder cannot be replaced in one step, so the old one steps aside and goes with the temporary one.
        if place.exists():
            place.rename(building / "old")
        (building / "new").rename(place)


def lake_is_complete(directory: Path) -> bool:
    """Return whether every partition of every dataset has a file."""
    return all(
        any((directory / LAKE / zone / name / f"market={market}").glob("*.parquet"))
        for zone, name in DATASET_NAMES
        for market in (US, NZ)
    )


DATASET_NAMES: Final = (
    ("raw", "orders"),
    ("raw", "order_items"),
    ("raw", "customers"),
    ("processed", "orders"),
    ("processed", "customers"),
    ("curated", "daily_store_revenue"),
)


def _write_partitions(dataset: LakeDataset, folder: Path) -> None:
    schema = pa.schema([(column.name, arrow_type(column.type)) for column in dataset.columns])
    with ExitStack() as files:
        writers = {}
        for market in (US, NZ):
            partition = folder / f"market={market}"
            partition.mkdir(parents=True)
            writers[market] = files.enter_context(pq.ParquetWriter(partition / "part-0.parquet", schema))
        for market, rows in _groups(dataset.rows()):
            writers[market].write_table(arrow_table(dataset.columns, rows))


def _groups(marked: Iterator[Marked]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rows of each market in groups that fit into memory."""
    waiting: dict[str, list[Row]] = {US: [], NZ: []}
    for market, row in marked:
        waiting[market].append(row)
        if len(waiting[market]) == _ROWS_PER_GROUP:
            yield market, waiting[market]
            waiting[market] = []
    yield from waiting.items()
