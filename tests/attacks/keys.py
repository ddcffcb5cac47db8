"""Private Redis servers that each hold one laden world of keys, under the product's own rules.

What no rule shows is a token: names of sessions and leads, fields that are not listed, hidden parts of the others,
and keys of no form at all, of which the neighbour has fewer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from urllib.parse import quote

import redis

from lucky_mcp.adapters.registry import Registry
from lucky_mcp.gateway.execute import Executor
from lucky_mcp.model.source import Kind, Server
from lucky_mcp.policy.policy_set import PolicySet
from tests.attacks.canaries import digits, token
from tests.attacks.houses import House, house_over
from tests.support.house import policies_over
from tests.support.keyed import PASSWORD, make_reader
from tests.support.redis_server import RedisServer, redis_server
from tests.support.token_keys import KEYS

CLUSTERS = ("luckyus-isales-market", "luckyus-isales-order", "luckyus-session", "luckyus-scm-shopstock")
WORLDS = ("a", "b")
CUSTOMERS, SESSIONS = 30, 40
OF_NO_FORM = {"a": 60, "b": 7}
SECONDS = 50_000
Fields = Mapping[str, str]
# Documents as programs write them, and as nobody should; `redis_values.yaml` asks for them by their numbers.
SPELLINGS: tuple[Callable[[Fields], str], ...] = (
    lambda fields: " " + json.dumps(fields),
    lambda fields: "\ufeff" + json.dumps(fields),
    lambda fields: f"{json.dumps(fields)}\n{json.dumps(fields)}",
    lambda fields: json.dumps(json.dumps(fields)),
    lambda fields: json.dumps(json.dumps([json.dumps(fields)])),
    lambda fields: json.dumps(fields)[:-1] + ', "n": ' + "9" * 5_000 + "}",
    lambda fields: "[" * 100_000 + json.dumps(fields) + "]" * 100_000,
    lambda fields: json.dumps(fields)[:-1],
    repr,
    lambda fields: "&".join(f"{name}={value}" for name, value in fields.items()),
    lambda fields: "".join(f"<{name}>{value}</{name}>" for name, value in fields.items()),
    lambda fields: "\n".join(f"{name}: {value}" for name, value in fields.items()),
    lambda fields: json.dumps({json.dumps(fields): 1}),
    lambda fields: quote(json.dumps(fields)),
)


@dataclass(frozen=True, kw_only=True)
class LadenKeys:
    """A server with a world of keys, and what an attacker guesses at."""

    world: str
    running: RedisServer
    facts: Mapping[str, str]

    def checksum(self) -> str:
        """Return what every key and value comes to."""
        made = hashlib.sha256()
        for number in range(len(CLUSTERS)):
            with self.running.client() as admin:
                admin.execute_command("SELECT", number)
                for name in sorted(admin.scan_iter(count=1000)):
                    made.update(name + repr(_whole(admin, name)).encode())
        return made.hexdigest()


def _whole(admin: redis.Redis, name: bytes) -> object:
    """Return a value in an order of its own, and whether it ends."""
    reads = {
        b"string": lambda: admin.get(name),
        b"hash": lambda: sorted(admin.hgetall(name).items()),
        b"zset": lambda: admin.zrange(name, 0, -1, withscores=True),
        b"stream": lambda: admin.xrange(name),
    }
    return reads[admin.type(name)](), admin.ttl(name) < 0


@contextmanager
def laden_keys(world: str) -> Iterator[LadenKeys]:
    """Run a server with a world."""
    with redis_server(password="root of all") as running:
        make_reader(running)
        rng, facts = Random(f"keys {world}"), {}
        for number, write in enumerate((_market, _orders, _sessions, _stock)):
            admin = redis.Redis(
                unix_socket_path=str(running.folder / "redis.sock"), password="root of all", db=number
            )
            with admin:
                facts |= write(admin, rng)
                for _ in range(OF_NO_FORM[world]):
                    admin.set(f"{token(rng)}", token(rng))
                    admin.set(b"\xff\x00" + token(rng).encode(), token(rng))
                    admin.set(f"order:{token(rng)}\r\nGET {token(rng)}", token(rng))
                    admin.set(f"ключ:{token(rng)}", token(rng))
        yield LadenKeys(world=world, running=running, facts=facts)


def _market(admin: redis.Redis, rng: Random) -> dict[str, str]:
    phone = user = ""
    for number in range(CUSTOMERS):
        user = f"U{100_000_000 + number}"
        admin.set(f"CONTACT_day:{user}", number % 7, ex=SECONDS if number % 2 else None)
        phone = f"{digits(rng, 8)}{1000 + number}"
        admin.set(f"lead:{phone}", json.dumps(_lead(rng, phone)))
        admin.set(f"blacklist:{user}{digits(rng, 3)}", token(rng))
        admin.set(f"session:{token(rng, 20)}", token(rng), ex=SECONDS)
    return {"lead": phone, "blacklisted": user}


def _lead(rng: Random, phone: str) -> dict[str, object]:
    return {
        "channel": "app",
        "city": "New York",
        "note": f"ring +{digits(rng)} or {token(rng)}@mail.example",
        "phone": phone,
        "contact": {"email": f"{token(rng)}@mail.example", "name": token(rng), "api_key": token(rng)},
        "inside": json.dumps({"phone": digits(rng), "more": [{"email": f"{token(rng)}@x.example"}]}),
        token(rng): "a name that is a value",
    }


def _orders(admin: redis.Redis, rng: Random) -> dict[str, str]:
    made = {}
    for number in range(CUSTOMERS):
        contact = f"{digits(rng, 8)}{1000 + number}"
        made = {
            "order_id": str(100_000_000_000 + number),
            "order_status": "90",
            "pay_amount": "4.75",
            "user_no": f"U{100_000_000 + number}",
            "phone": contact,
            "email": f"{token(rng)}@mail.example",
            "remark": f"less ice, {token(rng)}@mail.example or +{digits(rng)}",
            "items": json.dumps([{"sku": "SP1001", "phone": contact, "email": f"{token(rng)}@mail.example"}]),
            "auth_token": token(rng, 1500),  # sizes are told in powers of ten: far from one of them
            "rider": token(rng),
            token(rng): token(rng),
        }
        admin.hset(f"order:{made['order_id']}", mapping=made)
        admin.expire(f"order:{made['order_id']}", SECONDS)
    for number, spelled in enumerate(SPELLINGS):
        inner = {
            "phone": f"{digits(rng, 8)}1000",
            "email": f"{token(rng)}@mail.example",
            "password": token(rng),
        }
        admin.hset(
            f"order:{200_000_000_000 + number}", mapping={"order_status": "90", "items": spelled(inner)}
        )
    admin.xadd(
        "order:events", {"order_id": "1", "phone": f"{digits(rng, 8)}1000", "rider": token(rng)}, id="1-1"
    )
    admin.set("order:999", token(rng))  # of another type
    return {"order": made["order_id"], "rider": made["rider"], "order_phone": made["phone"]}


def _sessions(admin: redis.Redis, rng: Random) -> dict[str, str]:
    name = ""
    for _ in range(SESSIONS):
        name = token(rng, 24)
        admin.set(f"session:{name}", json.dumps({"user": token(rng), "phone": digits(rng)}), ex=SECONDS)
        admin.set(f"auth:access:{token(rng, 24)}", token(rng, 20), ex=SECONDS)
    return {"session": name}


def _stock(admin: redis.Redis, rng: Random) -> dict[str, str]:
    for number in range(20):
        fields = {"quantity": number, "unit": "pc", "supplier": token(rng), "password": token(rng)}
        admin.hset(f"stock:10001:GM{number}", mapping=fields)
    admin.zadd("low:10001", {"GM1": 3, "GM2": 5})
    return {}


@asynccontextmanager
async def key_house(policies: Path, folder: Path, loaded: LadenKeys) -> AsyncIterator[House]:
    """Open a server over a world of keys."""
    executor = Executor(Registry({PASSWORD: "let me read"}, KEYS))
    found = _over(policies_over(policies, folder, has_token_key=True), loaded.running)
    async with house_over(found, executor, "redis", loaded.world, loaded.facts) as made:
        yield made


def _over(policies: PolicySet, running: RedisServer) -> PolicySet:
    """Return the policies with the clusters on a server, a database for each."""
    sources = dict(policies.sources)
    for number, name in enumerate(CLUSTERS):
        server = Server(
            host=str(running.folder / "redis.sock"),
            port=6379,
            user="lucky_reader",
            password=f"env:{PASSWORD}",
            database=str(number),
            tls=False,
        )
        sources[name] = replace(sources[name], kind=Kind.REDIS, url="", server=server)
    return replace(policies, sources=sources, references={})
