"""POST /delegations, DELETE /delegations/ID: for services that know the person whom an app will ask for."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastmcp import FastMCP
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from lucky_mcp.errors import AuditUnavailable
from lucky_mcp.gateway.delegating import Delegating, TooMany
from lucky_mcp.identity.delegations import SECONDS_DEFAULT, Asked, DelegationRefused, HandlesAway
from lucky_mcp.model.principal import Principal

PATH = "/delegations"
BODY_BYTES_MAX = 8_192
GROUPS_MAX = 200
log = structlog.get_logger(__name__)


class _Body(BaseModel):
    """What a service posts; `ttl` in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, strict=True)

    subject: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    groups: list[Annotated[str, StringConstraints(max_length=200)]] = Field(
        default_factory=list, max_length=GROUPS_MAX
    )
    app: Annotated[str, StringConstraints(max_length=128)] = ""
    ttl: int = SECONDS_DEFAULT


class _Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, error: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.answer = _json(status, {"error": error, "message": message}, headers)


def add_delegation_routes(server: FastMCP, delegating: Delegating) -> None:
    """Let services make and take back handles at `/delegations`; every answer is JSON."""

    @server.custom_route(PATH, methods=["POST"])
    async def mint(request: Request) -> Response:
        try:
            return await _minted(delegating, _service(request), await _body(request))
        except _Refused as refusal:
            return refusal.answer
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody
        except Exception as failure:
            return _failed(failure)

    @server.custom_route(PATH + "/{id}", methods=["DELETE"])
    async def revoke(request: Request) -> Response:
        try:
            gone = await delegating.revoke(_service(request), request.path_params["id"])
        except _Refused as refusal:
            return refusal.answer
        except Exception as failure:
            return _failed(failure)
        if not gone:
            return _json(404, {"error": "not_found", "message": "this service has made no such handle"})
        return Response(status_code=204)


async def _minted(delegating: Delegating, service: Principal, body: _Body) -> Response:
    asked = Asked(subject=body.subject, groups=tuple(body.groups), app=body.app, ttl_s=body.ttl)
    minted = await delegating.mint(service, asked)
    made = minted.delegation
    told = {
        "lucky_ctx": minted.handle,
        "id": made.id,
        "app": made.app,
        "expires_at": made.expires.isoformat(timespec="seconds"),
        "expires_in": body.ttl,
    }
    return _json(201, told)


def _service(request: Request) -> Principal:
    """Who calls, by its own bearer credential; a service needs no role, since it reads nothing itself."""
    user = request.scope.get("user")
    if not isinstance(user, AuthenticatedUser):
        challenge = {"WWW-Authenticate": "Bearer"}
        raise _Refused(401, "not_authenticated", "a bearer credential is needed", challenge)
    return Principal(subject=user.access_token.subject or "", roles=())


async def _body(request: Request) -> _Body:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > BODY_BYTES_MAX:
            raise _Refused(413, "too_large", f"a request has at most {BODY_BYTES_MAX:,} bytes")
    try:
        return _Body.model_validate_json(content)
    except ValidationError as error:
        wrong = sorted({".".join(map(str, each["loc"][:1])) or "the body" for each in _errors(error)})
        keys = ", ".join(_Body.model_fields)
        message = f"not accepted: {', '.join(wrong)[:200]}; a JSON object has {keys}"
        raise _Refused(400, "invalid_request", message) from None


def _errors(error: ValidationError) -> list[Any]:
    return error.errors(include_url=False, include_context=False, include_input=False)


def _failed(failure: Exception) -> Response:
    if isinstance(failure, DelegationRefused):
        return _json(403, {"error": "not_allowed", "message": failure.reason})
    if isinstance(failure, TooMany):
        told = {"error": "rate_limited", "message": f"try again in {failure.seconds} s"}
        return _json(429, told, {"Retry-After": str(failure.seconds)})
    if not isinstance(failure, HandlesAway | AuditUnavailable):
        log.error("defect", what="a delegation failed", exc_info=failure)
        return _json(500, {"error": "defect", "message": "the server met a defect of its own"})
    log.error("no delegation", why=type(failure).__name__)
    message = "handles cannot be made or taken back now; try again in some seconds"
    return _json(503, {"error": "unavailable", "message": message}, {"Retry-After": "5"})


def _json(status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(content, status, {"Cache-Control": "no-store", **(headers or {})})
