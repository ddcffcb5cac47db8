from __future__ import annotations

import hashlib
import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.claims import claims_of, principal_of
from lucky_mcp.identity.demo import DemoTokens
from lucky_mcp.identity.tokens import TokenStore
from lucky_mcp.model.principal import Principal

START = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def counting_random() -> object:
    """Bytes that look random enough and are the same in each run."""
    state = [0]

    def random_bytes(size: int) -> bytes:
        state[0] += 1
        return hashlib.sha256(str(state[0]).encode()).digest()[:size]

    return random_bytes


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens.json"


@pytest.fixture
def store(path: Path, clock: Clock) -> TokenStore:
    return TokenStore(path, now=clock, random_bytes=counting_random())  # type: ignore[arg-type]


def reader(path: Path, clock: Clock) -> TokenStore:
    """Another process's view of the same file."""
    return TokenStore(path, now=clock, random_bytes=os.urandom)


def test_a_secret_is_verified_and_kept_as_a_hash_only(store: TokenStore, path: Path) -> None:
    made = store.create(subject="ann@x.example", roles=("analyst", "dba"), attributes={"shops": ("1", "2")})
    assert made.secret.startswith("lk_") and len(made.secret) == 3 + 43
    assert store.verify(made.secret) == Principal(
        subject="ann@x.example", roles=("analyst", "dba"), attributes={"shops": ("1", "2")}
    )
    content = path.read_text()
    assert made.secret not in content and made.secret[3:] not in content
    assert hashlib.sha256(made.secret.encode()).hexdigest() in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("change", ["", "lk_", "demo-analyst", "x", "\ud800", "lk_" + "A" * 43, "é"])
def test_other_secrets_are_nobody(store: TokenStore, change: str) -> None:
    made = store.create(subject="ann", roles=("analyst",))
    assert store.verify(change) is None
    assert store.verify(made.secret + change) is None or not change
    assert store.verify(made.secret[:-1]) is None


def test_nobody_is_known_without_a_file(store: TokenStore) -> None:
    assert store.verify("lk_x") is None
    assert store.tokens() == ()


def test_a_token_ends_at_its_time(store: TokenStore, clock: Clock) -> None:
    made = store.create(subject="ann", roles=("analyst",), expires=START + timedelta(days=1))
    clock.now = START + timedelta(days=1, microseconds=-1)
    assert store.verify(made.secret) is not None
    clock.now = START + timedelta(days=1)
    assert store.verify(made.secret) is None


def test_a_running_process_heeds_what_another_wrote(store: TokenStore, path: Path, clock: Clock) -> None:
    other = reader(path, clock)
    assert other.verify("lk_x") is None
    made = store.create(subject="ann", roles=("analyst",))
    assert other.verify(made.secret) is not None
    assert store.revoke(made.id) is not None
    assert other.verify(made.secret) is None
    assert store.revoke(made.id) is None


def test_tokens_are_listed_in_the_order_they_were_made(store: TokenStore) -> None:
    made = [store.create(subject=f"person{n}", roles=("analyst",)) for n in range(5)]
    assert [token.id for token in store.tokens()] == [token.id for token in made]
    assert len({token.secret for token in made}) == 5


NOT_A_PRINCIPAL = [
    {"subject": "", "roles": ("analyst",)},
    {"subject": "system:catalog", "roles": ("analyst",)},
    {"subject": "ann\nbob", "roles": ("analyst",)},
    {"subject": "a" * 129, "roles": ("analyst",)},
    {"subject": "ann", "roles": ()},
    {"subject": "ann", "roles": ("system:catalog",)},
    {"subject": "ann", "roles": ("Analyst",)},
    {"subject": "ann", "roles": ("analyst",), "attributes": {"Shops": ("1",)}},
    {"subject": "ann", "roles": ("analyst",), "attributes": {"shops": ()}},
    {"subject": "ann", "roles": ("analyst",), "attributes": {"shops": ("",)}},
]


@pytest.mark.parametrize("wrong", NOT_A_PRINCIPAL)
def test_a_token_for_nobody_is_not_made(store: TokenStore, path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        store.create(**wrong)  # type: ignore[arg-type]
    assert "pydantic" not in str(caught.value)
    assert not path.exists()


def entry(**changes: object) -> dict[str, object]:
    return {
        "id": "t-00000001",
        "sha256": hashlib.sha256(b"lk_x").hexdigest(),
        "subject": "ann",
        "roles": ["analyst"],
        "attributes": {},
        "created": "2026-02-14T12:00:00Z",
        "expires": None,
        **changes,
    }


def write(path: Path, content: object, mode: int = 0o600) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)


DAMAGED = [
    "",
    "{",
    "[]",
    {"version": 2, "tokens": []},
    {"version": 1, "tokens": [], "more": 1},
    {"version": 1, "tokens": [entry(secret="lk_x")]},
    {"version": 1, "tokens": [entry(sha256="lk_x")]},
    {"version": 1, "tokens": [entry(roles=["system:catalog"])]},
    {"version": 1, "tokens": [entry(subject="system:probe")]},
    {"version": 1, "tokens": [entry(roles=[])]},
    {"version": 1, "tokens": [entry(expires="2026-02-14T12:00:00")]},
    {"version": 1, "tokens": [entry(), entry()]},
    {"version": 1, "tokens": [entry(), entry(id="t-00000002")]},
]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_authenticates_nobody(path: Path, clock: Clock, content: object) -> None:
    store = reader(path, clock)
    write(path, {"version": 1, "tokens": [entry()]})
    assert store.verify("lk_x") is not None
    write(path, content)
    os.utime(path, ns=(1, 1))
    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught:
            store.verify("lk_x")
        assert str(caught.value).startswith(f"{path}: the token file is damaged")
        assert "token create" in str(caught.value)
        assert "lk_x" not in str(caught.value)
    write(path, {"version": 1, "tokens": [entry()]})
    assert store.verify("lk_x") is not None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o666])
def test_a_file_open_to_others_is_not_trusted(path: Path, clock: Clock, mode: int) -> None:
    write(path, {"version": 1, "tokens": [entry()]}, mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        reader(path, clock).verify("lk_x")


def test_a_damaged_file_is_not_overwritten(store: TokenStore, path: Path) -> None:
    write(path, "{")
    with pytest.raises(ConfigurationError, match="damaged"):
        store.create(subject="ann", roles=("analyst",))
    assert path.read_text() == "{"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(ConfigurationError, match="the token file cannot be kept there"):
        reader(tmp_path / "state" / "tokens.json", clock).create(subject="ann", roles=("analyst",))


def test_claims_come_back_as_the_same_principal() -> None:
    ann = Principal(subject="ann", roles=("analyst", "dba"), attributes={"shops": ("1", "2")})
    claims = claims_of(ann)
    assert json.loads(json.dumps(claims)) == claims
    assert principal_of(claims) == ann


@pytest.mark.parametrize(
    ("secret", "role"),
    [
        ("demo-analyst", "analyst"),
        ("demo-ml_engineer", "ml_engineer"),
        ("demo-nobody", None),
        ("demo-", None),
        ("analyst", None),
        ("demo-system:catalog", None),
        ("demo-analyst\n", None),
        ("Demo-analyst", None),
    ],
)
def test_demo_tokens(secret: str, role: str | None) -> None:
    everyone = {"analyst", "ml_engineer", "system:catalog", "", "analyst\n"}
    principal = DemoTokens(is_role=everyone.__contains__).verify(secret)
    expected = Principal(subject=f"demo:{role}", roles=(role,)) if role else None
    assert principal == expected
