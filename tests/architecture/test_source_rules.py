"""The second lock, and the rules of the house, on the real tree and on files that break them."""

from pathlib import Path

import pytest

from tests.architecture import source_rules
from tests.architecture.source_rules import RULES, Rule, SourceFile, read_sources

LONG_FUNCTION = "def long():\n" + "    pass\n" * source_rules.FUNCTION_LINES_MAX
LONG_FILE = "value = 1\n" * (source_rules.FILE_LINES_MAX + 1)

BREAKS = [
    (source_rules.code_is_never_made_at_run_time, "sql/parse.py", "import importlib\n"),
    (source_rules.code_is_never_made_at_run_time, "sql/parse.py", "from importlib import import_module\n"),
    (source_rules.code_is_never_made_at_run_time, "sql/parse.py", "import importlib.util as loader\n"),
    (source_rules.code_is_never_made_at_run_time, "sql/parse.py", "module = __import__('duckdb')\n"),
    (source_rules.code_is_never_made_at_run_time, "sql/parse.py", "value = eval('1')\n"),
    (source_rules.code_is_never_made_at_run_time, "sql/parse.py", "exec('import duckdb')\n"),
    (source_rules.code_is_never_made_at_run_time, "sql/parse.py", "run_later = compile\n"),
    (source_rules.code_is_never_made_at_run_time, "sql/parse.py", "import builtins\n"),
    (source_rules.code_is_never_made_at_run_time, "sql/parse.py", "import sys\nsys.modules['duckdb']\n"),
    (source_rules.guarded_reads_have_one_maker, "gateway/read.py", "GuardedSql(text='select 1')\n"),
    (source_rules.guarded_reads_have_one_maker, "gateway/read.py", "guarded.GuardedProbe(kind='explain')\n"),
    (source_rules.guarded_reads_have_one_maker, "enforcement/keys.py", "GuardedKeys(keys=())\n"),
    (
        source_rules.guarded_reads_have_one_maker,
        "gateway/read.py",
        "from lucky_mcp.enforcement.guarded import GuardedSql as Text\n",
    ),
    (source_rules.guarded_reads_have_one_maker, "gateway/read.py", "make = guarded.GuardedSql\n"),
    (source_rules.guarded_reads_have_one_maker, "gateway/read.py", "class Loose(GuardedSql): ...\n"),
    (source_rules.guarded_reads_have_one_maker, "gateway/read.py", "read = object.__new__(GuardedSql)\n"),
    (source_rules.guarded_reads_have_one_maker, "gateway/read.py", "object.__setattr__(read, 'text', '')\n"),
    (source_rules.guarded_reads_have_one_maker, "gateway/read.py", "read.__dict__['text'] = ''\n"),
    (
        source_rules.guarded_reads_have_one_maker,
        "gateway/read.py",
        "from lucky_mcp.enforcement.guarded import _SEAL\n",
    ),
    (source_rules.only_enforcement_seals, "gateway/read.py", "from a.guarded import seal_sql as mark\n"),
    (source_rules.only_enforcement_seals, "enforcement/render.py", "guarded.seal_keys(keys=())\n"),
    (source_rules.only_enforcement_seals, "gateway/read.py", "from a.guarded import *\n"),
    (source_rules.adapters_have_one_caller, "gateway/read.py", "await adapter.run(guarded)\n"),
    (source_rules.adapters_have_one_caller, "server/query_tools.py", "self.adapters['a'].run(guarded)\n"),
    (source_rules.adapters_have_one_caller, "server/query_tools.py", "registry.get('a').run(guarded)\n"),
    (source_rules.adapters_have_one_caller, "metrics/ask.py", "send = source.run\n"),
    (source_rules.adapters_have_one_caller, "metrics/ask.py", "getattr(source, 'run')(guarded)\n"),
    (source_rules.adapters_have_one_caller, "metrics/ask.py", "server.run(guarded)\n"),
    (source_rules.adapters_have_one_caller, "metrics/ask.py", "await adapter.probe(question)\n"),
    (source_rules.adapters_have_one_caller, "metrics/ask.py", "getattr(source, 'probe')(question)\n"),
    (source_rules.adapters_take_guarded_reads, "adapters/mysql.py", "def probe(self, text: str): ...\n"),
    (source_rules.adapters_take_guarded_reads, "adapters/duckdb.py", "async def run(self, text: str): ...\n"),
    (source_rules.adapters_take_guarded_reads, "adapters/duckdb.py", "def run(self, read): ...\n"),
    (
        source_rules.adapters_take_guarded_reads,
        "adapters/base.py",
        "def run(self, read: GuardedSql | str): ...\n",
    ),
    (source_rules.adapters_take_guarded_reads, "adapters/base.py", "def run(self): ...\n"),
    (source_rules.values_need_the_standard_library_only, "model/names.py", "import pydantic\n"),
    (source_rules.values_need_the_standard_library_only, "errors.py", "from mcp.types import Error\n"),
    (source_rules.files_and_functions_fit_a_page, "sql/parse.py", LONG_FILE),
    (source_rules.files_and_functions_fit_a_page, "sql/parse.py", LONG_FUNCTION),
    (source_rules.names_say_what_is_inside, "sql/helpers.py", ""),
    (source_rules.names_say_what_is_inside, "common/text.py", ""),
    (source_rules.names_say_what_is_inside, "sql/_utils.py", ""),
    (source_rules.package_files_hold_names_only, "sql/__init__.py", "def parse(): ...\n"),
    (source_rules.package_files_hold_names_only, "sql/__init__.py", "import lucky_mcp.sql.parse\n"),
    (source_rules.nothing_is_left_for_later, "sql/parse.py", "value = 1  # TO" + "DO: two\n"),
]

KEEPS = [
    (source_rules.only_enforcement_seals, "enforcement/enforce.py", "from a.guarded import seal_sql\n"),
    (
        source_rules.adapters_take_guarded_reads,
        "adapters/redis.py",
        "def run(self, read: GuardedKeys): ...\n",
    ),
    (
        source_rules.adapters_take_guarded_reads,
        "adapters/base.py",
        "def run(self, read: 'GuardedSql | guarded.GuardedProbe', *, rows_max: int): ...\n",
    ),
    (source_rules.code_is_never_made_at_run_time, "sql/parse.py", "import re\nre.compile('a')\n"),
    (
        source_rules.guarded_reads_have_one_maker,
        source_rules.MAKER_OF_GUARDED_READS,
        "GuardedSql(text='select 1')\n",
    ),
    (source_rules.guarded_reads_have_one_maker, "adapters/duckdb.py", "def f(read: GuardedSql): ...\n"),
    (source_rules.guarded_reads_have_one_maker, "adapters/duckdb.py", "isinstance(read, GuardedSql)\n"),
    (source_rules.adapters_have_one_caller, source_rules.CALLER_OF_ADAPTERS, "adapter.run(guarded)\n"),
    (source_rules.adapters_have_one_caller, "cli.py", "uvicorn.run(app)\nasyncio.run(main())\n"),
    (source_rules.adapters_have_one_caller, "server/server.py", "server.run()\n"),
    (source_rules.values_need_the_standard_library_only, "model/names.py", "from lucky_mcp import errors\n"),
    (
        source_rules.package_files_hold_names_only,
        "sql/__init__.py",
        "from lucky_mcp.sql.parse import parse\n",
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Rule, source_root: Path) -> None:
    sources = read_sources(source_root)
    assert sources
    assert [violation for source in sources for violation in rule(source)] == []


@pytest.mark.parametrize(("rule", "path", "text"), BREAKS)
def test_the_rule_sees_a_violation(rule: Rule, path: str, text: str) -> None:
    assert list(rule(SourceFile(path=path, text=text)))


@pytest.mark.parametrize(("rule", "path", "text"), KEEPS)
def test_the_rule_lets_the_rest_be(rule: Rule, path: str, text: str) -> None:
    assert list(rule(SourceFile(path=path, text=text))) == []


def test_every_rule_has_been_seen_to_fail() -> None:
    assert {rule for rule, _, _ in BREAKS} == set(RULES)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        (source_rules.MAKER_OF_GUARDED_READS, source_rules.guarded_reads_have_one_maker),
        (source_rules.CALLER_OF_ADAPTERS, source_rules.adapters_have_one_caller),
    ],
)
def test_the_one_place_does_what_is_forbidden_elsewhere(path: str, rule: Rule, source_root: Path) -> None:
    """Otherwise the thing has moved or been renamed, and the rule guards an empty room."""
    text = (source_root / path).read_text(encoding="utf-8")
    assert list(rule(SourceFile(path="elsewhere/place.py", text=text)))
