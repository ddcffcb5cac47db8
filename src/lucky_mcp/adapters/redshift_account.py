"""As whom Redshift is read: by password, or by what IAM lets this process be for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from redshift_connector.iam_helper import IamHelper
from redshift_connector.redshift_property import RedshiftProperty

from lucky_mcp.adapters.session import password_of
from lucky_mcp.model.source import Server


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user of the database and its password, which no representation shows."""

    user: str
    password: str = field(repr=False)


def account_of(server: Server, environment: Mapping[str, str]) -> Account:
    """Return the account as it is now; EngineError for a missing secret, the driver's errors from AWS.

    With a workgroup the driver asks Redshift Serverless for temporary credentials (GetCredentials), as
    whoever this process is to AWS, and keeps them until they expire.
    """
    if not server.workgroup:
        return Account(user=server.user, password=password_of(server, environment))
    wanted = RedshiftProperty()
    for name, value in {
        "iam": True,
        "ssl": True,
        "is_serverless": True,
        "serverless_work_group": server.workgroup,
        "region": server.region or None,
        "host": server.host,
        "port": server.port,
        "db_name": server.database or "dev",
    }.items():
        wanted.put(name, value)
    IamHelper.set_iam_properties(wanted)
    return Account(user=str(wanted.user_name), password=str(wanted.password))
