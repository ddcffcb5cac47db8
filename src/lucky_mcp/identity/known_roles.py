"""The roles a token may carry: those of the policy directory, less the gateway's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.schema import RolesFile
from lucky_mcp.policy.yaml_files import YamlFile

SYSTEM_PREFIX = "system:"


def roles_for_tokens(policies: Path) -> tuple[str, ...]:
    """The role names of `policies`, in file order; ConfigurationError when they cannot be read.

    Only `roles.yaml` is read: a token is made where the sources' credentials need not be.
    """
    if not policies.is_dir():
        raise ConfigurationError(f"there is no policy directory {policies.name!r}; pass --policies DIR")
    roles = YamlFile(policies / "roles.yaml", policies).read_as(RolesFile).roles
    return tuple(name for name in roles if not name.startswith(SYSTEM_PREFIX))


def refuse_unknown_roles(asked: Iterable[str], known: tuple[str, ...]) -> None:
    """ValueError that names the known roles when one of `asked` is none of them."""
    for role in asked:
        if role not in known:
            raise ValueError(f"there is no role {role!r} in these policies; the roles are {', '.join(known)}")
