"""Every source of the demo in the order they are generated; a new source is one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lucky_mcp.demo.server_names import NAMES_ONLY as NAMES_ONLY
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.sources.dify import DIFY
from lucky_mcp.demo.sources.fitax import FITAX
from lucky_mcp.demo.sources.iehr import IEHR
from lucky_mcp.demo.sources.ifiaccounting import IFIACCOUNTING
from lucky_mcp.demo.sources.iotplatform import IOTPLATFORM
from lucky_mcp.demo.sources.ireplenishment import IREPLENISHMENT
from lucky_mcp.demo.sources.isalescdp import ISALESCDP
from lucky_mcp.demo.sources.isalesmembermarketing import ISALESMEMBERMARKETING
from lucky_mcp.demo.sources.opempefficiency import OPEMPEFFICIENCY
from lucky_mcp.demo.sources.opproduction import OPPRODUCTION
from lucky_mcp.demo.sources.opshop import OPSHOP
from lucky_mcp.demo.sources.pgilkmap import PGILKMAP
from lucky_mcp.demo.sources.redshift import REDSHIFT
from lucky_mcp.demo.sources.salescrm import SALESCRM
from lucky_mcp.demo.sources.salesmarketing import SALESMARKETING
from lucky_mcp.demo.sources.salesorder import SALESORDER
from lucky_mcp.demo.sources.salespayment import SALESPAYMENT
from lucky_mcp.demo.sources.scm_plan import SCM_PLAN
from lucky_mcp.demo.sources.scm_shopstock import SCM_SHOPSTOCK
from lucky_mcp.demo.sources.scmcommodity import SCMCOMMODITY
from lucky_mcp.demo.sources.upush import UPUSH

SOURCES: Final[tuple[DemoSource, ...]] = (
    OPSHOP,
    PGILKMAP,
    SALESCRM,
    SALESORDER,
    SALESPAYMENT,
    SALESMARKETING,
    ISALESCDP,
    ISALESMEMBERMARKETING,
    UPUSH,
    OPPRODUCTION,
    OPEMPEFFICIENCY,
    IOTPLATFORM,
    SCM_SHOPSTOCK,
    SCMCOMMODITY,
    SCM_PLAN,
    IREPLENISHMENT,
    IFIACCOUNTING,
    FITAX,
    IEHR,
    DIFY,
    REDSHIFT,
)

DIALECTS: Final[Mapping[str, str]] = MappingProxyType({source.name: source.dialect for source in SOURCES})
"""The dialect of each source by its full name."""
