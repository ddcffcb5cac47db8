"""Patterns over names mean what they mean to Redis, and take no longer than they should."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from lucky_mcp.enforcement.key_globs import GLOB_CHARS_MAX, glob
from lucky_mcp.model.keys import KEY_CHARS_MAX, Template
from tests.support.redis_server import redis_server

SIGNS = "ab-z1:"
NAMES = st.lists(st.text(SIGNS, min_size=1, max_size=8), min_size=1, max_size=12, unique=True)
# A caret, brackets and a backslash where they mean something, and where they do not.
PATTERNS = st.lists(
    st.sampled_from(
        ["*", "?", "[a-c]", "[^a]", "[z-a]", "[ab1", "\\*", "\\", "[]", "[\\]]", "a", "b", "1", ":"]
    ),
    max_size=6,
).map("".join)


@pytest.fixture(scope="module")
def server() -> Iterator[redis.Redis]:
    with redis_server() as running, running.client() as client:
        yield client


@given(names=NAMES, pattern=PATTERNS)
@settings(max_examples=150)
def test_a_pattern_means_what_it_means_to_redis(server: redis.Redis, names: list[str], pattern: str) -> None:
    server.flushall()
    server.mset(dict.fromkeys(names, "x"))
    known = {name.decode() for name in server.keys(pattern)} if pattern else set()
    assert {name for name in names if glob(pattern)(name)} == known


def test_a_hostile_pattern_takes_no_time() -> None:
    pattern = ("*a" * GLOB_CHARS_MAX)[: GLOB_CHARS_MAX - 1] + "b"
    assert not glob(pattern)("a" * KEY_CHARS_MAX)


@pytest.mark.parametrize(
    ("form", "name", "parts"),
    [
        ("order:{id:digits}", "order:12", {"id": "12"}),
        ("order:{id:digits}", "order:12x", None),
        ("order:{id:digits}", "order:12\n", None),
        ("order:{id:digits}", "order:", None),
        ("order:{id:digits}", "order:١٢", None),
        ("order:{id:digits}", " order:12", None),
        ("CONTACT_{period:label}:{user_no}", "CONTACT_day:U1", {"period": "day", "user_no": "U1"}),
        ("CONTACT_{period:label}:{user_no}", "CONTACT_day:U1:x", None),
        ("{{{shop:digits}}}:menu", "{12}:menu", {"shop": "12"}),
        ("{{{shop:digits}}}:menu", "{12:menu", None),
        ("a:{rest:rest}", "a:b:c{d}", {"rest": "b:c{d}"}),
        ("a:{rest:rest}", "a:b c", None),
        ("a:{rest:rest}", "a:b\x00c", None),
        ("a:{rest:rest}", "a:" + "b" * 600, None),
        ("fixed", "fixed", {}),
    ],
)
def test_a_form_reads_a_name_in_one_way(form: str, name: str, parts: dict[str, str] | None) -> None:
    found = Template(form).match(name)
    shown = None if found is None else {part: name[begin:end] for part, (begin, end) in found.items()}
    assert shown == parts


@pytest.mark.parametrize(
    "form", ["", "{a}{b}", "{a}_{b}", "{a:nothing}", "{a", "a b", "a*", "{a:rest}:b", "{a}:{a}", "{A}"]
)
def test_a_form_of_two_readings_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Template(form)
