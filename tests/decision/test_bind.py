"""A filter gets its values from reference sets and from the caller; what has none is never guessed."""

import pytest

from lucky_mcp.decision.bind import Unbindable, bind
from lucky_mcp.model.predicate import Compare, Every, Member
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.expressions import Filter, Unbound

FIXED = Compare(column="country", operator="=", value="US")


def part(kind: str, *, numeric: bool) -> Unbound:
    return Unbound(column="shop_id", kind=kind, name="shops", numeric=numeric)


def caller(*values: str) -> Principal:
    return Principal(subject="s", roles=("r",), attributes={"shops": values})


@pytest.mark.parametrize(
    ("values", "bound"),
    [
        (("1", "20"), (1, 20)),
        (("007",), (7,)),
        (("one",), None),
        (("1", "one"), None),
        (("-1",), None),
        (("1.5",), None),
        (("٣",), None),
        (("",), None),
        ((), None),
    ],
)
def test_an_attribute_for_numbers_is_digits_or_nothing(
    values: tuple[str, ...], bound: tuple[int, ...] | None
) -> None:
    filter_ = Filter(fixed=(), unbound=(part("principal", numeric=True),), text="")
    if bound is None:
        with pytest.raises(Unbindable) as missing:
            bind(filter_, caller(*values), {})
        assert missing.value.reference == ""
    else:
        found = bind(filter_, caller(*values), {})
        assert found == Member(column="shop_id", values=bound, origin=":principal.shops")


def test_what_is_fixed_and_what_is_bound_are_both_asked() -> None:
    filter_ = Filter(fixed=(FIXED,), unbound=(part("ref", numeric=True),), text="")
    member = Member(column="shop_id", values=(3,), origin=":ref.shops")
    assert bind(filter_, caller(), {"shops": (3,)}) == Every(parts=(FIXED, member))


def test_a_reference_is_not_an_attribute() -> None:
    filter_ = Filter(fixed=(), unbound=(part("ref", numeric=False),), text="")
    with pytest.raises(Unbindable) as missing:
        bind(filter_, caller("1"), {"others": ("1",)})
    assert missing.value.reference == "shops"
