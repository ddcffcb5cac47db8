"""`lucky-mcp sources …`: the accounts that servers need, and whether each source can be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lucky_mcp.cli import stops

if TYPE_CHECKING:
    from lucky_mcp.model.source import Source
    from lucky_mcp.policy.policy_set import PolicySet

app = typer.Typer(help="Prepare, check and stop what sources are read from.", no_args_is_help=True)
app.command("stop")(stops.stop_source)
app.command("resume")(stops.resume_source)
app.command("stopped")(stops.stopped_sources)

Sources = Annotated[
    list[str] | None, typer.Argument(metavar="[SOURCE…]", help="Full or short names; all on servers if none.")
]
Policies = Annotated[Path | None, typer.Option(help="The policy directory; LUCKY_POLICIES when left out.")]


@app.command("grants")
def grants(sources: Sources = None, policies: Policies = None) -> None:
    """Print the SQL that makes each source's account: one that can read and no more."""
    from lucky_mcp.policy.grants import grant_script

    loaded = _loaded(policies)
    chosen = _chosen(loaded, sources or [])
    print("\n\n".join(grant_script(source, loaded.catalogs[source.name]) for source in chosen))


@app.command("check")
def check(sources: Sources = None, policies: Policies = None) -> None:
    """Connect to each source once, and say which cannot be read and why."""
    import anyio

    from lucky_mcp.app.catalogs import check_sources

    chosen = _chosen(_loaded(policies), sources or [])
    faults = anyio.run(check_sources, chosen)
    for source in chosen:
        print(f"{source.name}: {faults.get(source.name, 'ok')}")
    if faults:
        raise typer.Exit(1)


def _loaded(policies: Path | None) -> PolicySet:
    from lucky_mcp.cli.policy_arguments import policies_in
    from lucky_mcp.policy.loader import load_policies

    return load_policies(policies_in(policies), os.environ, with_datasets=False)


def _chosen(policies: PolicySet, names: list[str]) -> list[Source]:
    from lucky_mcp.errors import ConfigurationError

    if not names:
        found = [source for source in policies.sources.values() if source.server is not None]
        if not found:
            raise ConfigurationError("no source in sources.yaml is on a server of its own")
        return found
    chosen = []
    for name in names:
        source = policies.source(name)
        if source is None:
            raise ConfigurationError(f"{name}: there is no such source in sources.yaml")
        if source.server is None:
            raise ConfigurationError(f"{source.name} is on no server of its own, so it needs no account")
        chosen.append(source)
    return chosen
