"""The demo: its settings, and the environment in which its policies find their files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lucky_mcp.settings import Settings, load_settings, own_policies


def demo_settings(directory: Path, *, port: int) -> Settings:
    """Settings of the demo whose files are in `directory`: its own state, and this machine only."""
    given = load_settings(state=directory / "state", host="127.0.0.1", port=port)
    return given if given.policies else given.model_copy(update={"policies": own_policies()})


def demo_environment(directory: Path) -> Mapping[str, str]:
    """The environment in which the sources of the demo's policies are the files in `directory`."""
    return {**os.environ, "DEMO_DATA": str(directory.resolve())}
