"""What is asked at each scrape instead of being counted, and all of it as the text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from lucky_mcp.telemetry.instruments import REGISTRY

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A thing that can be measured: its name begins with `lucky_` and ends with its unit, if it has one."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a gauge shows now, for one value of each of its labels."""

    gauge: Gauge
    value: float
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Exposition:
    """All metrics of a process; `readings` are asked anew each time."""

    def __init__(self, readings: Callable[[], Iterable[Reading]]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Readings(readings))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        return generate_latest(REGISTRY) + generate_latest(self._registry)


class _Readings(Collector):
    def __init__(self, readings: Callable[[], Iterable[Reading]]) -> None:
        self._readings = readings

    def describe(self) -> Iterable[Metric]:
        """Nothing: the readings are not asked for at the start."""
        return ()

    def collect(self) -> Iterable[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for each in self._readings():
            gauge = each.gauge
            family = families.get(gauge.name)
            if family is None:
                family = families[gauge.name] = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
            family.add_metric([each.labels[name] for name in gauge.labels], each.value)
        return families.values()
