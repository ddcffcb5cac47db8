"""The servers that the fleet's catalogues name and the demo holds no data of: names and domains only.

`policies/sources.yaml` lists them as planned, so that an agent who asks for one learns that it exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class NamedServer:
    """One server by its full name; where catalogues disagree about its domain it has several."""

    name: str
    dialect: str
    domains: tuple[str, ...]


_BY_DOMAIN: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("sales",), "isalesdatamarketing isalesprivatedomain"),
    (("sales", "data"), "cdpactivity"),
    (("sales", "operations"), "opshopsale"),
    (("sales", "platform"), "iluckyams"),
    (("operations",), "opqualitycontrol iopshopexpand iopocp"),
    (("scm",), "scm-ordering scm-purchase scm-wds scm-wmssimulate scm-asset scm-openapi scmsrm"),
    (("finance",), "fichargecontrol ibillingcentersrv iunifiedreconcile"),
    (("platform",), "framework01 framework02 iadmin ipermission iluckyauthapi iworkflowmidlayer iopenadmin"),
    (("platform",), "iopenlinker iopenservice ibizconfigcenter iluckyhealth iluckymedia devops"),
    (("platform",), "ijumpserver-jumpserver"),
    (("platform", "operations"), "oplog mfranchise"),
    (("platform", "data"), "iluckydorisops"),
    (("data",), "ldas ldas01 pubdm icyberdata"),
    (("data", "hr"), "dbatest"),
    (("hr",), "igers iriskcontrolservice"),
)

_MYSQL: Final = tuple(
    NamedServer(name=f"aws-luckyus-{name}-rw", dialect="mysql", domains=domains)
    for domains, names in _BY_DOMAIN
    for name in names.split()
)
NAMES_ONLY: Final[tuple[NamedServer, ...]] = (
    *_MYSQL,
    NamedServer(name="recovery-dbatest", dialect="mysql", domains=("hr",)),
    NamedServer(name="aws-luckyus-difynew-rw", dialect="postgres", domains=("platform",)),
)
