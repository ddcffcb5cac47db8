"""Signed tokens that reviewers have revoked before they expire."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.gateway.review.changes import Effect
from lucky_mcp.gateway.review.identity_changes import identity_changes
from lucky_mcp.identity.authenticator import Authenticator
from lucky_mcp.identity.signed_tokens import SignedTokens
from lucky_mcp.identity.signing_keys import SigningKeys
from lucky_mcp.identity.verified import CredentialRefused
from lucky_mcp.policy.identity_rules import IdentityRules, read_identity
from lucky_mcp.policy.revoked_schema import REVOKED_MAX
from lucky_mcp.policy.yaml_files import YamlFile
from lucky_mcp.server.key_fetch import fetch_keys
from tests.support.issuer import Issuer, issuers

NOON = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp())
NOON_TEXT = "2026-01-01T12:00:00Z"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuers("main") as (made,):
        yield made


@pytest.fixture
def signed() -> SignedTokens:
    keys = SigningKeys(fetch=fetch_keys, environment={}, ticks=lambda: 0.0)
    return SignedTokens(keys=keys, audiences=(), now=lambda: datetime.now(UTC))


async def is_taken(signed: SignedTokens, issuer: Issuer, revoked: Any, changes: Any, claims: Any) -> bool:
    entry = issuer.entry(revoked=[{"why": "lost", **each} for each in revoked], **changes)
    try:
        await signed.claims(issuer.token(**claims), entry)
    except CredentialRefused as refusal:
        assert refusal.reason == "it was revoked in identity.yaml"
        return False
    return True


ANN, BEFORE = {"subject": "ann"}, {"subject": "ann", "issued_before": NOON_TEXT}
EMAIL = {"subject_claim": "email"}
REFUSED: dict[str, tuple[list[Any], dict[str, Any], dict[str, Any]]] = {
    "its jti": ([{"jti": "a"}], {}, {"jti": "a"}),
    "the second entry": ([{"jti": "a"}, {"jti": "b"}], {}, {"jti": "b"}),
    "its subject": ([ANN], {}, {"sub": "ann"}),
    "its subject with a jti": ([ANN], {}, {"sub": "ann", "jti": "a"}),
    "its subject as it is here": ([{"subject": "m:ann"}], {"subject_prefix": "m:"}, {}),
    "its subject as the issuer writes it": ([ANN], {"subject_prefix": "m:"}, {}),
    "its subject by another claim": ([{"subject": "a@x.example"}], EMAIL, {"email": "a@x.example"}),
    "its claim sub beside that": ([ANN], EMAIL, {"email": "a@x.example"}),
    "an older one": ([BEFORE], {}, {"iat": NOON - 1}),
    "one of no known age": ([BEFORE], {}, {"iat": None}),
    "one of a clock that is ahead": ([BEFORE], {"clock_skew_s": 60}, {"iat": NOON + 59}),
}
TAKEN: dict[str, tuple[list[Any], dict[str, Any], dict[str, Any]]] = {
    "no entry": ([], {}, {"jti": "a"}),
    "another jti": ([{"jti": "a"}], {}, {"jti": "b"}),
    "no jti": ([{"jti": "a"}], {}, {}),
    "a jti of other letters": ([{"jti": "a"}], {}, {"jti": "A"}),
    "another subject": ([ANN], {}, {"sub": "anna"}),
    "a subject as a jti": ([{"jti": "ann"}], {}, {}),
    "a newer one": ([BEFORE], {}, {"iat": NOON}),
    "of another, whatever its age": ([BEFORE], {}, {"sub": "bob", "iat": NOON - 1}),
}


@pytest.mark.parametrize("what", list(REFUSED))
async def test_a_revoked_token_is_refused(what: str, signed: SignedTokens, issuer: Issuer) -> None:
    revoked, changes, claims = REFUSED[what]
    assert not await is_taken(signed, issuer, revoked, changes, claims)
    assert await is_taken(signed, issuer, [], changes, claims)


@pytest.mark.parametrize("what", list(TAKEN))
async def test_other_tokens_go_on(what: str, signed: SignedTokens, issuer: Issuer) -> None:
    assert await is_taken(signed, issuer, *TAKEN[what])


FILE = """
issuers:
  people: {{issuer: "{url}", owner: it, jwks_url: "{url}/jwks.json", private_network: true, groups: [g]{revoked}}}
  users: {{issuer: "{url}", owner: it, jwks_url: "{url}/jwks.json", private_network: true, accepts: forwarded}}
groups: {{g: {{roles: [analyst], why: t}}}}
"""


def rules(issuer: Issuer, folder: Path, revoked: str = "") -> IdentityRules:
    path = folder / "identity.yaml"
    path.write_text(FILE.format(url=issuer.url, revoked=revoked and f", revoked: [{revoked}]"))
    return read_identity(YamlFile(path, folder), ["analyst"], {})


async def test_a_list_that_comes_into_force_counts_for_the_next_request(
    signed: SignedTokens, issuer: Issuer, tmp_path: Path
) -> None:
    """As after a reload of the policies; both entries of an issuer heed what one of them has revoked."""
    in_force = [rules(issuer, tmp_path)]
    known = Authenticator(holder=lambda _: None, signed=signed, rules=lambda: in_force[0])
    signed._audiences = ("https://lucky.test/mcp",)
    token = issuer.token(jti="a", iat=int(time.time()) - 60)
    assert (await known.authenticate(token)).principal.subject == "ann"
    in_force[0] = rules(issuer, tmp_path, "{jti: a, why: a laptop was lost}")
    with pytest.raises(CredentialRefused, match="revoked"):
        await known.authenticate(token)
    with pytest.raises(CredentialRefused, match="revoked"), capture_logs():
        await signed.claims(token, in_force[0].issuers["users"])
    assert (await known.authenticate(issuer.token(jti="b"))).principal.subject == "ann"


def test_a_list_has_a_bound(issuer: Issuer, tmp_path: Path) -> None:
    """Each token is held against the whole list."""
    entries = ", ".join(f"{{jti: j{number}, why: t}}" for number in range(REVOKED_MAX + 1))
    with pytest.raises(ConfigurationError, match=f"at most {REVOKED_MAX}"):
        rules(issuer, tmp_path, entries)


ONE, TWO = "{jti: a, why: t}", "{subject: ann, issued_before: 2026-01-01T12:00:00Z, why: t}"
LATER = "{subject: ann, issued_before: 2026-02-01T12:00:00Z, why: t}"


@pytest.mark.parametrize(
    ("was", "now", "effect"),
    [
        ("", ONE, Effect.NARROWS),
        (ONE, f"{ONE}, {TWO}", Effect.NARROWS),
        (ONE, "", Effect.WIDENS),
        (f"{ONE}, {TWO}", TWO, Effect.WIDENS),
        (TWO, LATER, Effect.WIDENS),
    ],
)
def test_a_difference_says_which_tokens_count_again(
    was: str, now: str, effect: Effect, issuer: Issuer, tmp_path: Path
) -> None:
    changes = list(identity_changes(rules(issuer, tmp_path, was), rules(issuer, tmp_path, now)))
    assert {each.effect for each in changes} == {effect}
    assert {each.rule for each in changes} == {"issuer:people", "issuer:users"}
    (text,) = {each.what for each in changes}
    assert ("jti a" in text) is (ONE in was + now)
    assert ("subject ann before 2026-01-01T12:00:00+00:00" in text) is (TWO in was + now)
