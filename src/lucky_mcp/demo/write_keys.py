"""Writing the Redis clusters of the demo: one file of keys for each, complete or absent."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from lucky_mcp.demo.key_values import Cluster, clusters
from lucky_mcp.demo.tables import Fleet

CLUSTERS: Final = (
    "luckyus-isales-market",
    "luckyus-isales-order",
    "luckyus-session",
    "luckyus-isales-session",
    "luckyus-auth",
    "luckyus-scm-shopstock",
    "luckyus-shopsale",
)


def write_keys(fleet: Fleet, directory: Path) -> None:
    """Write `<cluster>.redis.json` for every cluster of the fleet."""
    directory.mkdir(parents=True, exist_ok=True)
    for cluster in clusters(fleet):
        path = directory / f"{cluster.name}.redis.json"
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps(_written(cluster), ensure_ascii=False), encoding="utf-8")
        unfinished.replace(path)


def keys_are_complete(directory: Path) -> bool:
    """Whether the file of every cluster is there."""
    return all((directory / f"{name}.redis.json").is_file() for name in CLUSTERS)


def _written(cluster: Cluster) -> dict[str, object]:
    ending = sum(key.ttl_s is not None for key in cluster.keys)
    info = {
        "redis_version": "6.0.5",
        "redis_mode": "standalone",
        "role": "master",
        "used_memory": cluster.used_memory,
        "maxmemory_policy": "volatile-lfu",
        "connected_clients": 12,
        "keyspace_hits": cluster.hits,
        "keyspace_misses": cluster.misses,
        "evicted_keys": 0,
        "db0": f"keys={len(cluster.keys)},expires={ending},avg_ttl=0",
    }
    return {"info": info, "keys": [asdict(key) for key in cluster.keys]}
