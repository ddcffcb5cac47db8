"""What a client is told of a request that HTTP refused: a JSON-RPC error, in words that a person can act on.

The status and these words are all: the body that was refused, and why a layer below refused it, stay here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias

from starlette.responses import Response

RequestId: TypeAlias = int | str

# Of the range that JSON-RPC leaves to servers. Never 401: some clients take it for a wrong password and
# neither drop the connection nor try again.
REFUSED = -32050
STOPPING_TEXT = "the server is stopping: connect again, and make the call again"

_TEXTS: Mapping[int, str] = {
    401: "the credential is not valid, or not any longer: ask the operator for a new one",
    403: "this credential, host or origin may not do that",
    404: "the session is not known here: connect again",
    413: "the request is larger than this server takes: make it shorter",
    421: "the server does not answer to this host name",
    429: "too much at once: wait some seconds, then try again",
    503: STOPPING_TEXT,
}
_REFUSED_TEXT = "the request was refused"
_DEFECT_TEXT = "the server met a defect of its own: try once more, then tell the operator"


def error_message(request_id: RequestId | None, status: int) -> bytes:
    """The JSON-RPC error that stands for an HTTP status; `request_id` None when it is not known."""
    text = _TEXTS.get(status, _DEFECT_TEXT if status >= 500 else _REFUSED_TEXT)
    error = {"code": REFUSED, "message": text, "data": {"httpStatus": status}}
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "error": error}, separators=(",", ":")).encode()


def error_response(status: int, *, retry_after_s: int | None = None) -> Response:
    """The same as a whole answer, for clients that read it where they sent the request."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    if status == 503:
        headers["Connection"] = "close"  # the next request shall find another process
    return Response(
        error_message(None, status), status_code=status, media_type="application/json", headers=headers
    )
