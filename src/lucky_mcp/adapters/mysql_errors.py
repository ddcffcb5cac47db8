"""MySQL's and MariaDB's errors, told apart by number; their text stays inside the gateway."""

from __future__ import annotations

import re

import pymysql

from lucky_mcp.errors import EngineError, EngineErrorKind, LoginRefused

# Of the errors that are found before a row is read. What is not here is an error of some row.
KINDS: dict[int, EngineErrorKind] = {
    1052: EngineErrorKind.AMBIGUOUS_NAME,
    1054: EngineErrorKind.UNKNOWN_NAME,
    # the statement as such: syntax, grouping, operands, functions, types, collations
    **dict.fromkeys(
        (1055, 1056, 1060, 1064, 1066, 1110, 1111, 1128, 1140, 1149, 1210, 1221, 1222, 1241, 1247, 1248),
        EngineErrorKind.INVALID_QUERY,
    ),
    **dict.fromkeys(
        (
            1250,
            1267,
            1270,
            1271,
            1305,
            1370,
            1327,
            1353,
            1463,
            1476,
            1582,
            1583,
            3593,
            3594,
            4006,
            4015,
            4016,
        ),
        EngineErrorKind.INVALID_QUERY,
    ),
    **dict.fromkeys((1290, 1792, 1836), EngineErrorKind.INVALID_QUERY),  # it would write
    **dict.fromkeys((1049, 1051, 1146), EngineErrorKind.CHANGED),
    **dict.fromkeys((1142, 1143, 1227, 1356), EngineErrorKind.FORBIDDEN),
    **dict.fromkeys((1205, 1969, 3024), EngineErrorKind.TIMEOUT),
    1317: EngineErrorKind.CANCELLED,
    # lost, full, shutting down, killed, or refused at the door
    **dict.fromkeys(
        (1040, 1043, 1044, 1045, 1053, 1129, 1130, 1158, 1159, 1160, 1161, 1203, 1226, 1251),
        EngineErrorKind.UNAVAILABLE,
    ),
    **dict.fromkeys(
        (1927, 2002, 2003, 2005, 2006, 2012, 2013, 2026, 2055, 4031), EngineErrorKind.UNAVAILABLE
    ),
}
LOGIN = frozenset({1045, 1698})
UNKNOWN_COLUMN = re.compile(r"Unknown column '([^']*)'")


def mysql_error(failure: Exception) -> EngineError:
    """Return the failure as a closed kind with the driver's words as internal detail."""
    if isinstance(failure, pymysql.err.InterfaceError | OSError):
        return EngineError(EngineErrorKind.UNAVAILABLE, str(failure))
    number = failure.args[0] if failure.args else None
    if number in LOGIN:
        return LoginRefused(str(failure))
    kind = KINDS.get(number) if isinstance(number, int) else None
    detail = str(failure)
    if kind is EngineErrorKind.UNKNOWN_NAME:
        return EngineError(kind, _quoted(detail))
    return EngineError(kind or EngineErrorKind.RUNTIME, detail)


def _quoted(detail: str) -> str:
    """Begin with the column's own name in double quotes, as other engines say it."""
    match = UNKNOWN_COLUMN.search(detail)
    return f'"{match.group(1).rpartition(".")[2]}": {detail}' if match else detail
