"""One table of values per mask; the Python reference and the SQL of both dialects must show the same."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlglot import exp

from lucky_mcp.enforcement.mask_forms import mask_expression, masked_type
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.model.decision import MaskName, VisibleColumn
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.policy.masks import WORDS, fitting, mask_named, masked
from lucky_mcp.policy.schema import MaskWord
from tests.support.cases import MaskCase, mask_cases
from tests.support.token_keys import K

CASES = mask_cases()
PARSERS = {
    "VARCHAR": str,
    "BIGINT": int,
    "INTEGER": int,
    "BOOLEAN": bool,
    "DECIMAL(12,2)": Decimal,
    "DOUBLE": float,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
}
SHOWING = [mask for mask in MaskName if mask not in {MaskName.DENY, MaskName.MEAN, MaskName.RARE}]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
LIKE_CONTACTS = st.text(st.sampled_from("0123456789@.-+() aZ\n'\\\"王😀０é\u0301_%"))


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"SET VARIABLE lucky_k = '{K}'")
        yield connection


def column_of(mask: MaskName, type_: str, tags: tuple[str, ...]) -> VisibleColumn:
    return VisibleColumn(name="v", type=type_, tags=tags, mask=mask)


def shown_by_engine(
    engine: duckdb.DuckDBPyConnection,
    column: VisibleColumn,
    value: object,
    dialect: Dialect,
    collation: str = "",
) -> object:
    expression = mask_expression(column, exp.column("v", table="t"), dialect)
    sql = f"SELECT {render_engine(expression, dialect, Kind.DUCKDB)} FROM (SELECT CAST(? AS {column.type}) {collation} AS v) t"
    row = engine.execute(sql, [value]).fetchone()
    assert row is not None
    return row[0]


def parsed(case: MaskCase) -> object:
    return None if case.value is None else PARSERS[case.type](case.value)


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.mask}: {case.title}") for case in CASES])
def test_a_mask_shows_what_its_table_says(engine: duckdb.DuckDBPyConnection, case: MaskCase) -> None:
    mask, value = MaskName(case.mask), parsed(case)
    column, shown = column_of(mask, case.type, case.tags), expected(case)
    assert masked(value, fitting(mask, case.type), case.tags, K) == shown
    for dialect in Dialect:
        assert shown_by_engine(engine, column, value, dialect) == shown, dialect


def expected(case: MaskCase) -> object:
    """What is shown, as a value of the type that the catalog says the masked column has."""
    type_ = masked_type(column_of(MaskName(case.mask), case.type, case.tags))
    return None if case.shown is None else PARSERS[type_](case.shown)


def test_a_column_that_ignores_case_is_masked_alike(engine: duckdb.DuckDBPyConnection) -> None:
    for case in (case for case in CASES if case.type == "VARCHAR"):
        column = column_of(MaskName(case.mask), case.type, case.tags)
        assert shown_by_engine(engine, column, case.value, Dialect.MYSQL, "COLLATE NOCASE") == case.shown, (
            case.title
        )


@given(
    value=TEXT | LIKE_CONTACTS,
    mask=st.sampled_from(SHOWING),
    dialect=st.sampled_from(list(Dialect)),
    tag=st.sampled_from(["pii.phone", "pii.card", "pii.email"]),
)
@example(value="a@b\u2028", mask=MaskName.EMAIL_DOMAIN, dialect=Dialect.MYSQL, tag="pii.email")
@example(value="٣" * 8, mask=MaskName.LAST4, dialect=Dialect.POSTGRES, tag="pii.phone")
def test_the_sql_form_is_the_reference(
    engine: duckdb.DuckDBPyConnection, value: str, mask: MaskName, dialect: Dialect, tag: str
) -> None:
    column = column_of(mask, "VARCHAR", (tag,))
    shown = masked(value, fitting(mask, "VARCHAR"), (tag,), K)
    assert shown_by_engine(engine, column, value, dialect) == shown


@given(value=st.integers(min_value=-(2**63), max_value=2**63 - 1), dialect=st.sampled_from(list(Dialect)))
def test_numbers_are_masked_as_their_digits(
    engine: duckdb.DuckDBPyConnection, value: int, dialect: Dialect
) -> None:
    column = column_of(MaskName.LAST4, "BIGINT", ("pii.phone",))
    assert shown_by_engine(engine, column, value, dialect) == masked(value, MaskName.LAST4, ("pii.phone",))


@given(value=LIKE_CONTACTS, mask=st.sampled_from(SHOWING))
def test_at_most_four_digits_of_a_number_are_shown(value: str, mask: MaskName) -> None:
    shown = masked(value, fitting(mask, "VARCHAR"), ("pii.phone",), K)
    if mask not in {MaskName.EMAIL_DOMAIN, MaskName.SCRUB, MaskName.TOKEN}:
        assert sum(character.isdigit() for character in str(shown)) <= 4


@pytest.mark.parametrize(
    "type_", ["DATE", "TIMESTAMP", "BIGINT", "DECIMAL(12,2)", "BOOLEAN", "VARCHAR", "DOUBLE"]
)
def test_a_masked_column_has_the_type_the_catalog_says(engine: duckdb.DuckDBPyConnection, type_: str) -> None:
    for mask in SHOWING:
        for dialect in Dialect:
            column = column_of(mask, type_, ("pii.phone",))
            expression = render_engine(
                mask_expression(column, exp.column("v", table="t"), dialect), dialect, Kind.DUCKDB
            )
            found = engine.execute(
                f"DESCRIBE SELECT {expression} AS x FROM (SELECT CAST(NULL AS {type_}) AS v) t"
            )
            assert [row[1] for row in found.fetchall()] == [masked_type(column)]


def test_a_denied_column_has_no_form() -> None:
    with pytest.raises(ValueError, match="denied"):
        masked("x", MaskName.DENY)
    with pytest.raises(ValueError, match="no mask"):
        mask_expression(column_of(MaskName.DENY, "VARCHAR", ()), exp.column("v"), Dialect.MYSQL)
    with pytest.raises(ValueError, match="no mask"):
        mask_expression(VisibleColumn(name="v", type="VARCHAR"), exp.column("v"), Dialect.MYSQL)


def test_without_a_key_nothing_is_shown_as_a_token() -> None:
    assert mask_named(MaskWord.TOKEN, has_token_key=False) is MaskName.REDACT
    with pytest.raises(ValueError, match="key"):
        masked("x", MaskName.TOKEN)


def test_every_word_is_a_mask() -> None:
    assert set(WORDS) == set(MaskWord)
    assert set(WORDS.values()) == set(MaskName) - {MaskName.MEAN, MaskName.RARE}
