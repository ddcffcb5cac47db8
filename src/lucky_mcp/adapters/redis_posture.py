"""Whether an account of Redis can do more than read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lucky_mcp.adapters.redis_line import Command, Failed, Reply
from lucky_mcp.model.commands import COMMANDS

UNKNOWN = "what else, cannot be told: +acl|dryrun for the account would tell"
NO_ACCOUNTS = "everything: a server before Redis 6 has no accounts"
CHANGING: tuple[Command, ...] = (
    ("SET", "k", "v"),
    ("DEL", "k"),
    ("UNLINK", "k"),
    ("EXPIRE", "k", "1"),
    ("PERSIST", "k"),
    ("RENAME", "k", "l"),
    ("GETDEL", "k"),
    ("HSET", "k", "f", "v"),
    ("LPUSH", "k", "v"),
    ("SADD", "k", "v"),
    ("ZADD", "k", "1", "v"),
    ("XADD", "k", "*", "f", "v"),
    ("RESTORE", "k", "0", "v"),
    ("PUBLISH", "k", "v"),
    ("EVAL", "return 1", "0"),
    ("FLUSHALL",),
    ("CONFIG", "SET", "maxmemory", "1"),
    ("CONFIG", "GET", "maxmemory"),
    ("ACL", "SETUSER", "u"),
    ("CLIENT", "LIST"),
    ("REPLICAOF", "NO", "ONE"),
    ("DEBUG", "OBJECT", "k"),
    ("MONITOR",),
    ("SHUTDOWN",),
)
"""One command of each group that changes something, runs code, or shows what others do."""

Ask = Callable[[Sequence[Command]], list[Reply]]


def rights_to_write(ask: Ask) -> tuple[str, ...]:
    """Return what the account can do beyond reading, by what the server says of it; nothing is tried.

    A server that does not tell counts as one on which the account can write.
    """
    (who,) = ask([("ACL WHOAMI",)])
    if not isinstance(who, bytes):
        return (UNKNOWN if isinstance(who, Failed) and who.kind == "NOPERM" else NO_ACCOUNTS,)
    answers = ask([("ACL DRYRUN", who, *each) for each in CHANGING])
    if any(each == b"OK" for each in answers):
        told = zip(CHANGING, answers, strict=True)
        return tuple(dict.fromkeys(str(command[0]) for command, answer in told if answer == b"OK"))
    if all(isinstance(each, bytes) for each in answers):
        return ()  # refused in words, each of them
    return _by_its_rules(ask([("ACL GETUSER", who)])[0])


def _by_its_rules(account: Reply) -> tuple[str, ...]:
    """Before Redis 7 the rules of the account are all that is told; who is given a group has too much."""
    if not isinstance(account, list):
        return (UNKNOWN,)
    fields = dict(zip(account[::2], account[1::2], strict=False))
    commands = fields.get(b"commands")
    if not isinstance(commands, bytes):
        return (UNKNOWN,)
    given = [word for word in commands.decode("ascii", "replace").upper().split() if word.startswith("+")]
    known = {f"+{name.replace(' ', '|')}" for name in COMMANDS} | {"+AUTH"}
    return tuple(word for word in given if word not in known)
