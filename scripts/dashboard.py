"""Writes deploy/grafana/lucky-mcp.json: panels are a table here, and their frame is always the same."""

from __future__ import annotations

import json
from pathlib import Path

WIDTH, HEIGHT, COLUMNS = 8, 7, 3
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
BY = 'instance=~"$instance"'


def rate(metric: str, *by: str) -> str:
    """How often a second, by labels."""
    return f"sum by ({', '.join(by)}) (rate({metric}{{{BY}}}[5m]))"


def quantile(share: str, metric: str, *by: str) -> str:
    """Below what a share of the times is."""
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', *by, 'le')})"


# Section, then title, unit, and for each line its legend and its query.
PANELS: dict[str, list[tuple[str, str, dict[str, str]]]] = {
    "Reads": [
        (
            "Reads by outcome",
            "reqps",
            {"{{outcome}}": rate("lucky_reads_total", "outcome")},
        ),
        ("Reads by tool", "reqps", {"{{tool}}": rate("lucky_reads_total", "tool")}),
        (
            "Refusals by code",
            "reqps",
            {"{{code}}": rate("lucky_refusals_total", "code")},
        ),
        (
            "Time of a read",
            "s",
            {f"p{q} {{{{engine}}}}": quantile(f"0.{q}", "lucky_read_seconds", "engine") for q in (50, 95)},
        ),
        ("Rows", "short", {"{{engine}}": rate("lucky_rows_total", "engine")}),
        ("Bytes", "Bps", {"{{engine}}": rate("lucky_bytes_total", "engine")}),
        (
            "Tool calls",
            "reqps",
            {"{{tool}} {{outcome}}": rate("lucky_tool_calls_total", "tool", "outcome")},
        ),
        (
            "Under way",
            "short",
            {"reads": f"sum(lucky_reads_running{{{BY}}})", "callers": f"sum(lucky_callers_running{{{BY}}})"},
        ),
        (
            "Quotas met",
            "reqps",
            {"{{kind}}": rate("lucky_quota_refusals_total", "kind")},
        ),
    ],
    "Guard": [
        (
            "Steps, p95",
            "s",
            {"{{step}}": quantile("0.95", "lucky_guard_step_seconds", "step")},
        ),
        (
            "Prepared before",
            "percentunit",
            {
                "kept": f'sum(rate(lucky_prepared_reads_total{{found="kept",{BY}}}[5m]))'
                f" / sum(rate(lucky_prepared_reads_total{{{BY}}}[5m]))"
            },
        ),
        ("Policies in force", "short", {"{{digest}}": f"count by (digest) (lucky_policy_info{{{BY}}})"}),
        ("Age of the policies", "s", {"{{instance}}": f"lucky_policy_age_seconds{{{BY}}}"}),
        ("Policies rejected", "short", {"{{instance}}": f"lucky_policy_rejected{{{BY}}}"}),
        ("Ready", "short", {"{{instance}}": f"lucky_ready{{{BY}}}"}),
    ],
    "Databases": [
        (
            "Time in the database, p95",
            "s",
            {"{{engine}}": quantile("0.95", "lucky_database_seconds", "engine")},
        ),
        (
            "Statements",
            "reqps",
            {"{{engine}} {{outcome}}": rate("lucky_database_seconds_count", "engine", "outcome")},
        ),
        (
            "Connections in use",
            "short",
            {"{{source}}": f'sum by (source) (lucky_source_connections{{state="in_use",{BY}}})'},
        ),
        (
            "Connections that wait",
            "short",
            {"{{source}}": f'sum by (source) (lucky_source_connections{{state="idle",{BY}}})'},
        ),
        ("Sources left alone", "short", {"{{source}}": f"max by (source) (lucky_source_resting{{{BY}}})"}),
        ("Failures in a row", "short", {"{{source}}": f"max by (source) (lucky_source_failures{{{BY}}})"}),
        (
            "Drift from the catalog",
            "short",
            {"{{source}}": f"max by (source) (lucky_catalog_drift_lines{{{BY}}})"},
        ),
        (
            "Looks at catalogs",
            "s",
            {
                "{{source}}": f"max by (source) (lucky_catalog_look_age_seconds{{{BY}}})",
                "failed": f"sum(lucky_catalog_look_failed{{{BY}}})",
            },
        ),
        (
            "Reference sets",
            "s",
            {
                "{{reference}}": f"max by (reference) (lucky_reference_age_seconds{{{BY}}})",
                "not usable": f"count(lucky_reference_usable{{{BY}}} == 0)",
            },
        ),
    ],
    "Audit and process": [
        (
            "Putting records on the disk",
            "s",
            {f"p{q}": quantile(f"0.{q}", "lucky_audit_sync_seconds") for q in (50, 99)},
        ),
        ("Records behind", "short", {"{{instance}}": f"lucky_audit_pending_records{{{BY}}}"}),
        ("Segments", "short", {"{{instance}}": f"lucky_audit_segment_number{{{BY}}}"}),
        ("Size of the segment", "bytes", {"{{instance}}": f"lucky_audit_segment_bytes{{{BY}}}"}),
        ("Age of the segment", "s", {"{{instance}}": f"lucky_audit_segment_age_seconds{{{BY}}}"}),
        ("Log can be written", "short", {"{{instance}}": f"lucky_audit_writable{{{BY}}}"}),
        ("Quotas shared", "short", {"{{instance}}": f"lucky_limits_shared{{{BY}}}"}),
        ("Memory", "bytes", {"{{instance}}": f"process_resident_memory_bytes{{{BY}}}"}),
        ("Tasks", "short", {"{{instance}}": f"lucky_tasks{{{BY}}}"}),
        ("Open files", "short", {"{{instance}}": f"process_open_fds{{{BY}}}"}),
    ],
}


def dashboard() -> dict[str, object]:
    """The dashboard as Grafana imports it."""
    panels: list[dict[str, object]] = []
    top = 0
    for section, entries in PANELS.items():
        panels.append(
            {
                "type": "row",
                "title": section,
                "collapsed": False,
                "id": len(panels) + 1,
                "gridPos": {"h": 1, "w": 24, "x": 0, "y": top},
                "panels": [],
            }
        )
        top += 1
        for number, (title, unit, lines) in enumerate(entries):
            place = {
                "h": HEIGHT,
                "w": WIDTH,
                "x": WIDTH * (number % COLUMNS),
                "y": top + HEIGHT * (number // COLUMNS),
            }
            panels.append(panel(len(panels) + 1, title, unit, lines, place))
        top += HEIGHT * -(-len(entries) // COLUMNS)
    return {
        "uid": "lucky-mcp",
        "title": "lucky-mcp",
        "tags": ["lucky-mcp"],
        "schemaVersion": 39,
        "timezone": "utc",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "query": "prometheus"},
                {
                    "name": "instance",
                    "type": "query",
                    "datasource": SOURCE,
                    "query": "label_values(lucky_ready, instance)",
                    "refresh": 2,
                    "multi": True,
                    "includeAll": True,
                    "allValue": ".*",
                    "current": {"text": "All", "value": "$__all"},
                },
            ]
        },
        "panels": panels,
    }


def panel(
    number: int, title: str, unit: str, lines: dict[str, str], place: dict[str, int]
) -> dict[str, object]:
    """One panel of lines over time."""
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": query, "legendFormat": legend}
            for place, (legend, query) in enumerate(lines.items())
        ],
    }


def text() -> str:
    """The file's text."""
    return json.dumps(dashboard(), indent=1) + "\n"


if __name__ == "__main__":
    (Path(__file__).parents[1] / "deploy/grafana/lucky-mcp.json").write_text(text(), encoding="utf-8")
