"""`lucky-mcp demo`: the synthetic fleet, served here, with one question answered to show it."""

from __future__ import annotations

import os
import sys
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

_DAYS_ASKED = 7
_REVENUE = (
    "SELECT shop_id, COUNT(*) AS orders, SUM(pay_amount) AS revenue_usd"
    " FROM luckyus_sales_order.t_sales_order_m"
)
_BY_STORE = "GROUP BY shop_id ORDER BY revenue_usd DESC, shop_id"


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes any.")] = 8765,
    directory: Annotated[Path, typer.Option("--dir", help="Where the fleet's files are kept.")] = Path(
        ".demo"
    ),
    seed: Annotated[int, typer.Option(help="The same seed makes the same data.")] = 7,
    end: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day with data; yesterday by default.")
    ] = None,
    scale: Annotated[str, typer.Option(help="How much data; a wrong name lists the sizes.")] = "small",
    once: Annotated[bool, typer.Option("--once", help="Stop after the question is answered.")] = False,
) -> None:
    """Build the demo fleet, serve it on this machine, and ask it one question.

    Everything is synthetic. The tokens are demo-<role>; a call without a token is an analyst's.
    """
    from lucky_mcp.app.demo import demo_environment, demo_settings
    from lucky_mcp.app.notices import notices
    from lucky_mcp.app.serving import run, serve_http
    from lucky_mcp.demo.build import build_demo
    from lucky_mcp.demo.scale import scale_named
    from lucky_mcp.server.transports import endpoint_of, listen

    try:
        scale_named(scale)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--scale") from error
    # The port comes first: a busy one should not be found out after a build.
    bound = listen("127.0.0.1", port)
    endpoint = endpoint_of(bound)
    last_day = end.date() if end else datetime.now().astimezone().date() - timedelta(days=1)
    build_demo(directory, seed=seed, end=last_day, scale=scale)
    answered = False

    async def show() -> bool:
        nonlocal answered
        answered = await _show(endpoint, last_day)
        for notice in notices(settings, os.environ, demo=True, http=True):
            print(notice, file=sys.stderr)
        return not once

    settings = demo_settings(directory, port=bound.getsockname()[1])
    environment = demo_environment(directory)
    run(partial(serve_http, settings, bound, demo=True, environment=environment, when_ready=show))
    if once and not answered:
        raise typer.Exit(1)


async def _show(endpoint: str, last_day: date) -> bool:
    """Print how to connect and one answered question; whether it was answered with rows."""
    from lucky_mcp.server.ask import ask

    print(f"lucky-mcp serves the demo fleet at {endpoint}\n")
    print("Connect Claude Code:")
    print(
        f'  claude mcp add --transport http lucky {endpoint} --header "Authorization: Bearer demo-analyst"\n'
    )
    print(f"Asked as an analyst: revenue by store, {_DAYS_ASKED} days to {last_day}")
    question = {"source": "salesorder", "sql": revenue_by_store(last_day)}
    answer = await ask(endpoint, token="demo-analyst", tool="run_query", arguments=question)  # noqa: S106
    print("\n".join(f"  {line}" for line in answer.splitlines()), flush=True)
    return answer.startswith("OK ")


def revenue_by_store(last_day: date) -> str:
    """The demo's question, in the MySQL dialect of its source."""
    first, after = last_day - timedelta(days=_DAYS_ASKED - 1), last_day + timedelta(days=1)
    days = f"order_time >= '{first}' AND order_time < '{after}'"
    return f"{_REVENUE} WHERE order_status = 90 AND {days} {_BY_STORE}"
