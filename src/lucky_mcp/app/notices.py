"""What an operator should know of how a server is set up, said once where it starts, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lucky_mcp.app.identity import identity_file
from lucky_mcp.policy.without_key import TOKEN_KEY
from lucky_mcp.settings import Settings


def notices(settings: Settings, environment: Mapping[str, str], *, demo: bool, http: bool) -> Iterator[str]:
    """Yield one line for each thing; what stops a start is no notice."""
    if demo:
        if not environment.get(TOKEN_KEY):
            yield f"{TOKEN_KEY} is not set: where a mask is token, [redacted] is shown"
        return
    if not settings.audit_key:
        yield (
            "warning: LUCKY_AUDIT_KEY is not set: the audit log is sealed with a key that lies beside it, so"
            " whoever may write the log can also forge it; see docs/audit.md"
        )
    if http:
        yield from _of_http(settings)


def _of_http(settings: Settings) -> Iterator[str]:
    from lucky_mcp.server.transports import is_loopback

    if not is_loopback(settings.host) and not settings.hosts:
        yield (
            "warning: neither LUCKY_PUBLIC_URL nor LUCKY_ALLOWED_HOSTS is set: calls by this server's address"
            " are answered, calls by a name are refused (421)"
        )
    if settings.sse and settings.workers > 1:
        yield (
            "warning: LUCKY_SSE: /sse is not served, as its sessions live in one process and LUCKY_WORKERS is"
            " more than 1; see docs/clients.md"
        )
    processes = settings.workers * settings.limits_processes
    delegates = settings.policies is not None and any(
        app.delegates_for for app in identity_file(settings.policies).apps.values()
    )
    if delegates and processes > 1 and not settings.limits_url:
        yield (
            "warning: LUCKY_LIMITS_URL is not set, and handles would be known to one process of several: no"
            " handle for an app is made (503)"
        )
