"""A meter in Redis: what several processes count together, by the clock of that server."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from lucky_mcp.limits.meter import LEASE_SECONDS, Charge, Wait

if TYPE_CHECKING:
    from redis.asyncio import Redis

PREFIX = "lucky-mcp:quota:"
ANSWER_SECONDS = 0.5
KEPT_SECONDS = 2 * 86_400

# One script, so that reads of several processes are admitted one after the other. KEYS: levels, leases.
# ARGV: lease, places (0: any number), lease seconds, kept seconds, 1 to admit or 0 to settle; then of each
# charge kind, limit, period and amount. It computes as Charge does. Returns seconds to wait, and the kind.
SCRIPT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local lease, places, admits = ARGV[1], tonumber(ARGV[2]), ARGV[5] == '1'
local wait, met, levels = 0, '', {}
for i = 6, #ARGV, 4 do
  local kind, limit, amount = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 3])
  local fall = limit / tonumber(ARGV[i + 2])
  local known = redis.call('HMGET', KEYS[1], kind, kind .. ':at')
  local level = tonumber(known[1] or '0')
  level = math.max(0, level - math.max(0, now - tonumber(known[2] or now)) * fall)
  local over = level - limit
  local is_met = over >= 0
  if amount > 0 then
    over = level + amount - limit
    is_met = over > 0
  end
  if admits and is_met then
    local seconds = math.max(over / fall, 0.001)
    if seconds > wait then wait, met = seconds, kind end
  end
  levels[#levels + 1] = {kind, level + amount}
end
if admits then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  if places > 0 and redis.call('ZCARD', KEYS[2]) >= places and wait < 1 then
    wait, met = 1, 'reads_at_once'
  end
  if wait > 0 then return {tostring(wait), met} end
  redis.call('ZADD', KEYS[2], now + tonumber(ARGV[3]), lease)
  redis.call('EXPIRE', KEYS[2], ARGV[3])
else
  redis.call('ZREM', KEYS[2], lease)
end
for _, each in ipairs(levels) do
  redis.call('HSET', KEYS[1], each[1], string.format('%.6f', each[2]),
             each[1] .. ':at', string.format('%.6f', now))
end
if #levels > 0 then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
return {'0', ''}
"""


class SharedMeter:
    """Counts in one Redis, callers by hashes of their names; raises the client's errors when that is away."""

    def __init__(self, url: str, password: str | None = None) -> None:
        from redis.asyncio import Redis

        self._redis: Redis = Redis.from_url(
            url,
            password=password,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            client_name="lucky-mcp",
        )
        self._script = self._redis.register_script(SCRIPT)

    async def admit(
        self, who: str, charges: tuple[Charge, ...], places: int | None, lease: str
    ) -> Wait | None:
        """Charge a read that begins; see `Meter`."""
        seconds, kind = await self._run(who, charges, places or 0, lease, admits="1")
        found = float(seconds)
        return Wait(kind=kind.decode(), seconds=found) if found > 0 else None

    async def settle(self, who: str, charges: tuple[Charge, ...], lease: str) -> None:
        """Charge what a read has used; see `Meter`."""
        await self._run(who, charges, 0, lease, admits="0")

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _run(
        self, who: str, charges: tuple[Charge, ...], places: int, lease: str, *, admits: str
    ) -> tuple[bytes, bytes]:
        # The braces keep both keys of a caller on one node of a cluster.
        key = f"{PREFIX}{{{hashlib.sha256(who.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}}}"
        arguments: list[Any] = [lease, places, LEASE_SECONDS, KEPT_SECONDS, admits]
        for each in charges:
            arguments += [each.kind, repr(float(each.limit)), repr(float(each.period_s)), repr(each.amount)]
        seconds, kind = await self._script(keys=[f"{key}:levels", f"{key}:leases"], args=arguments)
        return seconds, kind
