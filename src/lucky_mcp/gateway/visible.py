"""The fleet as one caller can tell it: computed from the same decision that a read would meet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from lucky_mcp.decision.rights import rights_of
from lucky_mcp.errors import NameRefused
from lucky_mcp.gateway.prepare import find_source, refuse_keys
from lucky_mcp.gateway.refusals import near_tables, source_unknown
from lucky_mcp.gateway.view import View
from lucky_mcp.gateway.visible_fleet import VisibleFleet
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.visible import VisibleSource, VisibleTable
from lucky_mcp.policy.policy_set import PolicySet

FLEETS_MAX = 32


class Visible:
    """Answers what exists for a principal; raises the refusals a read would raise.

    What callers of the same roles and attributes see is computed once and kept while the policy set and
    the reference values stay as they are, for the `FLEETS_MAX` callers seen last.
    """

    def __init__(self, view: Callable[[], View]) -> None:
        self._view = view
        self._policies: PolicySet | None = None
        self._fleets: OrderedDict[Hashable, VisibleFleet] = OrderedDict()

    def sources(self, principal: Principal) -> tuple[VisibleSource, ...]:
        """Return the sources with at least one visible table, by name."""
        return self._fleet(self._view(), principal).sources

    def tables(self, principal: Principal, source: str | None = None) -> tuple[VisibleTable, ...]:
        """Return the visible tables of one source, or of all, without their joins."""
        view = self._view()
        fleet = self._fleet(view, principal)
        if source is not None:
            return tuple(fleet.tables[find_source(view, principal, source).name].values())
        return tuple(table for tables in fleet.tables.values() for table in tables.values())

    def table(self, principal: Principal, source: str, table: str) -> VisibleTable:
        """Return one table; NameRefused in the same words whether it is unknown or denied."""
        view = self._view()
        found = find_source(view, principal, source)
        refuse_keys(found)
        fleet = self._fleet(view, principal)
        visible = fleet.tables[found.name]
        if not visible:
            raise source_unknown(view, principal, source)
        wanted = table.strip().strip('`"').lower()
        matches = [name for name in visible if wanted in {str(name).lower(), name.table.lower()}]
        if len(matches) != 1:
            names = tuple(visible)
            raise NameRefused(
                f"there is no table {table[:120]!r} here for you",
                nearest=near_tables(table, names) or tuple(str(name) for name in names[:5]),
                next_step="call search_catalog with what you are looking for",
            )
        return fleet.described(visible[matches[0]])

    def toolsets(self, principal: Principal) -> frozenset[str]:
        """Return the toolsets of the principal's roles; a role the policies do not know gives none."""
        roles = self._view().policies.roles
        found = (roles[name].toolset for name in principal.roles if name in roles)
        return frozenset(toolset for toolset in found if toolset)

    def search(
        self, principal: Principal, question: str, domain: str | None, limit: int
    ) -> tuple[VisibleTable, ...]:
        """Return up to `limit` tables that a question's words name, best first."""
        return self._fleet(self._view(), principal).search(question, domain, limit)

    def _fleet(self, view: View, principal: Principal) -> VisibleFleet:
        if self._policies is not view.policies:
            self._fleets.clear()
            self._policies = view.policies
        key = _decided_by(view, principal)
        fleet = self._fleets.pop(key, None) or VisibleFleet(view, principal)
        self._fleets[key] = fleet
        while len(self._fleets) > FLEETS_MAX:
            self._fleets.popitem(last=False)
        return fleet


def _decided_by(view: View, principal: Principal) -> Hashable:
    """Everything besides the policy set that a table's decision depends on."""
    return (rights_of(principal, view.policies, view.now), frozenset(view.references.items()))
