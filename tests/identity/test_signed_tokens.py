"""Signed tokens against an issuer on this machine: what holds, and everything that does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from lucky_mcp.identity.authenticator import Authenticator
from lucky_mcp.identity.signed_tokens import TOKEN_CHARS_MAX, SignedTokens
from lucky_mcp.identity.signing_keys import AGAIN_SECONDS, KEPT_SECONDS, SigningKeys
from lucky_mcp.identity.verified import CredentialRefused, Verified
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.identity_rules import IdentityRules
from lucky_mcp.policy.identity_schema import AppEntry, IssuerEntry, PersonEntry
from lucky_mcp.server.key_fetch import BYTES_MAX, fetch_keys
from tests.support.issuer import AUDIENCE, Issuer, issuers, key_named


class Ticks:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def served() -> Iterator[list[Issuer]]:
    with issuers("main", "other") as made:
        yield made


@pytest.fixture
def issuer(served: list[Issuer]) -> Issuer:
    for each in served:
        each.served, each.answer, each.asked = [key_named("first")], None, 0
    return served[0]


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def signed(ticks: Ticks) -> SignedTokens:
    keys = SigningKeys(fetch=fetch_keys, environment={}, ticks=ticks)
    return SignedTokens(keys=keys, audiences=("https://own.test/mcp",), now=lambda: datetime.now(UTC))


async def refusal(signed: SignedTokens, token: str, entry: IssuerEntry) -> str:
    with pytest.raises(CredentialRefused) as caught:
        await signed.claims(token, entry)
    return caught.value.reason


async def test_a_good_token_holds(signed: SignedTokens, issuer: Issuer) -> None:
    claims = await signed.claims(issuer.token(groups=["a"]), issuer.entry())
    assert (claims["sub"], claims["groups"]) == ("ann", ["a"])


async def test_one_of_several_audiences_is_enough(signed: SignedTokens, issuer: Issuer) -> None:
    await signed.claims(issuer.token(aud=["elsewhere", AUDIENCE]), issuer.entry())
    await signed.claims(issuer.token(aud="https://own.test/mcp"), issuer.entry(audiences=[]))


def later(seconds: float) -> int:
    return int(time.time() + seconds)


WRONG: dict[str, tuple[Callable[[Issuer], str], str]] = {
    "another issuer": (lambda it: it.token(iss="https://evil.example"), "claim iss"),
    "no issuer": (lambda it: it.token(iss=None), "claim iss"),
    "issuer a list": (lambda it: it.token(iss=[it.url]), "claim iss"),
    "another audience": (lambda it: it.token(aud="https://dify.example/mcp"), "claim aud"),
    "a longer audience": (lambda it: it.token(aud=AUDIENCE + "/"), "claim aud"),
    "no audience": (lambda it: it.token(aud=None), "claim aud"),
    "empty audience": (lambda it: it.token(aud=[]), "claim aud"),
    "expired": (lambda it: it.token(exp=later(-1)), "expired"),
    "expires now": (lambda it: it.token(exp=later(0)), "expired"),
    "no expiry": (lambda it: it.token(exp=None), "claim exp"),
    "expiry a text": (lambda it: it.token(exp=str(later(600))), "claim exp"),
    "expiry never": (lambda it: it.token(exp=float("inf")), "claim exp"),
    "not yet valid": (lambda it: it.token(nbf=later(300)), "claim nbf"),
    "issued in the future": (lambda it: it.token(iat=later(300)), "claim iat"),
    "alg none": (lambda it: it.unsigned(), "algorithm"),
    "HS256 with the public key": (lambda it: it.signed_with_the_public_key(), "algorithm"),
    "an algorithm not listed": (lambda it: it.token(alg="PS256"), "algorithm"),
    "a key that is not served": (lambda it: it.token(key=key_named("stranger")), "key is unknown"),
    "a stranger's key under a known name": (
        lambda it: it.token(key=key_named("stranger"), header={"kid": "first"}),
        "signature",
    ),
    "a key of its own in the header": (
        lambda it: it.token(
            key=key_named("stranger"),
            header={"kid": "first", "jwk": key_named("stranger").as_dict(private=False)},
        ),
        "signature|read",
    ),
    "critical header": (lambda it: it.token(header={"crit": ["b64"], "b64": False}), "header"),
    "changed afterwards": (lambda it: changed(it.token()), "signature"),
    "no signature": (lambda it: it.token().rpartition(".")[0] + ".", "signature|read"),
    "not a token": (lambda it: "a.b.c", "no signed token"),
    "two parts": (lambda it: "a.b", "no signed token"),
    "header is a list": (lambda it: "W10.W10.", "no signed token"),
    "too long": (lambda it: it.token(pad="x" * TOKEN_CHARS_MAX), "longer than"),
}


def changed(token: str) -> str:
    head, payload, signature = token.split(".")
    other = "A" if payload[30] != "A" else "B"
    return ".".join([head, payload[:30] + other + payload[31:], signature])


@pytest.mark.parametrize("what", list(WRONG))
async def test_what_does_not_hold_is_refused(what: str, signed: SignedTokens, issuer: Issuer) -> None:
    make, reason = WRONG[what]
    token = make(issuer)
    with pytest.raises(CredentialRefused, match=reason) as caught:
        await signed.claims(token, issuer.entry())
    assert token not in caught.value.reason


async def test_clocks_may_differ_a_little(signed: SignedTokens, issuer: Issuer) -> None:
    token = issuer.token(exp=later(-10), nbf=later(10))
    await signed.claims(token, issuer.entry(clock_skew_s=60))
    assert "expired" in await refusal(signed, token, issuer.entry())


@pytest.mark.parametrize("alg", ["ES256", "PS256"])
async def test_listed_algorithms_hold(alg: str, signed: SignedTokens, issuer: Issuer) -> None:
    key = key_named("curve", "EC") if alg == "ES256" else key_named("first")
    issuer.served = [key, key_named("second")]
    await signed.claims(issuer.token(key=key, alg=alg), issuer.entry(algorithms=[alg]))


async def test_keys_for_encryption_sign_nothing(signed: SignedTokens, issuer: Issuer) -> None:
    content = key_named("first").as_dict(private=False)
    for change in ({"use": "enc"}, {"alg": "RS512"}):
        issuer.answer = (200, as_json({"keys": [{**content, **change}]}))
        fresh = SignedTokens(
            keys=SigningKeys(fetch=fetch_keys, environment={}, ticks=Ticks()),
            audiences=(),
            now=lambda: datetime.now(UTC),
        )
        assert "key is unknown" in await refusal(fresh, issuer.token(), issuer.entry())


def as_json(value: object) -> bytes:
    import json

    return json.dumps(value).encode()


async def test_a_token_without_a_key_name_needs_the_only_key(signed: SignedTokens, issuer: Issuer) -> None:
    token = issuer.token(header={"kid": None})
    await signed.claims(token, issuer.entry())


async def test_a_token_without_a_key_name_does_not_choose(signed: SignedTokens, issuer: Issuer) -> None:
    issuer.served = [key_named("first"), key_named("second")]
    assert "key is unknown" in await refusal(signed, issuer.token(header={"kid": None}), issuer.entry())


async def test_keys_rotate(signed: SignedTokens, issuer: Issuer, ticks: Ticks) -> None:
    old, new = key_named("first"), key_named("second")
    await signed.claims(issuer.token(), issuer.entry())
    issuer.served = [old, new]
    ticks.now += AGAIN_SECONDS
    await signed.claims(issuer.token(key=new), issuer.entry())
    assert issuer.asked == 2
    issuer.served = [new]
    await signed.claims(issuer.token(key=old), issuer.entry())  # until it is looked at again
    ticks.now += KEPT_SECONDS
    assert "key is unknown" in await refusal(signed, issuer.token(key=old), issuer.entry())
    await signed.claims(issuer.token(key=new), issuer.entry())


async def test_made_up_key_names_make_no_requests(signed: SignedTokens, issuer: Issuer, ticks: Ticks) -> None:
    for number in range(20):
        forged = issuer.token(key=key_named("stranger"), header={"kid": f"made-up-{number}"})
        await refusal(signed, forged, issuer.entry())
    assert issuer.asked == 1
    await signed.claims(issuer.token(), issuer.entry())


async def test_an_issuer_that_is_away_locks_nobody_out_at_once(
    signed: SignedTokens, issuer: Issuer, ticks: Ticks
) -> None:
    await signed.claims(issuer.token(), issuer.entry())
    issuer.answer = (503, b"")
    ticks.now += AGAIN_SECONDS
    with capture_logs() as logs:
        assert "key is unknown" in await refusal(
            signed, issuer.token(key=key_named("second")), issuer.entry()
        )
    assert [each["event"] for each in logs] == ["keys_not_read"]
    await signed.claims(issuer.token(), issuer.entry())
    ticks.now += KEPT_SECONDS
    assert "no keys" in await refusal(signed, issuer.token(), issuer.entry())


BAD_ANSWERS = {
    "a redirect": (302, b""),
    "too much": (200, b'{"keys": [' + b" " * BYTES_MAX + b"]}"),
    "no JSON": (200, b"<html>"),
    "no keys": (200, b"{}"),
}


@pytest.mark.parametrize("what", list(BAD_ANSWERS))
async def test_only_a_small_key_set_is_taken(what: str, signed: SignedTokens, issuer: Issuer) -> None:
    issuer.answer = BAD_ANSWERS[what]
    with capture_logs():
        assert "key" in await refusal(signed, issuer.token(), issuer.entry())


async def test_without_private_network_this_one_is_not_asked(signed: SignedTokens, issuer: Issuer) -> None:
    port = issuer.jwks_url.split("/")[2].split(":")[1]
    for url in (issuer.jwks_url, f"https://127.0.0.1:{port}/main/jwks.json", f"https://localhost:{port}/"):
        entry = issuer.entry(jwks_url=url, private_network=False)
        with capture_logs():
            assert "no keys" in await refusal(signed, issuer.token(), entry)
    assert issuer.asked == 0


async def test_a_key_in_a_file_is_read_again(
    signed: SignedTokens, issuer: Issuer, ticks: Ticks, tmp_path: Path
) -> None:
    file = tmp_path / "issuer.pem"
    file.write_bytes(key_named("first").as_pem(private=False))  # type: ignore[union-attr]
    entry = issuer.entry(jwks_url="", public_key=f"file:{file}")
    await signed.claims(issuer.token(), entry)
    file.write_bytes(key_named("second").as_pem(private=False))  # type: ignore[union-attr]
    ticks.now += KEPT_SECONDS
    await signed.claims(issuer.token(key=key_named("second")), entry)
    assert "signature" in await refusal(signed, issuer.token(), entry)
    assert issuer.asked == 0


# Who a verified token names.

RULES: dict[str, Any] = {
    "roles_by_group": {"analysts": ("analyst",), "dbas": ("dba",), "finance": ("executive",)},
    "people": {"bob": PersonEntry(groups=("dbas",), attributes={"shops": ("9",)})},
    "apps": {"app:dify": AppEntry(owner="o", why="w", roles=("analyst",))},
}


def authenticator(signed: SignedTokens, entries: dict[str, IssuerEntry]) -> Authenticator:
    def holder(secret: str) -> Verified | None:
        is_known = secret == "lk_good"
        return Verified(principal=Principal(subject="tim", roles=("dba",))) if is_known else None

    rules = IdentityRules(issuers=entries, **RULES)
    return Authenticator(holder=holder, signed=signed, rules=lambda: rules)


NAMED: dict[str, tuple[dict[str, Any], dict[str, Any], Principal]] = {
    "groups give roles": (
        {"groups": ["analysts", "dbas"]},
        {"groups": ["analysts", "dbas"]},
        Principal(subject="ann", roles=("analyst", "dba")),
    ),
    "one group as a text": (
        {"groups": ["analysts"]},
        {"groups": "analysts"},
        Principal(subject="ann", roles=("analyst",)),
    ),
    "a group it may not vouch for gives nothing": (
        {"groups": ["analysts"]},
        {"groups": ["finance", "analysts"]},
        Principal(subject="ann", roles=("analyst",)),
    ),
    "unmapped groups give nothing": (
        {"groups": ["analysts"]},
        {"groups": ["everyone", "system:catalog", "analyst"]},
        Principal(subject="ann", roles=()),
    ),
    "claims of other names give nothing": (
        {"groups": ["analysts"]},
        {"roles": ["dba"], "attributes": {"shops": ["1"]}, "app": {"sub": "app:x", "roles": ["dba"]}},
        Principal(subject="ann", roles=()),
    ),
    "another claim has the groups": (
        {"groups": ["analysts"], "groups_claim": "https://x.example/groups"},
        {"https://x.example/groups": ["analysts"], "groups": ["dbas"]},
        Principal(subject="ann", roles=("analyst",)),
    ),
    "people of the file": (
        {"groups": ["analysts"], "attributes": {"shops": "stores"}},
        {"sub": "bob", "groups": ["analysts"], "stores": [1, 2]},
        Principal(subject="bob", roles=("analyst", "dba"), attributes={"shops": ("9",)}),
    ),
    "attributes by claim": (
        {"groups": ["analysts"], "attributes": {"shops": "stores", "area": "area"}},
        {"groups": ["analysts"], "stores": [1, "2", None, True, {"a": 1}]},
        Principal(subject="ann", roles=("analyst",), attributes={"shops": ("1", "2")}),
    ),
    "a prefix": (
        {"groups": ["analysts"], "subject_prefix": "okta:"},
        {"groups": ["analysts"]},
        Principal(subject="okta:ann", roles=("analyst",)),
    ),
    "a verified address": (
        {"groups": ["analysts"], "subject_claim": "email"},
        {"groups": ["analysts"], "email": "ann@x.example", "email_verified": True},
        Principal(subject="ann@x.example", roles=("analyst",)),
    ),
    "a service": (
        {"services": {"client-7": "app:dify"}},
        {"sub": "client-7", "groups": ["dbas"]},
        Principal(subject="app:dify", roles=("analyst",)),
    ),
    "a service by its verified address": (
        {"subject_claim": "email", "services": {"bot@x.example": "app:dify"}},
        {"email": "bot@x.example", "email_verified": True},
        Principal(subject="app:dify", roles=("analyst",)),
    ),
}


@pytest.mark.parametrize("what", list(NAMED))
async def test_who_a_token_names(what: str, signed: SignedTokens, issuer: Issuer) -> None:
    changes, claims, expected = NAMED[what]
    entries = {"main": issuer.entry(**changes)}
    verified = await authenticator(signed, entries).authenticate(issuer.token(**claims))
    assert verified.principal == expected
    assert verified.expires is not None and verified.expires > datetime.now(UTC)


NOT_NAMED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an app": ({}, {"sub": "app:dify"}),
    "the gateway itself": ({}, {"sub": "system:catalog"}),
    "the demo": ({}, {"sub": "demo:dba"}),
    "an app by a prefix": ({"subject_prefix": "x:"}, {"sub": "app:dify"}),
    "somebody of another issuer": ({}, {"sub": "other:ann"}),
    "no subject": ({}, {"sub": None}),
    "an empty subject": ({}, {"sub": ""}),
    "a subject of odd letters": ({}, {"sub": "ann\nbob"}),
    "an address that nobody verified": ({"subject_claim": "email"}, {"email": "ann@x.example"}),
    "an address that was not verified": (
        {"subject_claim": "email"},
        {"email": "ann@x.example", "email_verified": "false"},
    ),
    "an app by an address that nobody verified": (
        {"subject_claim": "email", "services": {"bot@x.example": "app:dify"}},
        {"email": "bot@x.example", "email_verified": False},
    ),
}


@pytest.mark.parametrize("what", list(NOT_NAMED))
async def test_whom_a_token_cannot_name(
    what: str, signed: SignedTokens, issuer: Issuer, served: list[Issuer]
) -> None:
    changes, claims = NOT_NAMED[what]
    entries = {"main": issuer.entry(**changes), "other": served[1].entry(subject_prefix="other:")}
    with pytest.raises(CredentialRefused, match="subject|e-mail|claim sub"):
        await authenticator(signed, entries).authenticate(issuer.token(**claims))


async def test_each_credential_is_for_its_own_provider(
    signed: SignedTokens, issuer: Issuer, served: list[Issuer]
) -> None:
    other = served[1]
    entries = {
        "main": issuer.entry(groups=["analysts"]),
        "other": other.entry(groups=["dbas"], subject_prefix="other:"),
        "forwarding": issuer.entry(issuer=f"{issuer.url}/sso", accepts="forwarded"),
    }
    all_of_them = authenticator(signed, entries)

    async def caller(secret: str) -> Principal:
        return (await all_of_them.authenticate(secret)).principal

    both = ["analysts", "dbas"]
    assert await caller("lk_good") == Principal(subject="tim", roles=("dba",))
    assert await caller(issuer.token(groups=both)) == Principal(subject="ann", roles=("analyst",))
    assert await caller(other.token(groups=both)) == Principal(subject="other:ann", roles=("dba",))
    other.served = [key_named("second")]  # the keys of one say nothing about the tokens of the other
    for secret in ("lk_bad", "", "a.b.c", issuer.token(iss=f"{issuer.url}/sso"), issuer.token(iss="x")):
        with pytest.raises(CredentialRefused):
            await caller(secret)
