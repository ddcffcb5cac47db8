"""Whether an account of MySQL or MariaDB can do more than read."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Whoever has more than these can change something, run code, or read files of the server.
HARMLESS = frozenset(
    {
        *("USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "PROCESS"),
        *("REPLICATION CLIENT", "BINLOG MONITOR", "SLAVE MONITOR", "REPLICA MONITOR"),
    }
)
GRANT = re.compile(r"GRANT (?P<what>.+?) ON (?P<where>.+?) TO ", re.IGNORECASE | re.DOTALL)
COLUMNS = re.compile(r"\([^)]*\)")
GRANTABLE = re.compile(r"WITH (?:.* )?GRANT OPTION", re.IGNORECASE)


def privileges_to_write(grants: Sequence[str]) -> tuple[str, ...]:
    """Return what the lines of SHOW GRANTS allow beyond reading; empty for a read-only account.

    A line that cannot be read, a role for one (its privileges stand elsewhere), counts as one that writes.
    """
    found: dict[str, None] = {}
    for line in grants:
        match = GRANT.match(line)
        if match is None:
            found["a role, or a grant in an unknown form"] = None
            continue
        for privilege in COLUMNS.sub("", match["what"]).split(","):
            name = " ".join(privilege.upper().split())
            if name not in HARMLESS:
                found[f"{name} ON {match['where']}"] = None
        if GRANTABLE.search(line, match.end()):
            found["GRANT OPTION"] = None
    return tuple(found)
