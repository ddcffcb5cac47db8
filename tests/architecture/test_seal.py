"""The fourth lock: a guarded read comes out of its one maker, or not at all.

The instances here are put together field by field, behind the back of the class, to show that even somebody who
holds one cannot derive another from it.
"""

import dataclasses
from typing import Any

import pytest

from lucky_mcp.enforcement import guarded

GUARDED_READS = [
    kind
    for name, kind in vars(guarded).items()
    if isinstance(kind, type)
    and dataclasses.is_dataclass(kind)
    and kind.__name__ == name
    and name.startswith("Guarded")
]

# Said by the class itself, or by dataclasses, which miss the argument.
refuses_without_seal = pytest.raises((TypeError, ValueError), match=r"'seal'|made by enforcement alone")


def arguments(kind: type[Any]) -> dict[str, object]:
    return {field.name: field.name for field in dataclasses.fields(kind) if field.init}


def put_together(kind: type[Any]) -> Any:
    instance = object.__new__(kind)
    for field in dataclasses.fields(kind):
        object.__setattr__(instance, field.name, field.name)
    return instance


def test_there_is_something_to_seal() -> None:
    assert guarded.GuardedSql in GUARDED_READS


@pytest.mark.parametrize("kind", GUARDED_READS)
def test_it_is_not_built_without_the_seal(kind: type[Any]) -> None:
    with refuses_without_seal:
        kind(**arguments(kind))


@pytest.mark.parametrize("kind", GUARDED_READS)
@pytest.mark.parametrize("seal", [None, True, "seal", object()], ids=lambda seal: type(seal).__name__)
def test_it_is_not_built_with_a_made_up_seal(kind: type[Any], seal: object) -> None:
    with refuses_without_seal:
        kind(**arguments(kind), seal=seal)


@pytest.mark.parametrize("kind", GUARDED_READS)
def test_replace_does_not_carry_the_seal_over(kind: type[Any]) -> None:
    with refuses_without_seal:
        dataclasses.replace(put_together(kind))
    changed = dataclasses.fields(kind)[0].name
    with refuses_without_seal:
        dataclasses.replace(put_together(kind), **{changed: "DROP TABLE t"})


@pytest.mark.parametrize("kind", GUARDED_READS)
def test_the_seal_is_not_a_field(kind: type[Any]) -> None:
    assert "seal" not in {field.name for field in dataclasses.fields(kind)}
    assert getattr(put_together(kind), "seal", None) is None


@pytest.mark.parametrize("kind", GUARDED_READS)
def test_it_does_not_change(kind: type[Any]) -> None:
    for field in dataclasses.fields(kind):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(put_together(kind), field.name, "DROP TABLE t")
