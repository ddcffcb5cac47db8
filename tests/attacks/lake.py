"""The lake of each laden world in a bucket of its own, behind an S3 API of this machine."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from pyarrow.fs import FileSelector, S3FileSystem

from lucky_mcp.demo.write_lake import write_lake
from lucky_mcp.gateway.execute import Executor
from lucky_mcp.policy.policy_set import PolicySet
from tests.attacks.houses import (
    House,
    There,
    house_over,
    secret_files,
    write_world,
)
from tests.attacks.laden import laden
from tests.support.aws import KEYS, Aws
from tests.support.reference_lake import LAKE

ENGINE, DIALECT = "lake-s3", "duckdb"


@asynccontextmanager
async def lake_house(policies: PolicySet, folder: Path, cloud: Aws, world: str) -> AsyncIterator[House]:
    """Open a server whose lake is in a bucket; the reference sets come from files, as on the embedded engine."""
    data = write_world(folder, DIALECT, world)
    write_lake(laden(world).fleet, data)
    bucket = cloud.upload(data / "lake")
    source = replace(policies.sources[LAKE], url=cloud.lake(bucket))
    moved = replace(policies, sources=MappingProxyType({**policies.sources, LAKE: source}))
    places = secret_files(data) | {"bucket": bucket}
    async with house_over(moved, Executor(There(data, KEYS)), ENGINE, world, places) as made:
        yield made


def sum_of_buckets(cloud: Aws) -> str:
    """Return what the names and bytes of all objects come to."""
    made, s3 = hashlib.sha256(), cloud.filesystem()
    for each in sorted(s3.get_file_info(FileSelector("", recursive=True)), key=lambda each: each.path):
        made.update(each.path.encode())
        if each.is_file:
            made.update(_bytes(s3, each.path))
    return made.hexdigest()


def _bytes(s3: S3FileSystem, path: str) -> bytes:
    with s3.open_input_file(path) as file:
        return bytes(file.readall())
