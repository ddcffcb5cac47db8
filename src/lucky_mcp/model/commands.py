"""The commands of Redis that the gateway knows; none of them changes anything."""

from __future__ import annotations

READING = (
    *("PING", "TYPE", "PTTL", "STRLEN", "GETRANGE", "HSCAN", "HGET", "HSTRLEN", "LRANGE", "SSCAN"),
    *("ZRANGE", "XRANGE", "SCAN", "INFO", "MEMORY USAGE"),
)
"""What a read is made of, in the words of the server's own manual."""
SETTING_UP = ("SELECT", "CLIENT SETNAME", "ACL WHOAMI", "ACL DRYRUN")
"""What a connection says of itself, and asks about its own account; an account needs these as well."""
WHERE_KNOWN = ("CLIENT NO-TOUCH", "ACL GETUSER")
"""What is said to servers of some versions alone."""
COMMANDS = frozenset({*READING, *SETTING_UP, *WHERE_KNOWN})
