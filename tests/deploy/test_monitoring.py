"""What dashboards, alerts and the page name is what the server exposes, with the labels that it has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter, Histogram
from prometheus_client import Gauge as ClientGauge
from ruamel.yaml import YAML

from lucky_mcp.gateway import readings
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.telemetry import instruments
from lucky_mcp.telemetry.gauges import Exposition, Gauge
from lucky_mcp.telemetry.steps import STEPS
from scripts.dashboard import text
from tests.docs.markdown import plain, read_page
from tests.support.house import gateway_over
from tests.telemetry.served import samples

METRIC = re.compile(r"\b(?:lucky|process|python)_[a-z_]+\b")
SELECTOR = re.compile(r"\b(lucky_[a-z_]+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\bby \(([a-z_, ]+)\)")
OF_PROMETHEUS = {"instance", "le", "job"}


def known() -> Mapping[str, frozenset[str]]:
    """Every metric of ours as Prometheus names its samples, with its labels."""
    found: dict[str, frozenset[str]] = {}
    for each in vars(instruments).values():
        if isinstance(each, Counter):
            found[f"{each._name}_total"] = frozenset(each._labelnames)
        elif isinstance(each, Histogram):
            for end in ("bucket", "count", "sum"):
                found[f"{each._name}_{end}"] = frozenset(each._labelnames)
        else:
            assert not isinstance(each, ClientGauge)
    for each in vars(readings).values():
        if isinstance(each, Gauge):
            found[each.name] = frozenset(each.labels)
    return found


def faults(query: str) -> list[str]:
    """What a query names that is not there; also brackets that do not match."""
    wrong = [
        f"{sign} in {query}" for sign in ("()", "{}", "[]") if query.count(sign[0]) != query.count(sign[1])
    ]
    named = SELECTOR.findall(query)
    if not named and not METRIC.search(query):
        wrong.append(f"no metric in {query}")
    labels = frozenset().union(*(known().get(name, frozenset()) for name, _ in named))
    for name, selected in named:
        if name not in known():
            wrong.append(f"there is no {name}")
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selected):
            if label not in known().get(name, frozenset()) | OF_PROMETHEUS:
                wrong.append(f"{name} has no {label}")
    for group in GROUPED.findall(query):
        wrong += [
            f"{query} has no {each}" for each in re.split(r", *", group) if each not in labels | OF_PROMETHEUS
        ]
    return wrong


@pytest.fixture(scope="module")
def dashboard(project_root: Path) -> dict[str, Any]:
    path = project_root / "deploy/grafana/lucky-mcp.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def rules(project_root: Path) -> list[dict[str, Any]]:
    text = (project_root / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8")
    return [rule for group in YAML(typ="safe").load(text)["groups"] for rule in group["rules"]]


def queries(dashboard: dict[str, Any]) -> Iterator[str]:
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))


def test_the_dashboard_names_what_there_is(dashboard: dict[str, Any]) -> None:
    assert [fault for query in queries(dashboard) for fault in faults(query)] == []
    assert [each for each in dashboard["templating"]["list"] if "lucky_ready" in str(each["query"])]


def test_the_dashboard_shows_all_of_it(dashboard: dict[str, Any]) -> None:
    shown = {name for query in queries(dashboard) for name, _ in SELECTOR.findall(query)}
    left_out = {re.sub("_(bucket|count|sum)$", "", name) for name in set(known()) - shown}
    assert left_out <= {re.sub("_(bucket|count|sum)$", "", name) for name in shown}


def test_the_dashboard_is_what_its_table_makes(dashboard: dict[str, Any], project_root: Path) -> None:
    assert (project_root / "deploy/grafana/lucky-mcp.json").read_text(encoding="utf-8") == text()
    places = [tuple(panel["gridPos"].values()) for panel in dashboard["panels"]]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(places) == len(set(places))


def test_alerts_name_what_there_is(rules: list[dict[str, Any]], project_root: Path) -> None:
    assert len(rules) >= 15 and len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert faults(rule["expr"]) == [], rule["alert"]
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch("([0-9]+(m|h))?", rule.get("for", ""))
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
        assert (project_root / rule["annotations"]["runbook"]).is_file(), rule["alert"]
        grouped = {label for group in GROUPED.findall(rule["expr"]) for label in re.split(r", *", group)}
        told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        names = {name for name, _ in SELECTOR.findall(rule["expr"])}
        own = frozenset().union(*(known()[name] for name in names)) | {"instance"}
        assert told <= (grouped or own), rule["alert"]


@pytest.mark.parametrize(
    "query",
    [
        "rate(lucky_reads[5m])",
        'lucky_reads_total{subject="ann"}',
        "sum by (table) (lucky_reads_total)",
        "sum(lucky_ready",
        "up == 0",
    ],
)
def test_a_wrong_query_is_seen(query: str) -> None:
    assert faults(query)


def test_the_page_has_every_metric_with_its_labels(project_root: Path) -> None:
    page = read_page(project_root / "docs/monitoring.md")
    rows = [row for heading in ("Counted and timed", "How things stand") for row in page.tables(heading)]
    documented = {plain(row[0]): frozenset(re.findall(r"\w+", plain(row[1]))) for row in rows}
    assert documented == {
        re.sub("_(bucket|count|sum)$", "", name): labels for name, labels in known().items()
    }
    assert all(step in page.section("Counted and timed") for step in STEPS)


async def test_what_is_known_here_is_what_is_exposed(demo_policies: PolicySet) -> None:
    gateway = gateway_over(demo_policies)
    exposition = Exposition(lambda: readings.readings(gateway, lambda: datetime.now(UTC), lambda: True))
    exposed = {name for name, _ in samples(exposition.text().decode()) if name.startswith("lucky_")}
    assert {name for name in exposed if not name.endswith("_created")} <= set(known())
